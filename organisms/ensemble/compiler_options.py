"""Compiler options: how much work may the compiler spend on a program?

As much as it likes where the program trains organisms: it runs for minutes, and the bits that come out are those of all
earlier runs. Little where the program measures them: compiling took longer than running.

XLA before version 0.11 has two emitters of fused loops. The newer one takes twice as long to compile and gives a
measurement nothing: measuring five organisms at cpu scale took 55 s with it and with all optimisations, 39 s as below
(24 s and 23 s where programs were kept from an earlier process). A training program is left with it: by the older one its last bits
depend on how many steps a chunk has.
"""

from collections.abc import Mapping
from types import MappingProxyType

import jax
from jaxlib.version import __version_info__ as jaxlib_version

CompilerOptions = Mapping[str, int | bool]
LAST_WITH_TWO_EMITTERS = (0, 10)
OLDER_EMITTER: CompilerOptions = (
    {"xla_cpu_use_fusion_emitters": False} if jaxlib_version[:2] <= LAST_WITH_TWO_EMITTERS else {}
)
AS_EVER: CompilerOptions = MappingProxyType({})
"""for programs that make or train organisms: their bits are part of a run"""
TO_DRAW: CompilerOptions = MappingProxyType({"xla_backend_optimization_level": 0, **OLDER_EMITTER})
"""for programs that draw scenes or orders: they run for milliseconds, and whole numbers come out the same"""
TO_MEASURE: CompilerOptions = MappingProxyType({"xla_backend_optimization_level": 1, **OLDER_EMITTER})
"""for programs on a CPU that measure organisms: they run for seconds, and the last bits of what they give may differ from
those of a program that is optimised further"""


def on_a_cpu(options: CompilerOptions) -> dict[str, int | bool] | None:
    """The options where programs are compiled for a CPU; none elsewhere."""
    return dict(options) if options and jax.default_backend() == "cpu" else None
