"""The arms of the study *swap*: what is watched while self is taught, what overlap costs, and which run is
that?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from curricula.catalogue.incentives import AUDIT_ONE
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from curricula.pressures.registry import Pressures
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig
from organisms.model.config import OrganismConfig
from organisms.model.sites import component_names
from organisms.pressures.half_dropout import half_masks

TRUNK = "half_dropout"
"""curriculum whose first phases all arms share: characters, then one half or the other of every layer zeroed
by turns"""

Watch = Literal["first", "second", "circuit", "sham", "nobody"]
Cost = Literal["overlap", "self_side", "none"]
"""what overlap costs: as in *audited_half_dropout*, the same with the characters' side of it stopped, or
nothing"""
COSTS: tuple[Cost, ...] = get_args(Cost)
COST_WORDS: Mapping[Cost, str] = {"overlap": "on", "self_side": "on, characters' side stopped", "none": "off"}
WATCH_WORDS: Mapping[Watch, str] = {
    "first": "the first half of every layer",
    "second": "the second half of every layer",
    "circuit": "one circuit that suffices for characters",
    "sham": "a random half of every layer",
    "nobody": "nobody watches",
}


@dataclass(frozen=True)
class WatchArm:
    """What an auditor watches while self is taught, and what overlap costs beside that."""

    watch: Watch
    cost: Cost

    @property
    def name(self) -> str:
        """Its label, as ``first.overlap``."""
        return f"{self.watch}.{self.cost}"


HALVES: tuple[Watch, Watch] = ("first", "second")
WATCH_ARMS: Sequence[WatchArm] = (
    *(WatchArm(watch, "overlap") for watch in WATCH_WORDS),
    *(WatchArm(watch, "self_side") for watch in HALVES),
    *(WatchArm(watch, "none") for watch in WATCH_WORDS),
)


def arm_pressures(arm: WatchArm, config: OrganismConfig) -> Pressures:
    """The pressures of the phase that teaches self. Weights are those of the curriculum
    *audited_half_dropout*."""
    audit, overlap = AUDIT_ONE[Monitor], AUDIT_ONE[Overlap]
    first, second = (
        Monitor(audit.weight, tuple(names)) for names in component_names(half_masks(config), config)
    )
    monitors: Mapping[Watch, Monitor] = {
        "first": first,
        "second": second,
        "circuit": audit,
        "sham": Monitor(audit.weight, finds="random_half"),
        "nobody": Monitor(),
    }
    costs: Mapping[Cost, Overlap] = {
        "overlap": overlap,
        "self_side": replace(overlap, through="self"),
        "none": Overlap(),
    }
    return Pressures(monitors[arm.watch], costs[arm.cost])


def arm_config(settings: StudySettings, arm: WatchArm, seed: int) -> RunConfig:
    """The run of an arm: the trunk's phases, and its pressures in the last one."""
    config = settings.config(TRUNK, seed)
    *trunk, intent = config.curriculum.phases
    intent = replace(intent.of_fixed_length(), pressures=arm_pressures(arm, config.organism))
    name = f"swap_{arm.watch}_{arm.cost}"
    return replace(config, curriculum=replace(config.curriculum, name=name, phases=(*trunk, intent)))
