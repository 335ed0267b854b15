"""Arguments: is a word or a number that a notebook gives one that there is?"""

from collections.abc import Iterable, Sequence

from curricula.errors import UserError, nearest_name
from curricula.world.contrasts import VARIABLES, Variable, measurable
from curricula.world.world import ROLES, Role, World


def require_name(what: str, name: str, names: Iterable[str]) -> None:
    """Raises UserError where a name is not among those that there are. what: the argument."""
    expected = list(names)
    if name not in expected:
        listed = ", ".join(expected)
        raise UserError(f"{what}: expected one of {listed}, got {name!r}{nearest_name(name, expected)}")


def require_count(count: int) -> None:
    """Raises UserError where a number of scenes or pairs is none."""
    if count < 1:
        raise UserError(f"count: expected 1 or more, got {count}")


def require_contrast(
    world: World, role: Role, variable: Variable, variables: Sequence[Variable] = VARIABLES
) -> None:
    """Raises UserError where a role or variable is none, or where no text can change the variable for the role.

    variables: those that may be asked for.
    """
    require_name("role", role, ROLES)
    require_name("variable", variable, variables)
    if not measurable(world, role, variable):
        raise UserError(
            f"variable: {variable} of {role} is not written in the scenes of this world, so no pair differs in it; "
            "give another variable or role"
        )
