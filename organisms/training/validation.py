"""Do a run's sizes, members and planting go with the pressures of its phases?"""

from typing import get_args

from curricula.errors import UserError
from curricula.world.tables import tables
from curricula.world.world import Role
from organisms.ensemble.config import RunConfig
from organisms.pressures.registry import ordered_effects


def check_config(config: RunConfig) -> None:
    """Raises one UserError with everything that is wrong with a run, a line each, joined by semicolons."""
    errors = config.validation_errors() or pressure_errors(config)
    if errors:
        raise UserError("; ".join(errors))
    for role in get_args(Role):
        tables(config.curriculum.world, role)


def pressure_errors(config: RunConfig) -> list[str]:
    """Everything in a run that does not go with the pressures of its phases, for any member; a line each."""
    lines: dict[str, None] = {}
    for index in range(len(config.curriculum.phases)):
        for member_phase in config.distinct_phases(index):
            for pressure in ordered_effects():
                settings = member_phase.pressures.by_name(pressure.name)
                for line in pressure.run_errors(settings, config):
                    _, _, text = line.partition("run:")
                    lines[text.strip() if text else f"phases.{index}.pressures.{line}"] = None
    return list(lines)
