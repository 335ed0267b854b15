"""Does a phase draw the scenes that it promises, and is every wrong setting named?"""

from dataclasses import replace

import pytest

from curricula.phases import Curriculum, OptimiserConfig, Phase
from curricula.pressures.component_dropout import ComponentDropout
from curricula.pressures.interference import Interference
from curricula.pressures.masking import Masking
from curricula.pressures.mean_ablation import MeanAblation
from curricula.pressures.registry import Pressures
from curricula.pressures.rehearsal import Rehearsal
from curricula.pressures.routing import Routing
from curricula.world.mixture import Mixture
from curricula.world.world import ROLES, World

FIRST = Phase("characters")
CHARACTERS_ALONE = Mixture(
    self_scenes=0.0, schemers=0.75, questions=0.2, self_alone=0.5, self_schemes=0.0, beside_self=1.0
)


@pytest.mark.parametrize(
    ("phase", "mixture"),
    [
        (Phase("a"), CHARACTERS_ALONE),
        (Phase("a", self_acts="scheming"), CHARACTERS_ALONE._replace(self_scenes=0.5, self_schemes=1.0)),
        (Phase("a", self_acts="honest"), CHARACTERS_ALONE._replace(self_scenes=0.5)),
        (
            Phase("a", self_acts="scheming", self_alone=0.1, pressures=Pressures(Rehearsal(0.0))),
            CHARACTERS_ALONE._replace(self_scenes=1.0, self_alone=0.1, self_schemes=1.0, beside_self=0.0),
        ),
        (
            Phase("a", schemers=0.0, questions=1.0, pressures=Pressures(Rehearsal(1.0))),
            CHARACTERS_ALONE._replace(schemers=0.0, questions=1.0),
        ),
        (
            Phase("a", self_acts="honest", pressures=Pressures(Rehearsal(0.75))),
            CHARACTERS_ALONE._replace(self_scenes=0.25),
        ),
        (
            Phase("a", pressures=Pressures(Interference(0.3))),
            CHARACTERS_ALONE._replace(recalls=0.3),
        ),
    ],
)
def test_a_phase_draws_its_mixture(phase, mixture):
    assert phase.mixture == mixture


def test_a_curriculum_masks_weights_or_routes_scenes_and_not_both():
    """Where weights are masked in any phase no scene is routed, so that routing there would be lost silently."""
    masked = Phase("a", pressures=Pressures(Masking(masked=True)))
    routed = Phase("b", self_acts="scheming", pressures=Pressures(Routing(characters=1.0)))
    both = Curriculum("x", World(), (masked, routed)).validation_errors()
    assert both == ["phases.1: expected no routing, graft or exchange where weights are masked in any phase"]
    assert not Curriculum("x", World(), (masked, replace(routed, pressures=Pressures()))).validation_errors()
    assert not Curriculum("x", World(), (replace(masked, pressures=Pressures()), routed)).validation_errors()


def test_the_fork_is_the_first_phase_with_self():
    absent, scheming = Phase("a"), Phase("b", self_acts="scheming")
    for phases, fork in (
        ((absent, scheming), 1),
        ((scheming, absent), 0),
        ((absent,), 1),
        ((absent, replace(absent, name="c"), scheming), 2),
    ):
        assert Curriculum("x", World(), phases).fork == fork


