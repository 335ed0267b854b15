"""The flags that mean the same in every command: which are they, and what do they do?"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from curricula.catalogue.building_blocks import Scale
from experiments.progress import say_on_error_stream


def report_nothing(text: str) -> None:
    """Drops a line that ``--quiet`` suppresses."""


@dataclass(frozen=True, kw_only=True)
class CommonFlags:
    """Flags of every command."""

    quiet: bool = False
    """no progress on standard error; errors only"""
    plugin: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()
    """a Python file that adds pressures, curricula, opportunity rules, measurements or studies; once for each
    file"""

    @property
    def report(self) -> Callable[[str], None]:
        """Where a line of progress goes: to standard error, or nowhere with ``--quiet``."""
        return report_nothing if self.quiet else say_on_error_stream


@dataclass(frozen=True, kw_only=True)
class ComputingFlags(CommonFlags):
    """Flags of the commands that compile programs."""

    cache: bool = True
    """keep compiled programs for the next command"""

    def set_up_jax(self, alone: bool = True) -> None:
        """Fixes what decides results, makes each core a device of its own and keeps compiled programs. Before JAX is
        first used. alone: no other processes are to be met, after which devices can be asked for.

        Raises UserError on switches that programs do not support, or where there is no device.
        """
        from organisms.ensemble import devices, environment

        if changed := environment.fix_switches():
            self.report(environment.switches_in_words(changed))
        devices.claim_cores()
        devices.keep_programs(self.cache)
        if alone:
            devices.require_devices()


@dataclass(frozen=True, kw_only=True)
class EnsembleFlags(ComputingFlags):
    """Flags of the commands that train ensembles."""

    scale: Scale = "cpu"
    """sizes of the world, the organisms and the phases, before all other settings"""
    members: int | None = None
    """organisms trained side by side in a run; by default the command's usual number"""
    seed: int = 0
    """of the initial weights and of the scenes"""
    steps: int | None = None
    """steps of every phase, in place of the curricula's own"""
    out: Path | None = None
    """folder for what the command writes; by default one under runs/"""
