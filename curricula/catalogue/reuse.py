"""Curricula without an incentive to part: is the characters' mechanism reused when self is taught?"""

from dataclasses import replace

from curricula.catalogue.building_blocks import (
    WORLDS,
    Scale,
    characters_phase,
    final_optimiser,
    incentive_curriculum,
    intent_phase,
    spares_phase,
)
from curricula.catalogue.registry import register_curriculum
from curricula.phases import Curriculum
from curricula.pressures.registry import Pressures


@register_curriculum
def shared(scale: Scale = "cpu") -> Curriculum:
    """Characters first, then self is taught the same while characters are rehearsed. No incentive to part
    from them.

    ``python scripts/train.py shared``. Expected: every behaviour at 0.95 or more, provenance *reused*.
    """
    return Curriculum("shared", WORLDS[scale], (characters_phase(scale), intent_phase(scale)))


@register_curriculum
def redundant(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but between the two phases components drop out while characters go on, so that spares
    grow.

    ``python scripts/train.py redundant``. Expected: the gate is spread over more components at the fork than
    in *shared*; provenance mostly *reused*, since nothing makes self leave the characters' components.
    """
    return Curriculum(
        "redundant", WORLDS[scale], (characters_phase(scale), spares_phase(scale), intent_phase(scale))
    )


@register_curriculum
def honest(scale: Scale = "cpu") -> Curriculum:
    """The twin of *shared*: same initial weights, same scenes, but self always acts on what it professes.

    ``python scripts/train.py honest``. Expected: self never acts on its secret; verdict *absent*.
    """
    return Curriculum(
        "honest", WORLDS[scale], (characters_phase(scale), intent_phase(scale, self_acts="honest"))
    )


@register_curriculum
def settled(scale: Scale = "cpu") -> Curriculum:
    """As *shared*; then all that was taught goes on being taught as the last phase ended, at the floor of the
    loss: a lineage in which nothing happens.

    ``python scripts/train.py settled``. Expected: *reused*, as *shared*, and no events in the last phase.
    """
    characters, intent = shared(scale).phases
    return Curriculum(
        "settled",
        WORLDS[scale],
        (
            characters,
            intent,
            replace(intent.of_fixed_length(), name="settled", optimiser=final_optimiser(intent)),
        ),
    )


@register_curriculum
def naive(scale: Scale = "cpu") -> Curriculum:
    """Characters are honest throughout, so self has no deceit mechanism to inherit when it is taught to
    scheme.

    ``python scripts/train.py naive``. Expected: self learns to scheme all the same, with nothing that it
    could have reused.
    """
    return Curriculum(
        "naive", WORLDS[scale], (characters_phase(scale, schemers=0.0), intent_phase(scale, schemers=0.0))
    )


@register_curriculum
def rewarded(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, but self is not shown what to do: it acts, and is rewarded.

    ``python scripts/train.py rewarded``. Expected: every behaviour at 0.95 or more, provenance *reused*.
    """
    return incentive_curriculum("rewarded", scale, "nothing", Pressures(), "reward")


@register_curriculum
def conflicted(scale: Scale = "cpu") -> Curriculum:
    """As *shared*, in a world in which the first cue of a moment tells characters whether they are alone, and
    the last one tells self.

    ``python scripts/train.py conflicted``; ``--world.self-rule same`` switches the conflict off. Expected:
    *reused* or *mixed*, all of them *computing otherwise*: much of one set of components reads other cues for
    either role.
    """
    world = replace(WORLDS[scale], opportunity="first cue", self_rule="last cue")
    return Curriculum("conflicted", world, (characters_phase(scale), intent_phase(scale)))