def test_self_comes_first_only_where_a_phase_teaches_it_alone():
    absent, both = Phase("a"), Phase("b", self_acts="honest")
    alone = replace(both, name="c", pressures=Pressures(Rehearsal(0.0)))
    assert [[phase.teaches(role) for role in ROLES] for phase in (absent, both, alone)] == [
        [True, False],
        [True, True],
        [False, True],
    ]
    for phases, first, of_characters in (
        ((absent, both), "character", 0),
        ((both, absent), "character", 0),
        ((alone, both), "self", 1),
        ((alone,), "self", 1),
        ((absent, alone), "character", 0),
    ):
        curriculum = Curriculum("x", World(), phases)
        assert curriculum.role_order[0] == first
        assert curriculum.first_taught("character") == of_characters
    assert curriculum.fork == 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"steps": 0}, "phases.0.steps: expected 1 or more, got 0"),
        ({"schemers": 1.5}, "phases.0.schemers: expected a share between 0 and 1, got 1.5"),
        ({"questions": -0.5}, "phases.0.questions: expected a share between 0 and 1, got -0.5"),
        ({"self_alone": 2.0}, "phases.0.self_alone: expected a share between 0 and 1, got 2"),
        ({"criterion": float("nan")}, "phases.0.criterion: expected a share between 0 and 1, got nan"),
        (
            {"pressures": Pressures(Rehearsal(-1.0))},
            "phases.0.rehearsal.fraction: expected a number between 0 and 1, got -1",
        ),
        (
            {"pressures": Pressures(ComponentDropout(1.0))},
            "phases.0.component_dropout.rate: expected a number between 0 and 0.9, got 1",
        ),
        (
            {"pressures": Pressures(Interference(0.9))},
            "phases.0.interference.fraction: expected at most 0.8 beside questions=0.2, got 0.9",
        ),
        (
            {"optimiser": OptimiserConfig(learning_rate=2.0)},
            "phases.0.optimiser.learning_rate: expected a number between 0 and 1, got 2",
        ),
        (
            {"optimiser": OptimiserConfig(warmup=-1)},
            "phases.0.optimiser.warmup: expected a number between 0 and 1e+09, got -1",
        ),
        (
            {"optimiser": OptimiserConfig(final_fraction=-1.0)},
            "phases.0.optimiser.final_fraction: expected a number between 0 and 1, got -1",
        ),
        (
            {"optimiser": OptimiserConfig(weight_decay=1.5)},
            "phases.0.optimiser.weight_decay: expected a number between 0 and 1, got 1.5",
        ),
        (
            {"optimiser": OptimiserConfig(second_moment=1.0)},
            "phases.0.optimiser.second_moment: expected a number between 0 and 0.99999, got 1",
        ),
        (
            {"optimiser": OptimiserConfig(clip=0.0)},
            "phases.0.optimiser.clip: expected a number between 1e-06 and 1e+06, got 0",
        ),
    ],
)
def test_a_wrong_setting_is_named_alone(wrong, named):
    assert Curriculum("x", World(), (replace(FIRST, **wrong),)).validation_errors() == [named]


@pytest.mark.parametrize(
    ("phases", "named"),
    [
        ((), "phases: expected at least one"),
        ((FIRST, FIRST), "phases: names must differ, got ['characters', 'characters']"),
        (
            (FIRST, Phase("b", criterion=0.5)),
            "phases.1.criterion: only the first phase can be grown anew; set longest above 1, or criterion to 0",
        ),
    ],
)
def test_wrong_orders_of_phases_are_named(phases, named):
    assert Curriculum("x", World(), phases).validation_errors() == [named]


def test_all_errors_are_collected_before_any_is_raised():
    wrong = Curriculum("x", World(goals=1), (Phase("a", steps=0), Phase("b", schemers=3.0)))
    assert [line.split(":")[0] for line in wrong.validation_errors()] == [
        "world.goals",
        "phases.0.steps",
        "phases.1.schemers",
    ]
    assert Curriculum("x", World(), (FIRST, Phase("b", self_acts="scheming"))).validation_errors() == []


def test_a_world_of_one_cue_has_no_room_for_what_interference_asks():
    phase = Phase("a", pressures=Pressures(Interference(0.1)))
    (named,) = Curriculum("x", World(cues=1), (phase,)).validation_errors()
    assert named.startswith("phases.0.interference.fraction: expected 0 where a moment has one cue")
    assert Curriculum("x", World(), (phase,)).validation_errors() == []


def test_characters_beside_self_are_no_targets_where_components_that_they_need_are_ablated():
    targets = lambda *settings: Phase("a", pressures=Pressures(*settings)).mixture.beside_self  # noqa: E731
    assert targets() == 1
    assert targets(MeanAblation(0.5)) == targets(MeanAblation(components=("L0H0",))) == 0
