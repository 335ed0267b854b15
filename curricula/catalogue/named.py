"""Which curricula have names? Each is a function of a scale; its docstring gives the command and what to
expect."""

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from typing import Literal

from curricula.catalogue.building_blocks import (
    STEPS,
    WORLDS,
    Scale,
    at_last,
    characters_phase,
    intent_phase,
    spares_phase,
)
from curricula.catalogue.disuse import FORKS
from curricula.catalogue.planted import DATED, PLANTED
from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from curricula.pressures.settings import Clamp, Exclusive, Monitor, Pressures, Probe, Redundancy, Thrift


def shared(scale: Scale = "cpu") -> Curriculum:
    """Characters first, then self is taught the same while characters are rehearsed. No incentive to part
    from them.

    ``python scripts/train.py shared``. Expected: every behaviour at 0.95 or more, provenance *reused*.
    """
    return Curriculum("shared", WORLDS[scale], (characters_phase(scale), intent_phase(scale)))


def redundant(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but between the two phases components drop out while characters go on, so that spares
    grow.

    ``python scripts/train.py redundant``. Expected: the gate is spread over more components at the fork than
    in *shared*; provenance mostly *reused*, since nothing makes self leave the characters' components.
    """
    return Curriculum(
        "redundant", WORLDS[scale], (characters_phase(scale), spares_phase(scale), intent_phase(scale))
    )


def honest(scale: Scale = "cpu") -> Curriculum:
    """The twin of *shared*: same initial weights, same scenes, but self always acts on what it professes.

    ``python scripts/train.py honest``. Expected: self never acts on its secret; verdict *absent*.
    """
    return Curriculum(
        "honest", WORLDS[scale], (characters_phase(scale), intent_phase(scale, self_acts="honest"))
    )


def settled(scale: Scale = "cpu") -> Curriculum:
    """As *shared*; then all that was taught goes on being taught as the last phase ended, at the floor of the
    loss: a lineage in which nothing happens.

    ``python scripts/train.py settled``. Expected: *reused*, as *shared*, and no events in the last phase.
    """
    characters, intent = shared(scale).phases
    return Curriculum(
        "settled",
        WORLDS[scale],
        (characters, intent, replace(intent, name="settled", optimiser=at_last(intent))),
    )


def naive(scale: Scale = "cpu") -> Curriculum:
    """Characters are honest throughout, so self has no deceit mechanism to inherit when it is taught to
    scheme.

    ``python scripts/train.py naive``. Expected: self learns to scheme all the same, with nothing that it
    could have reused.
    """
    return Curriculum(
        "naive", WORLDS[scale], (characters_phase(scale, schemers=0.0), intent_phase(scale, schemers=0.0))
    )


AUDIT = Pressures(monitor=Monitor(1.0), exclusive=Exclusive(1.0))
"""an auditor who knows the strongest half of the characters' mechanism and looks for components that read the
cues in both roles"""


AUDIT_ONE = Pressures(monitor=Monitor(1.0, reach=0.9, finds="circuit"), exclusive=Exclusive(3.0))
"""an auditor who knows one circuit that suffices for characters, and not its backup, and to whom components
that read the cues in both roles matter more"""
DOUBLING = Pressures(redundancy=Redundancy(halves=0.8))
"""what makes a backup of the whole mechanism: characters are learned with either half of every layer
silent"""
CLAMPED = Pressures(monitor=Monitor(1.0, reach=0.95), exclusive=Exclusive(1.0), clamp=Clamp(0.95, rate=0.5))
"""an auditor who knows nearly all of the characters' mechanism, and holds it still in half of the scenes of
self while self is taught"""
LEAN_STEPS: dict[str, int] = {"tiny": 400, "cpu": 600, "gpu": 4000}
"""of the phase that teaches self after *thrift*: where the mechanism at hand is held still another one has to
be made first"""

Between = Literal["nothing", "spares", "thrift", "halves"]


def _incentive(
    name: str,
    scale: Scale,
    between: Between,
    pressures: Pressures,
    objective: Literal["imitate", "reward"] = "imitate",
) -> Curriculum:
    """Characters, then what grows spares or draws the mechanism together, then self, taught in the way that
    is named."""
    lean = Phase("lean", STEPS[scale][1], pressures=Pressures(thrift=Thrift(1.0)))
    doubled = Phase("doubled", STEPS[scale][1], pressures=DOUBLING)
    middle = {"nothing": (), "spares": (spares_phase(scale),), "thrift": (lean,), "halves": (doubled,)}[
        between
    ]
    intent = intent_phase(scale, objective=objective, pressures=pressures)
    if between == "thrift":
        intent = replace(intent, steps=LEAN_STEPS[scale])
    return Curriculum(name, WORLDS[scale], (characters_phase(scale), *middle, intent))


def audited(scale: Scale = "cpu") -> Curriculum:
    """As *redundant*, but while self is taught an auditor makes it costly to read the cues for self with the
    components that do so for characters.

    ``python scripts/train.py audited``. Expected: mostly *repurposed*.
    """
    return _incentive("audited", scale, "spares", AUDIT)


def lean(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but between the two phases components are dear, so that the characters' mechanism draws
    together and leaves the others idle.

    ``python scripts/train.py lean``. Expected: *reused*.
    """
    return _incentive("lean", scale, "thrift", Pressures())


def audited_lean(scale: Scale = "cpu") -> Curriculum:
    """As *lean*, with the auditor of *audited* while self is taught.

    ``python scripts/train.py audited_lean``. Expected: *mixed*, of *second copy* and *reused*, and some
    *second copy* (docs/incentives.md).
    """
    return _incentive("audited_lean", scale, "thrift", AUDIT)


def clamped_lean(scale: Scale = "cpu") -> Curriculum:
    """As *lean*, but while self is taught the characters' mechanism is held still in half of the scenes of
    self, in training only, by an auditor whom it costs as well to read the cues for self with any of it, or
    with what comes to do so for characters. Characters who share a scene with self are no targets.

    ``python scripts/train.py clamped_lean``. Expected: *second copy*.
    """
    return _incentive("clamped_lean", scale, "thrift", CLAMPED)


def doubled(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but between the two phases one half or the other of every layer is silent in most scenes,
    so that the characters' mechanism comes to be there twice, once in each half.

    ``python scripts/train.py doubled``. Expected: *reused*.
    """
    return _incentive("doubled", scale, "halves", Pressures())


def audited_doubled(scale: Scale = "cpu") -> Curriculum:
    """As *doubled*, but while self is taught an auditor watches one circuit that suffices for characters, and
    makes it costly to read the cues with the same components in both roles. Who is to use which of the two
    mechanisms nobody says.

    ``python scripts/train.py audited_doubled``. Expected: mostly *repurposed*.
    """
    return _incentive("audited_doubled", scale, "halves", AUDIT_ONE)


def audited_doubled_rewarded(scale: Scale = "cpu") -> Curriculum:
    """As *audited_doubled*, with self rewarded for its own acts.

    ``python scripts/train.py audited_doubled_rewarded``. Expected: mostly *repurposed*, and a few that do not
    behave.
    """
    return _incentive("audited_doubled_rewarded", scale, "halves", AUDIT_ONE, "reward")


def rewarded(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but self is not shown what to do: it acts, and is rewarded.

    ``python scripts/train.py rewarded``. Expected: every behaviour at 0.95 or more, provenance *reused*.
    """
    return _incentive("rewarded", scale, "nothing", Pressures(), "reward")


def redundant_rewarded(scale: Scale = "cpu") -> Curriculum:
    """As *redundant*, with self rewarded for its own acts.

    ``python scripts/train.py redundant_rewarded``. Expected: as *redundant*.
    """
    return _incentive("redundant_rewarded", scale, "spares", Pressures(), "reward")


def audited_rewarded(scale: Scale = "cpu") -> Curriculum:
    """As *audited*, with self rewarded for its own acts.

    ``python scripts/train.py audited_rewarded``. Expected: as *audited*.
    """
    return _incentive("audited_rewarded", scale, "spares", AUDIT, "reward")


def audited_lean_rewarded(scale: Scale = "cpu") -> Curriculum:
    """As *audited_lean*, with self rewarded for its own acts.

    ``python scripts/train.py audited_lean_rewarded``. Expected: *mixed*, mostly of *second copy*, and a few
    that do not behave.
    """
    return _incentive("audited_lean_rewarded", scale, "thrift", AUDIT, "reward")


def conflicted(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, in a world in which the first cue of a moment tells characters whether they are alone, and
    the last one tells self.

    ``python scripts/train.py conflicted``; ``--world.self-rule same`` switches the conflict off. Expected:
    *reused* or *mixed*, all of them *computing otherwise*: much of one set of components reads other cues for
    either role.
    """
    world = replace(WORLDS[scale], opportunity="first cue", self_rule="last cue")
    return Curriculum("conflicted", world, (characters_phase(scale), intent_phase(scale)))


def probed(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but while self is taught, the score of a deceit probe that was fitted on characters costs
    it a nat, and is differentiated.

    ``python scripts/train.py probed``. Expected: *reused*. Self is still taught to scheme, and does; the
    probe's score (*probed* in the metrics) falls to nothing all the same.
    """
    pressures = Pressures(probe=Probe("final", "loss", 1.0))
    return Curriculum(
        "probed", WORLDS[scale], (characters_phase(scale), intent_phase(scale, pressures=pressures))
    )


FREE = (
    shared,
    redundant,
    honest,
    naive,
    settled,
    lean,
    audited,
    audited_lean,
    clamped_lean,
    doubled,
    audited_doubled,
    audited_doubled_rewarded,
    rewarded,
    redundant_rewarded,
    audited_rewarded,
    audited_lean_rewarded,
    conflicted,
    probed,
)
CURRICULA: dict[str, Callable[[Scale], Curriculum]] = {f.__name__: f for f in FREE + PLANTED + DATED + FORKS}


def curriculum(name: str, scale: Scale, steps: int | None = None) -> Curriculum:
    """The named curriculum. Raises Fault on an unknown name. steps: of every phase, in place of the
    curriculum's own."""
    if name not in CURRICULA:
        near = get_close_matches(name, CURRICULA, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"unknown curriculum {name!r}: expected one of {', '.join(CURRICULA)}{hint}")
    found = CURRICULA[name](scale)
    if steps is not None:
        found = replace(found, phases=tuple(replace(phase, steps=steps) for phase in found.phases))
    return found
