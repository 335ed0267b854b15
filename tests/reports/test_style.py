"""Can a page be read by day and by night? Colours of both schemes, by the ratios of WCAG 2.1."""

import re

import pytest
from commands import ROOT

STYLE = (ROOT / "reports/templates/style.jinja").read_text()
SCHEMES = [
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", block)) for block in re.findall(r":root \{([^}]*)\}", STYLE)
][:2]
TEXTS = {
    "paper": (
        *("ink", "soft", "accent", "alarm", "doubt", "reused", "repurposed", "migrated", "second-copy"),
        *("agrees", "disagrees"),
    ),
    "wash": ("ink", "soft", "accent"),
    "warn": ("ink",),
    "accent": ("on-accent",),
    "agrees-wash": ("agrees",),
    "disagrees-wash": ("disagrees",),
}
"""which texts stand on which ground"""
LEAST_CONTRAST = 4.5
"""of text that is not large, level AA"""


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, two):
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_norm():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


def test_both_schemes_set_every_colour():
    light, dark = SCHEMES
    assert set(light) == set(dark)
    assert len(light) > 15


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_every_text_can_be_told_from_its_ground(scheme):
    ratios = {
        (text, ground): contrast(scheme[text], scheme[ground])
        for ground, texts in TEXTS.items()
        for text in texts
    }
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < LEAST_CONTRAST} == {}


def test_no_rule_has_a_colour_of_its_own():
    """Else it is the same by day and by night; the white under figures, which are drawn for paper, is meant."""
    rules = re.sub(r":root \{[^}]*\}", "", STYLE)
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(", rules) == ["#fff"]
