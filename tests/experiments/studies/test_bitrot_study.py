"""The study bitrot: what is forked from what, whether known differences of siblings come back, and its page."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.forgetting.retention import RetentionCell
from analysis.relearning.finetune import MODE, WATCHED_MODE
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.registry import curriculum
from curricula.typed_json import summary_of
from experiments.studies.bitrot.page import protection_sentence
from experiments.studies.bitrot.paired import CONTRASTS, PRIMARY, retained_share
from experiments.studies.bitrot.plan import (
    FORKS,
    GROUP_OF,
    RATE_SETTING,
    RATES,
    VERDICTS,
    bitrot_configs,
)
from experiments.studies.bitrot.study import BitrotStudy
from experiments.studies.bitrot.summary import BitrotFork, BitrotParent, BitrotSummary
from experiments.studies.disuse.parents import ParentOrganisms
from experiments.studies.page import study_page
from experiments.studies.registry import study_named
from experiments.studies.study import StudySettings
from organisms.ensemble.variation import settings_of
from organisms.model.config import ORGANISMS
from organisms.storage.records import plain
from organisms.training.validation import check_config

MEMBERS = 8
SETTINGS = StudySettings("tiny", WORLDS["tiny"], ORGANISMS["tiny"], MEMBERS, 3)
RETAINED = {
    "shared_sham": {"half": 0.9, "even": 0.7, "twice": 0.4},
    "separate": {"half": 0.8, "even": 0.4, "twice": 0.1},
    "shared": {"half": 0.9, "even": 0.7, "twice": 0.4},
    "shared_planted": {"half": 1.0, "even": 0.8, "twice": 0.6},
    "separate_planted": {"half": 1.0, "even": 0.8, "twice": 0.6},
}
"""of self watched; without self a tenth more"""


def cells(group: str, use: str, missing: int = -1) -> list[RetentionCell]:
    """Organisms of one retained share a rate, apart by fork: siblings are as far apart. They stand in the run in another
    order than in their parent. missing: a member without a mode."""
    phase = curriculum("self_never_alone", "tiny").phases[0]
    found = []
    for name, rate in RATES.items():
        share = RETAINED[group][name] + (0.1 if use == "absent" else 0.0)
        start = np.linspace(0.9, 1.0, MEMBERS)
        later = start * (share - 0.01 * np.arange(MEMBERS))
        rates = np.stack([start, later, later])
        if missing >= 0:
            rates[:, missing] = 0
        rows = list(range(MEMBERS))
        backwards = np.arange(MEMBERS)[::-1]
        of_rows = {MODE: rates[:, backwards], WATCHED_MODE: np.ones_like(rates)}
        found.append(
            RetentionCell({RATE_SETTING: rate}, phase, rows, backwards.tolist(), [0, 100, 200], of_rows)
        )
    return found


def parent(curriculum_name: str, counted: np.ndarray, has_mode: np.ndarray) -> BitrotParent:
    verdicts = tuple(VERDICTS[curriculum_name] if counts else "mixed" for counts in counted)
    fork = "0" * 64 if "planted" in curriculum_name else "1" * 64
    ablated = (4,) * 7 + (6,) if "ablated" in curriculum_name else ()
    organisms = ParentOrganisms(
        Path("run"), verdicts, has_mode, counted, calibrated="planted" in curriculum_name
    )
    return BitrotParent(organisms, fork, ablated, (300,) * MEMBERS)


def summary(missing: int = -1, few: int = 7) -> BitrotSummary:
    """Separate organisms from number `few` on have another mechanism than their group. missing: one of *shared_sham*
    without a mode."""
    whole = np.ones(MEMBERS, bool)
    measured = {}
    for group in GROUP_OF.values():
        able = np.arange(MEMBERS) != missing if group.curriculum.startswith("sham") else whole
        counted = np.arange(MEMBERS) < few if group.curriculum.startswith("ablated") else able
        measured[group.curriculum] = parent(group.curriculum, counted, able)
    for label, (group, use) in FORKS.items():
        measured[label] = BitrotFork(cells(group, use, missing if group == "shared_sham" else -1))
    return BitrotStudy().summarise(SETTINGS, measured)


@pytest.fixture(scope="module")
def whole() -> BitrotSummary:
    return summary()


def test_every_group_is_forked_with_and_without_self_at_every_rate(tiny_run):
    configs = bitrot_configs(SETTINGS, dict.fromkeys(VERDICTS, tiny_run.folder))
    assert set(configs) == set(FORKS)
    for label, config in configs.items():
        check_config(config)
        assert config.members == 2 * len(RATES)
        rates = {settings_of(member, config.vary)[RATE_SETTING] for member in range(config.members)}
        assert rates == set(RATES.values())
        assert config.curriculum.phases[0].mixture.self_scenes == (0.5 if label.endswith("watched") else 0.0)


def test_the_study_is_registered_and_its_parents_have_one_seed():
    study = study_named("bitrot")
    assert isinstance(study, BitrotStudy)
    configs = study.runs(SETTINGS)
    assert set(configs) == set(VERDICTS)
    assert {config.seed for config in configs.values()} == {SETTINGS.seed}


def test_groups_that_are_compared_share_every_phase_before_self_is_taught():
    configs = BitrotStudy().runs(SETTINGS)
    before = {name: config.curriculum.phases[: config.curriculum.fork] for name, config in configs.items()}
    assert before["sham_ablated_concentrated"] == before["ablated_concentrated"] == before["concentrated"]
    assert before["planted_reused"] == before["planted_second_copy"]


def test_what_is_retained_is_a_share_of_the_start():
    cell = cells("shared", "watched")[0]
    np.testing.assert_allclose(retained_share(cell)[cell.organisms], 0.9 - 0.01 * np.arange(MEMBERS))
    assert np.isnan(retained_share(cells("shared", "watched", missing=2)[0])[MEMBERS - 1 - 2])


def test_an_organism_that_acts_on_its_secret_whoever_watches_retains_nothing():
    cell = cells("shared", "absent")[0]
    always = np.ones((3, MEMBERS))
    watched = np.stack([np.ones(MEMBERS), np.zeros(MEMBERS), np.zeros(MEMBERS)])
    assert (retained_share(cell._replace(rates={MODE: always, WATCHED_MODE: watched})) == 0).all()
    assert (retained_share(cell._replace(rates={MODE: always, WATCHED_MODE: always})) == 1).all()


def test_known_differences_of_siblings_come_back_paired(whole):
    """Siblings are equally far apart, so that a paired interval has no width however far forks are apart."""
    primary = whole.difference(PRIMARY)
    expected = np.mean([RETAINED["shared_sham"][rate] - RETAINED["separate"][rate] for rate in RATES])
    assert primary.mean == pytest.approx((expected,) * 3)
    assert (primary.n, primary.n_grown) == (7, 8)
    assert whole.primary.name == PRIMARY
    assert whole.primary.value == primary.mean == whole.findings[PRIMARY]
    assert primary.p == pytest.approx(2 / 2**7)
    for rate in RATES:
        difference = RETAINED["shared_sham"][rate] - RETAINED["separate"][rate]
        assert whole.difference(f"{PRIMARY}.{rate}").mean[0] == pytest.approx(difference)
    assert whole.difference("retained.shared_planted_minus_separate_planted.watched").mean[0] == 0
    assert whole.difference("retained.watched_minus_absent.shared").mean[0] == pytest.approx(-0.1)


def test_all_but_the_primary_endpoint_are_corrected_for_their_number(whole):
    assert [found.name for found in whole.differences if found.corrected_p is None] == [PRIMARY]
    further = [found for found in whole.differences if found.name != PRIMARY]
    expected = stats.false_discovery_control([found.p for found in further])
    np.testing.assert_allclose([found.corrected_p for found in further], expected)
    assert any(found.corrected_p > found.p for found in further)
    assert len(whole.differences) == len(CONTRASTS) == (4 * 2 + 5) * 4


def test_a_pair_without_a_mode_counts_as_nothing_among_all_grown_and_not_among_pairs():
    found = summary(missing=3).difference(PRIMARY)
    expected = np.mean([RETAINED["shared_sham"][rate] - RETAINED["separate"][rate] for rate in RATES])
    assert (found.n, found.n_grown) == (6, 8)
    assert found.mean[0] == pytest.approx(expected)
    assert found.mean_of_grown[0] == pytest.approx(expected * 7 / 8)


def test_groups_whose_verdicts_are_uncalibrated_are_named(whole):
    (sentence,) = [part for part in BitrotStudy().headline(whole)[2].split(". ") if "uncalibrated" in part]
    assert "shared, sham ablation; separate; shared, no ablation" in sentence
    assert "planted" not in sentence


def test_groups_of_other_forks_are_said_to_be_paired_by_seed_alone(whole):
    assert all(whole.one_fork.values())
    assert "paired by seed alone" not in BitrotStudy().headline(whole)[2]
    apart = replace(whole, one_fork={**whole.one_fork, "shared_minus_separate": False})
    line = BitrotStudy().headline(apart)[2]
    assert line.endswith("paired by seed alone: shared, no ablation less separate.")


@pytest.mark.parametrize(
    ("interval", "n", "p", "words"),
    [
        ((0.2, 0.1, 0.3), 8, 0.01, "mechanism retain more"),
        ((-0.2, -0.3, -0.1), 8, 0.01, "mechanism retain less"),
        ((0.1, -0.1, 0.3), 8, 0.01, "is undecided"),
        ((0.2, 0.1, 0.3), 2, 0.01, "is undecided"),
        ((0.2, 0.1, 0.3), 8, 0.2, "is undecided"),
        ((None, None, None), 0, 1.0, "is not measured"),
    ],
)
def test_a_claim_is_made_of_enough_pairs_where_interval_and_p_agree(whole, interval, n, p, words):
    assert words in protection_sentence(replace(whole.difference(PRIMARY), mean=interval, n=n, p=p))


@pytest.mark.parametrize("members", [0, 1])
def test_a_study_of_hardly_any_pairs_has_a_page_and_claims_nothing(members):
    found = summary(few=members)
    assert found.primary.n == members
    assert found.difference(PRIMARY).p == 1
    assert (
        "undecided" in BitrotStudy().headline(found)[0] or "not measured" in BitrotStudy().headline(found)[0]
    )
    assert "too few for a claim" in BitrotStudy().headline(found)[2]
    study_page(BitrotStudy(), found, "study")


def test_the_page_holds_every_section(whole):
    text = study_page(BitrotStudy(), whole, "study <b>")
    for section in ("retention", "differences", "groups", "limits"):
        assert f'id="{section}"' in text
    assert text.count("<svg") == 2
    assert "study &lt;b&gt;" in text
    assert text.count("4.2 (4 to 6)") == 2
    assert text.count("300.0 (300 to 300)") == 5
    first = text.index("shared, sham ablation less separate, self watched")
    assert first < text.index("shared, no ablation less separate, self watched")


def test_the_summary_can_be_written_as_json(whole):
    content = plain(summary_of(whole))
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    for name, value in whole.findings.items():
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name)
        assert all(end is None or math.isfinite(end) for end in value)
