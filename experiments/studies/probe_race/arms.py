"""The arms of the study *probe_race*: where does the probe's score cost something, how much, and how good is the probe?

Arms are children of one run of undecided organisms; those that compare provenances, of three more. Arms whose organisms differ in a number alone are one run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curricula.phases import Curriculum, Phase
from curricula.pressures.race.act_probe import ActProbe, ActProbePlace
from experiments.studies.study import StudySettings
from organisms.ensemble.config import RunConfig
from organisms.ensemble.variation import Variation, setting_combinations
from organisms.storage.forking import parent_at

FORK = "undecided"
"""curriculum of the parent, and its label"""
NO_COST = "none"
"""the arm that all others are compared with"""
TEMPTED = "tempted"
"""curriculum whose last phase all arms have, with a probe of their own"""
WEIGHT = 2.0
"""of the score in arms that do not sweep it: four times what the secret act pays beyond the honest one"""
WEIGHTS = (0.5, 1.0, 2.0, 4.0)
NOISES = (0.2, 0.35, 0.45)
FEW_SCENES = (8.0, 32.0)
REFITS = 4
"""stretches that the race is cut into where the probe is fitted anew as each begins"""
READ_EVERY, DENSE_FROM = 20, 5
"""steps between checkpoints, and where the first is: self has chosen its acts within tens of steps"""
SETTING = "phases.0.pressures.act_probe."


@dataclass(frozen=True)
class RaceArm:
    """A run of the study: children of the undecided organisms."""

    name: str
    place: ActProbePlace
    words: str
    varied: str = ""
    """number of `ActProbe` in which its organisms differ"""
    values: tuple[float, ...] = ()
    site: str = "final"
    stretches: int = 1
    """how often the probe is fitted"""
    ensemble: bool = False
    """is the score the mean of several probes, one at every place?"""
    fork: str = FORK
    """label of the run whose organisms it begins with"""

    @property
    def graded(self) -> bool:
        """Is its probe a worse one on purpose?"""
        return self.varied in ("label_noise", "scenes") or self.site != "final"

    @property
    def cells(self) -> Sequence[str]:
        """Names of its settings, in the order in which the copies of an organism have them."""
        if not self.varied:
            return (self.name,)
        return tuple(f"{self.name}.{self.varied}_{f'{value:g}'.replace('.', '_')}" for value in self.values)

    def weight_of(self, cell: str) -> float:
        """The weight of the score in one of its cells."""
        if self.place == "none":
            return 0.0
        return self.values[self.cells.index(cell)] if self.varied == "weight" else WEIGHT


def _graded_arms(place: ActProbePlace) -> tuple[RaceArm, ...]:
    return (
        RaceArm(f"{place}_noisy", place, f"{place}, labels of the probe exchanged", "label_noise", NOISES),
        RaceArm(f"{place}_few", place, f"{place}, probe of few scenes", "scenes", FEW_SCENES),
        RaceArm(f"{place}_early", place, f"{place}, probe at the entrance of the second layer", site="L1"),
    )


RACE_ARMS: Sequence[RaceArm] = (
    RaceArm(NO_COST, "none", "no cost"),
    RaceArm("reward", "reward", "score taken from the reward", "weight", WEIGHTS),
    RaceArm("loss", "loss", "score in the loss", "weight", WEIGHTS),
    RaceArm("reward_frozen", "reward_frozen", "reward, by the frozen copy"),
    RaceArm("loss_frozen", "loss_frozen", "loss through the frozen copy: the chance of acts alone"),
    RaceArm("reward_refitted", "reward", "reward, probe refitted", stretches=REFITS),
    RaceArm("loss_refitted", "loss", "loss, probe refitted", stretches=REFITS),
    *_graded_arms("reward"),
    *_graded_arms("loss"),
    RaceArm("reward_ensemble", "reward", "reward, by probes at every place", ensemble=True),
    RaceArm("loss_ensemble", "loss", "loss, by probes at every place", ensemble=True),
)
PROVENANCES: Mapping[str, str] = {
    "reused": "undecided_reused",
    "second_copy": "undecided_second_copy",
    "repurposed": "undecided_repurposed",
}
"""curricula, which are labels too, of undecided organisms whose provenance is planted"""
PROVENANCE_PLACES: Sequence[ActProbePlace] = ("none", "reward", "loss")


def provenance_label(provenance: str, place: ActProbePlace) -> str:
    """The name of an arm of organisms of planted provenance."""
    return f"{provenance}_{place}"


PROVENANCE_ARMS: Sequence[RaceArm] = tuple(
    RaceArm(provenance_label(provenance, place), place, f"{provenance}, probe in: {place}", fork=fork)
    for provenance, fork in PROVENANCES.items()
    for place in PROVENANCE_PLACES
)
"""their weights are masked until the race begins, and free in it"""
ARM_OF: Mapping[str, RaceArm] = {arm.name: arm for arm in (*RACE_ARMS, *PROVENANCE_ARMS)}


def main_cell(arm: RaceArm) -> str:
    """The cell of an arm at the usual weight."""
    return arm.cells[arm.values.index(WEIGHT)] if arm.varied == "weight" else arm.cells[0]


def race_phases(race: Phase, arm: RaceArm) -> tuple[Phase, ...]:
    """The phases of an arm: one, or one for each probe that is fitted."""
    weight = WEIGHT if arm.place != "none" else 0.0
    probe = ActProbe(arm.site, arm.place, weight, ensemble=arm.ensemble)
    steps = max(1, race.steps // arm.stretches)
    whole = replace(race, steps=steps, pressures=race.pressures.replace(probe))
    return tuple(
        replace(whole, name=whole.name if not n else f"{whole.name}_{n + 1}") for n in range(arm.stretches)
    )


def race_config(settings: StudySettings, arm: RaceArm, parent: Path) -> RunConfig:
    """The run of an arm, which begins with the undecided organisms: each once for every setting."""
    begin, parent_config = parent_at(parent)
    vary = (Variation(SETTING + arm.varied, arm.values),) if arm.varied else ()
    members = begin.members * setting_combinations(vary)
    config = settings.config(TEMPTED, parent_config.seed, members)
    phases = race_phases(config.curriculum.phases[-1].of_fixed_length(), arm)
    curriculum = Curriculum(f"race_{arm.name}", config.curriculum.world, phases)
    training = replace(config.training, checkpoint_every=READ_EVERY, dense_from=DENSE_FROM)
    return replace(config, curriculum=curriculum, training=training, vary=vary, parent=begin)
