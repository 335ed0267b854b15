"""The environment of a process: which of its variables may decide what comes out?

A run is a function of its config. Switches of JAX that would make it a function of the environment too are set here
to what all runs are trained with. Those that programs here were never tried with are refused. Left alone are switches
that say where programs run, how long something may take, and what is printed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import jax

from curricula.errors import UserError
from organisms.ensemble.compiler_options import OLDER_EMITTER

FIXED = {
    "jax_default_prng_impl": "threefry2x32",
    "jax_threefry_partitionable": True,
    "jax_threefry_gpu_kernel_lowering": False,
    "jax_random_seed_offset": 0,
    "jax_enable_x64": False,
    "jax_default_matmul_precision": None,
    "jax_numpy_dtype_promotion": "standard",
    "jax_numpy_rank_promotion": "allow",
    "jax_softmax_custom_jvp": False,
    "jax_high_dynamic_range_gumbel": False,
    "jax_allow_f16_reductions": True,
}
"""switches with the value that all runs are trained with"""
FREE = re.compile(
    r"jax_(platforms?|platform_name|num_cpu_devices|\w*visible_devices|\w*compilation_cache\w*|\w*persistent_cache\w*"
    r"|\w*log\w*|\w*traceback\w*|\w*dump\w*|explain_cache_misses|\w*timeout\w*|cpu_collectives_implementation"
    r"|enable_preemption_service|distributed_debug|check_proxy_envs|pprint_use_color|cross_host\w*|share_binary\w*"
    r"|enable_recoverability|coordinator\w*|captured_constants\w*|source_url_schema|hlo_source_file\w*"
    r"|cpu_enable_async_dispatch|sort_devices_by_process_index|force_dcn\w*|enable_pgle|pgle\w*|array_garbage\w*)"
)
"""switches that a person may set"""
OFF = frozenset({"", "0", "false", "off", "no", "none", "allow", "ignore"})
"""values that switch nothing on"""
CHANGES_NUMBERS = re.compile(r"fast_math|precision|tf32|algsimp|allow_excess|bf16|f16|reduced", re.IGNORECASE)
"""flags of the compiler that decide how numbers are rounded"""

COMMON_FLAGS = re.compile(
    r"--xla_(force_host_platform_device_count|backend_optimization_level|cpu_parallel_codegen_split_count)=\d+"
    r"|--(xla_llvm_disable_expensive_passes"
    + "".join(f"|{name}" for name in OLDER_EMITTER)
    + ")=(true|false)"
)
"""flags that every XLA here has: others are tried in a process of their own"""
READ_FLAGS = (
    "from jaxlib import xla_client; xla_client.CompileOptions().executable_build_options.debug_options"
)
"""a program in which XLA reads XLA_FLAGS: it ends the process where it does not understand them"""


class ChangedSwitch(NamedTuple):
    """A switch of JAX that the process had set otherwise."""

    name: str
    before: object
    after: object
    """as `FIXED` has it, save where a ``with`` block holds the switch: no other part of a program changes that"""

    def __str__(self) -> str:
        if self.after == FIXED[self.name]:
            return f"{self.name} was {self.before!r} and is now {self.after!r}"
        return (
            f"{self.name} stays {self.after!r}, since a with block holds it, in place of {FIXED[self.name]!r}"
        )


def fix_switches() -> tuple[ChangedSwitch, ...]:
    """Sets what decides results, and returns the switches that were set otherwise. Before JAX is first used. Raises
    UserError on a variable that programs here do not support, with what to do."""
    known = jax.config.values
    for name, value in os.environ.items():
        switch = name.lower()
        if switch not in known or switch in FIXED or FREE.fullmatch(switch) or value.strip().lower() in OFF:
            continue
        raise UserError(
            f"{name}={value}: expected it unset, since it may change which organisms come out; unset it"
        )
    for name in ("XLA_FLAGS", "LIBTPU_INIT_ARGS", "NVIDIA_TF32_OVERRIDE"):
        wrong = [
            word for word in os.environ.get(name, "").split() if CHANGES_NUMBERS.search(f"{name}={word}")
        ]
        if wrong:
            raise UserError(
                f"{name}: expected no {wrong[0]}, since it changes how numbers are rounded; leave it out"
            )
    changed: list[ChangedSwitch] = []
    for switch, setting in FIXED.items():
        if switch not in known:
            continue
        before = getattr(jax.config, switch)
        jax.config.update(switch, setting)
        if before != setting:
            changed.append(ChangedSwitch(switch, before, getattr(jax.config, switch)))
    _require_readable_flags(os.environ.get("XLA_FLAGS", ""))
    return tuple(changed)


def switches_in_words(changed: Sequence[ChangedSwitch]) -> str:
    """One line about switches that were set otherwise, for whoever set them."""
    return f"switches of JAX are set for this process as all runs are trained: {'; '.join(map(str, changed))}"


@cache
def _require_readable_flags(flags: str) -> None:
    """Raises UserError where XLA does not understand XLA_FLAGS: in this process it would print its own message, up to
    hundreds of lines, and exit."""
    words = flags.split()
    if all(COMMON_FLAGS.fullmatch(word) for word in words):
        return
    tried = subprocess.run(
        [sys.executable, "-c", READ_FLAGS], capture_output=True, text=True, errors="replace"
    )
    said = re.search(r"(Unknown flags?|Couldn't interpret|Could not open).*", tried.stderr)
    if tried.returncode and said:
        raise UserError(
            "XLA_FLAGS: expected flags that this XLA knows, each as --name=value; XLA says: "
            f"{said.group()[:160]}; leave it out"
        )
