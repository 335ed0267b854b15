"""How does XLA compile a test's programs? As quickly as it can, since most run once; or, in a block, as it does for commands
that tests start, with the newer of its two emitters of fused loops, or as for a command of a user."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import jax
import pytest

from analysis.relearning import finetune
from organisms.ensemble import devices
from organisms.ensemble.compiler_options import OLDER_EMITTER, CompilerOptions, on_a_cpu
from organisms.ensemble.program_cache import program_cache

NEWER_EMITTER: CompilerOptions = dict.fromkeys(OLDER_EMITTER, True)
"""for programs that a test compares the last bits of, in chunks of unequal lengths"""
AS_USERS_DO: CompilerOptions = {
    "xla_backend_optimization_level": 3,
    "xla_llvm_disable_expensive_passes": False,
    **NEWER_EMITTER,
}


@contextmanager
def as_commands_do() -> Generator[None]:
    """Programs that are compiled in the block are those of commands that tests start: each finds the other's."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", False)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)


@contextmanager
def newer_emitter(options: CompilerOptions = NEWER_EMITTER) -> Generator[None]:
    """Programs of runs and of fine-tuning that are made in the block are compiled with the newer emitter."""

    def with_them(own: CompilerOptions) -> dict[str, Any] | None:
        return {**options, **(on_a_cpu(own) or {})} or None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "on_a_cpu", with_them)
        made_anew = finetune._training_program.__wrapped__  # pyright: ignore[reportFunctionMemberAccess]
        patch.setattr(finetune, "_training_program", program_cache(maxsize=8)(made_anew))
        yield


@contextmanager
def optimised() -> Generator[None]:
    """Programs of runs and of fine-tuning that are made in the block are optimised as those of a user's command."""
    with newer_emitter(AS_USERS_DO):
        yield
