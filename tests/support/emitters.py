"""Which of its two emitters of fused loops does XLA compile a test's training programs with? The older, which is fast; or
the newer, which commands have, where a test compares the last bits of chunks of unequal lengths."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from analysis.relearning import finetune
from organisms.ensemble import devices
from organisms.ensemble.compiler_options import OLDER_EMITTER, CompilerOptions, on_a_cpu


@contextmanager
def newer_emitter() -> Generator[None]:
    """Programs of runs and of fine-tuning that are made in the block are compiled with the newer emitter."""

    def with_the_newer(options: CompilerOptions) -> dict[str, Any] | None:
        return dict.fromkeys(OLDER_EMITTER, True) | (on_a_cpu(options) or {}) or None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "on_a_cpu", with_the_newer)
        made_anew = finetune._training_program.__wrapped__  # pyright: ignore[reportFunctionMemberAccess]
        patch.setattr(finetune, "_training_program", made_anew)
        yield
