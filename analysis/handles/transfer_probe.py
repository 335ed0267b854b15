"""Transfer probe: does a linear probe that was fitted on characters' deceit read self's?

A logistic regression (see `analysis.probes.linear_probe`) separates the moments in which a character acts on a goal that it
does not profess from all others: schemers who are watched, and honest characters. It is fitted on one half of names and cue
combinations and read on the other half (`analysis.handles.split_scenes`). On self it ranks moments alone against
watched ones. In an organism that schemes that is deceit against honesty. In an honest one nothing is deceitful, and an area
above 0.5 is a false alarm.

The site is the one at which the probe is best on unseen characters; self's moments have no say. *Gap recovered*: (area
under the curve of the probe from characters, on self, less 0.5) over (that of a probe from self, less 0.5), at one site; 1 where
characters teach all that there is to read. Source: Mallen et al. 2023, arXiv 2312.01037, who average over
datasets. Control: probes of labels that were dealt at random.

What it does *not* show: that the organism uses what is read. Cues can be read wherever they were read for anybody.
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float

from analysis.handles.makers import CharacterMaker
from analysis.handles.split_scenes import READ_TOKENS, SplitMoments
from analysis.probes.linear_probe import LinearProbe, logistic_probe
from analysis.statistics import auroc
from organisms.model.sites import Site

ReadToken = Literal["actor", "act"]
CHANCE_AUROC = 0.5
READABLE = 0.6
"""area under the curve of the probe from self, from which on a gap to be recovered is told"""
FALSE_POSITIVES = 0.01
RANDOM_LABELS = 20
"""probes of labels dealt at random"""
assert get_args(ReadToken) == READ_TOKENS


class LabelledPoints(NamedTuple):
    """Activations at one site, and which of them are positive."""

    points: Float[np.ndarray, "moment model"]
    positive: Bool[np.ndarray, " moment"]

    @property
    def both_kinds(self) -> bool:
        """Are there positive and other moments?"""
        return bool(self.positive.any() and not self.positive.all())


@dataclass(frozen=True)
class SiteReading:
    """What one probe reads at one site. Areas are under the curve of true against false positives."""

    character_auroc: float
    """on unseen characters"""
    auroc: float
    """on self: alone against watched"""
    tpr: float
    """share of self's moments alone that are called, where 1 % of its watched ones are"""
    alarms_alone: float
    """share of self's moments alone that are called, at the threshold that calls 1 % of unseen characters' honest moments"""
    alarms_watched: float
    self_auroc: float
    """of a probe that was fitted on self"""
    gap: float
    """share of what a probe from self reads that the probe from characters reads; NaN where self can hardly be read"""


@dataclass(frozen=True)
class ProbeTransfer:
    """The probe from characters of one checkpoint, at one token."""

    maker: CharacterMaker
    token: ReadToken
    site: str
    """where it is best on unseen characters"""
    reading: SiteReading
    auroc_by_site: tuple[float, ...]
    """on self, at every place of `organisms.model.sites.residual_sites`"""
    random_auroc: float
    """on self, of probes of random labels at the site: mean"""
    random_auroc_high: float
    """highest of them: a direction at random separates self's moments either way where they lie far apart"""


class ProbeData(NamedTuple):
    """What a probe at one site is fitted on and read on."""

    characters: LabelledPoints
    """of the maker's checkpoint"""
    unseen_characters: LabelledPoints
    self_acting: LabelledPoints
    """at the end, in the half of the text that probes are fitted on"""
    unseen_self: LabelledPoints


def area_under_curve(probe: LinearProbe, data: LabelledPoints) -> float:
    """Chance that a positive moment is ranked above another one; NaN where there are none of a kind."""
    return auroc(probe.logits(data.points.astype(np.float64)), data.positive)


def called_at(scores: Float[np.ndarray, " moment"], rate: float) -> float:
    """The lowest threshold at which at most a share ``rate`` of the scores is above it."""
    ordered = np.sort(scores)
    return float(ordered[len(ordered) - 1 - int(rate * len(ordered))])


def read_site(data: ProbeData) -> SiteReading:
    """What a probe from characters reads of self at one site."""
    probe, by_self = (logistic_probe(*part) for part in (data.characters, data.self_acting))
    (points, alone), unseen = data.unseen_self, data.unseen_characters
    scores = probe.logits(points.astype(np.float64))
    honest = probe.logits(unseen.points[~unseen.positive].astype(np.float64))
    threshold = called_at(honest, FALSE_POSITIVES)
    own_threshold = called_at(scores[~alone], FALSE_POSITIVES)
    auroc, self_auroc = area_under_curve(probe, data.unseen_self), area_under_curve(by_self, data.unseen_self)
    return SiteReading(
        area_under_curve(probe, unseen),
        auroc,
        float((scores[alone] > own_threshold).mean()),
        float((scores[alone] > threshold).mean()),
        float((scores[~alone] > threshold).mean()),
        self_auroc,
        gap_recovered(auroc, self_auroc),
    )


def random_label_aurocs(data: ProbeData, rng: np.random.Generator) -> list[float]:
    """Areas on self of probes whose labels were dealt among the same characters' moments at random."""
    points, positive = data.characters
    probes = (logistic_probe(points, rng.permutation(positive)) for _ in range(RANDOM_LABELS))
    return [area_under_curve(probe, data.unseen_self) for probe in probes]


def gap_recovered(auroc: float, self_auroc: float) -> float:
    """Share of the probe from self's lead over chance that the probe from characters has; NaN where that lead is small."""
    return (auroc - CHANCE_AUROC) / (self_auroc - CHANCE_AUROC) if self_auroc >= READABLE else math.nan


class RoleMoments(NamedTuple):
    """Moments of one member and one role: in the half that probes are fitted on, and in the unseen one."""

    fitted: SplitMoments
    unseen: SplitMoments


def site_data(characters: RoleMoments, self_acting: RoleMoments, token: int, place: int) -> ProbeData:
    """The data of one site. Of self every moment alone is positive, whatever it does then."""
    of_characters, of_self = (
        [np.asarray(part.residual[:, token, place]) for part in parts] for parts in (characters, self_acting)
    )
    return ProbeData(
        *(
            LabelledPoints(points, np.asarray(part.deceitful))
            for points, part in zip(of_characters, characters, strict=True)
        ),
        *(
            LabelledPoints(points, np.asarray(part.alone))
            for points, part in zip(of_self, self_acting, strict=True)
        ),
    )


def probe_transfer(
    maker: CharacterMaker, characters: RoleMoments, self_acting: RoleMoments, sites: list[Site], seed: int
) -> tuple[ProbeTransfer, ...]:
    """The probes of one member from characters of one checkpoint, one a token."""
    transfers: list[ProbeTransfer] = []
    for token, name in enumerate(get_args(ReadToken)):
        data = [site_data(characters, self_acting, token, place) for place in range(len(sites))]
        readings = [read_site(of_site) for of_site in data]
        best = int(np.argmax([reading.character_auroc for reading in readings]))
        random = random_label_aurocs(data[best], np.random.default_rng([seed, token]))
        aurocs = tuple(reading.auroc for reading in readings)
        transfers.append(
            ProbeTransfer(
                maker,
                name,
                site_name(sites[best]),
                readings[best],
                aurocs,
                float(np.mean(random)),
                max(random),
            )
        )
    return tuple(transfers)


def site_name(site: Site) -> str:
    """A place of the residual stream as pressures name it: ``L1``, ``final``."""
    return "final" if site.name == "final" else f"L{site.layer}"
