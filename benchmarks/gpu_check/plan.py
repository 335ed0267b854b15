"""The plan of a check: which parts, for how long, at which sizes?

All parts together take at most eight minutes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # the command says which library is missing before that one is needed
    from curricula.catalogue.building_blocks import Scale

MOST_SECONDS = 480.0
"""of all parts of a whole check together"""
SHORT_FACTOR = 4.0
"""how much more time the parts of a short check have, since it may be tried on a slow or busy machine"""
Cell = tuple["Scale", int]
"""a scale and a number of members"""


class Part(NamedTuple):
    """One process of a check."""

    name: str
    seconds: float
    """that it may take, besides what earlier parts left of theirs"""
    function: str
    """MODULE:FUNCTION, of a function that takes `Settings` and yields rows"""
    platforms: str = ""
    """what JAX may use, if not the device that is checked"""
    needs: str = ""
    """a library that is not everywhere; without it the part is left out"""


PARTS = (
    Part("limits", 30, "benchmarks.gpu_check.limits:measure_limits"),
    Part("reference", 50, "benchmarks.gpu_check.parity:write_reference", platforms="cpu"),
    Part("parity", 50, "benchmarks.gpu_check.parity:compare_with_reference"),
    Part("training", 120, "benchmarks.gpu_check.training:measure_training"),
    Part("pytorch", 80, "benchmarks.gpu_check.pytorch:measure_pytorch", needs="torch"),
    Part("curriculum", 100, "benchmarks.gpu_check.curriculum:measure_curriculum"),
    Part("analysis", 50, "benchmarks.gpu_check.analysis:measure_analysis"),
)
"""in order; what one leaves of its time the next may use"""
FRACTIONS = "fractions"
"""a part that needs no process: it divides what *training* measured by what *limits* did"""
PART_NAMES = (*(part.name for part in PARTS), FRACTIONS)


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    matrices: tuple[int, ...]
    turn_seconds: float
    """that each contestant is timed"""
    parity_steps: int
    reference_steps: int
    """after which the organisms whose effects are compared are taken"""
    training: tuple[Cell, ...]
    """few members first"""
    pytorch: tuple[Cell, ...]
    """in the order of what they tell, since each has to be compiled and time may run out"""
    curriculum_members: int
    curriculum_steps: int | None
    """of each phase, in place of its own"""
    torch_variant: str
    """of one organism at a time; see `benchmarks.pytorch_baseline`"""
    torch_compiler: str
    """backend of torch.compile for members together"""
    analysis: Cell


WHOLE = Sizes(
    matrices=(4096, 8192),
    turn_seconds=1.0,
    parity_steps=40,
    reference_steps=400,
    training=(
        *(("cpu", members) for members in (64, 256, 1024, 4096)),
        *(("gpu", members) for members in (4, 16, 64, 256, 1024, 4096)),
    ),
    pytorch=(("cpu", 1), ("cpu", 64), ("gpu", 1), ("gpu", 16), ("cpu", 1024), ("cpu", 256), ("cpu", 4096)),
    curriculum_members=1024,
    curriculum_steps=None,
    torch_variant="pruned_compiled",
    torch_compiler="inductor",
    analysis=("cpu", 64),
)
SHORT = Sizes(
    matrices=(256,),
    turn_seconds=0.05,
    parity_steps=20,
    reference_steps=20,
    training=(("tiny", 2), ("tiny", 4)),
    pytorch=(("tiny", 1), ("tiny", 2)),
    curriculum_members=4,
    curriculum_steps=25,
    torch_variant="pruned_eager",
    torch_compiler="aot_eager",
    analysis=("tiny", 1),
)


@dataclass(frozen=True)
class Settings:
    """What a part's process is told."""

    short: bool
    seed: int
    folder: str
    """where parts leave what later ones need"""
    seconds: float
    """that the part has"""
    flops_per_second: float = 1e11
    """of the fastest large product that *limits* saw"""
    curriculum_rate: float | None = None
    """organism-steps a second at cpu scale with as many organisms, as *training* saw"""

    @property
    def sizes(self) -> Sizes:
        return SHORT if self.short else WHOLE

    def plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
