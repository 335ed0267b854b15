"""Does a survey find what was grown, and nothing in what was not?"""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from runs import Silent
from scipy.stats import binom

from analysis.patching import circuits
from analysis.patching.checkpoint import NULLS, CheckpointMeasurer
from analysis.patching.circuits import CHANCE, RANDOM_CIRCUITS, Circuit
from analysis.patching.shapley import Contributions
from analysis.provenance import corroboration
from analysis.provenance.shares import CELLS
from curricula.catalogue.registry import curriculum
from curricula.errors import UserError
from experiments.survey import _lesions, _organism, calibrated, survey
from organisms.model.config import ORGANISMS
from organisms.model.sites import components
from organisms.model.transformer import Organism
from organisms.storage import records
from organisms.storage.loading import fork_and_end, load
from organisms.storage.run import open_run, read_run
from organisms.training.behaviour import BEHAVIOURS
from organisms.training.config import named_config, read_config
from organisms.training.loop import TrainingSources, train_ensemble

TRIES = 24
"""organisms in one null survey"""
CONTRACT = set(
    [
        "run",
        "curriculum",
        "command",
        "config",
        "members",
        "seed",
        "reseeded",
        "calibrated",
        "phases",
        "learning",
        "components",
        "layers",
        "heads",
        "neuron_blocks",
        "effects",
        "circuits",
        "scenes",
        "organisms",
    ]
)
OF_AN_ORGANISM = {"member", "verdict", "mechanism", "shares", "intervals"}
OF_AN_ORGANISM |= {"behaviour", "generalisation", "belief", "corroboration"}


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


@pytest.fixture(scope="module")
def honest_findings(tiny_run, tmp_path_factory):
    """The honest twin of `tiny_run`, grown on from its fork, and what the survey says of it."""
    config = named_config("honest", "tiny", members=2)
    folder = tmp_path_factory.mktemp("runs") / "honest-tiny"
    with open_run(folder, config.plain()) as run:
        run.write_summary(train_ensemble(config, run, Silent(), TrainingSources(trunk=tiny_run)))
    return survey(read_run(folder), "python scripts/analyse.py")


def test_a_trained_organism_has_circuits(findings):
    for name in ("fork character", "end character", "end self"):
        of = findings["circuits"][name]
        assert of["found"] == [True, True], name
        assert min(of["total_nats"]) > 2
        assert all(len(core) >= 1 for core in of["core"])
        for curve, nulls in zip(of["faithfulness"], of["null"], strict=True):
            assert curve[0] == pytest.approx(0, abs=1e-4)
            assert curve[-1] == pytest.approx(1, abs=1e-4)
            assert np.trapezoid(curve) > np.mean([np.trapezoid(null) for null in nulls])
    assert all(o["verdict"] in {*CELLS, "mixed"} for o in findings["organisms"])


def test_components_that_serve_both_roles_hand_the_gate_over(findings):
    """In *shared*, from one role to the other, by more than random components and by most of what they hand
    over at home; and they have it from the fork."""
    for organism in findings["organisms"]:
        lines = organism["corroboration"]
        assert set(lines) >= {*corroboration.HANDOVERS, "interchange_direction"}
        for name in ("interchange", "interchange_direction"):
            line = lines[name]
            assert line["low"] > max(line["null_high"], line["within"] / 2), name
            assert line["within"] > corroboration.CARRIES, name
        assert abs(lines["interchange_direction"]["null"]) < 0.05
        assert all(0 <= c < len(findings["components"]) for c in lines["transfer"]["components"])


def test_effects_sum_to_1(findings):
    for roles in findings["effects"].values():
        for variables in roles.values():
            values = [v for of in variables.values() for v in of["value"] if not np.isnan(v[0])]
            for value in values:
                assert sum(value) == pytest.approx(1, abs=1e-3)
    fork, end = (findings["effects"][when]["character"]["watched"]["value"] for when in ("fork", "end"))
    assert fork != end


def test_an_honest_self_is_absent(honest_findings):
    for organism in honest_findings["organisms"]:
        assert organism["verdict"] == "absent"
        assert "self_alone_secret" in organism["reason"]
        assert all(share is None or np.isnan(share) for share in organism["shares"].values())
        assert all(line["says"] == "silent" for line in organism["corroboration"].values())
    assert honest_findings["circuits"]["end self"]["found"] == [False, False]
    assert honest_findings["circuits"]["end character"]["found"] == [True, True]


@pytest.mark.parametrize("which", ["findings", "honest_findings"])
def test_findings_keep_the_contract(which, request):
    findings = request.getfixturevalue(which)
    text = json.dumps(records.plain(findings), allow_nan=False)
    found = json.loads(text)
    assert set(found) >= CONTRACT
    assert found["members"] == len(found["organisms"]) == 2
    assert found["components"] == components(read_config(found["config"]).organism)
    assert len(found["components"]) == found["layers"] * (found["heads"] + found["neuron_blocks"])
    assert [p["name"] for p in found["phases"]] == ["characters", "intent"]
    assert found["phases"][0]["end"] == found["phases"][1]["start"] == found["fork_step"] == 400
    for name, column in found["learning"].items():
        assert len(column) == len(found["learning"]["step"]), name
    for organism in found["organisms"]:
        assert set(organism) >= OF_AN_ORGANISM
        assert set(organism["shares"]) == set(organism["intervals"]) == set(CELLS)
        assert set(organism["behaviour"]) == set(BEHAVIOURS)
        assert all(
            line["says"] in {"agrees", "disagrees", "silent"} for line in organism["corroboration"].values()
        )
    for name in ("fork character", "end character", "end self"):
        of = found["circuits"][name]
        assert all(
            len(of[field]) == 2
            for field in ("faithfulness", "null", "size", "cmd", "null_cmd", "completeness", "found")
        )
        assert all(len(curve) == len(of["sizes"]) for curve in of["faithfulness"])


def test_a_survey_repeats_itself(tiny_run, config, findings):
    at = CheckpointMeasurer(
        load(tiny_run, config, tiny_run.entries()[-1]),
        config,
        np.asarray(tiny_run.summary()["secret_goals"]),
        1,
    )
    again = at.shapley_effects("self", "watched", calls=4)
    for member, of in enumerate(again):
        assert of.effect().tolist() == findings["effects"]["end"]["self"]["watched"]["value"][member]


def test_the_fork_is_the_last_organism_before_self_is_taught(tiny_run, config):
    entries = tiny_run.entries()
    fork, end = fork_and_end(config, entries)
    assert (fork.step, fork.phase) == (400, "characters")
    assert end == entries[-1]
    assert end.step == 600
    untaught = replace(
        config, curriculum=replace(curriculum("shared", "tiny"), phases=config.curriculum.phases[1:])
    )
    assert fork_and_end(untaught, entries)[0] == entries[0]


def test_an_unfinished_run_is_no_survey(config, tmp_path):
    with open_run(tmp_path / "run", config.plain()) as run, pytest.raises(UserError, match="not finished"):
        survey(run, "command")


class Guessed(CheckpointMeasurer):
    """A survey in which answers are drawn at random, a pair of different goals a pair of scenes."""

    def minimal_pairs(self, role, variable, draw, amount=32):
        first_goal, goals = self.world.vocabulary.first_goal, self.world.goals
        pairs = super().minimal_pairs(role, variable, draw, amount)
        keys = self.member_keys(99, draw)
        first = jax.random.randint(keys[0], pairs.first_answer.shape, 0, goals)
        second = (first + jax.random.randint(keys[1], first.shape, 1, goals)) % goals
        return pairs._replace(first_answer=first_goal + first, second_answer=first_goal + second)


@pytest.fixture
def few_random_circuits(monkeypatch):
    """Whether a circuit is found does not hang on how many random ones stand beside it."""
    monkeypatch.setattr(circuits, "RANDOM_CIRCUITS", 1)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_untrained_organisms_have_no_circuits(scale, config, few_random_circuits):
    """Weights at birth, and three times as large so that totals are nats: of 24 no more than chance allows
    (binomial, p > 0.001).

    Self's second answer is one goal throughout, so an untrained organism's effects may well replicate; the
    least total keeps them out.
    """
    world = config.curriculum.world
    born = jax.jit(jax.vmap(lambda k: Organism(config.organism, world.vocabulary.size, world.positions, k)))
    organisms = jax.tree.map(lambda leaf: scale * leaf, born(jax.random.split(jax.random.key(2), TRIES)))
    at = CheckpointMeasurer(organisms, config, np.arange(TRIES) % world.goals, 1)
    found = at.circuits_of("self", at.shapley_effects("self", "watched"))
    assert max(abs(c.total_nats) for c in found) > 0.05
    assert sum(c.found for c in found) <= binom.ppf(0.999, TRIES, CHANCE)


@pytest.mark.parametrize("role", ["self", "character"])
def test_guessed_answers_have_no_circuits(role, tiny_run, config, few_random_circuits):
    """Trained organisms, 24 surveys with other pairs each, and answers drawn at random. Permuting answers
    over pairs would be no null for self: its second answer is one goal throughout."""
    trained = load(tiny_run, config, tiny_run.entries()[-1])
    many = jax.tree.map(lambda leaf: jnp.tile(leaf, (TRIES // 2,) + (1,) * (leaf.ndim - 1)), trained)
    at = Guessed(many, config, np.tile(tiny_run.summary()["secret_goals"], TRIES // 2), 1)
    found = at.circuits_of(role, at.shapley_effects(role, "watched"))
    assert max(abs(c.total_nats) for c in found) > 0.5
    assert sum(c.replication_p <= CHANCE for c in found) <= binom.ppf(0.999, TRIES, CHANCE)
    assert sum(c.found for c in found) <= 1


PLANTED = {
    "reused": (0, 0, 0),
    "repurposed": (0, 3, 0),
    "migrated": (3, 0, 0),
    "second copy": (3, 3, 0),
}


@pytest.mark.parametrize("cell", PLANTED)
def test_a_planted_history_gets_its_verdict(cell):
    """Effects that sit in one component: characters' at the fork, characters' at the end, self's at the
    end."""

    def concentrated(place, nats=4.0):
        rng = np.random.default_rng(place)
        parts = nats * np.eye(12)[place] + 0.05 * rng.normal(size=(32, 12))
        return Contributions(parts, parts.sum(1))

    idle = Contributions(0.05 * np.random.default_rng(9).normal(size=(32, 12)), np.zeros(32))
    fork, end, of_self = PLANTED[cell]
    roles = lambda character, self_: {  # noqa: E731
        role: {"watched": [concentrated(place)], "idle": [idle], "professed": [concentrated(5)]}
        for role, place in (("character", character), ("self", self_))
    }
    effects = {"fork": roles(fork, 7), "end": roles(end, of_self)}
    nothing = np.zeros((1, 12))
    blank = np.zeros(0)
    circuit = Circuit(
        blank, blank, blank, blank, blank, 0.0, blank, 1.0, np.array([0]), np.array([0]), True, 0.002, 4.0
    )
    found = {name: [circuit] for name in ("fork character", "end character", "end self")}
    removed = np.tile([1.0, 0.0, 0.0], (1, 8, 1)), np.ones((1, 8))
    lesions = dict.fromkeys(("cross_lesion", "cross_lesion_reverse", "fork_lesion"), removed)
    rates = dict.fromkeys(BEHAVIOURS, 1.0)
    known = {"trained": rates, "held_out_goals": rates, "held_out_cues": rates, "belief": {}}
    handed = [({}, None)]
    told = _organism(
        0, effects, found, {"fork character latent": nothing}, known, lesions, handed, ORGANISMS["tiny"], 0
    )
    assert told["verdict"] == cell
    assert told["shares"][cell] > 0.9
    together = cell in ("reused", "migrated")
    assert told["corroboration"]["cross_lesion"]["says"] == ("agrees" if together else "disagrees")
    assert told["corroboration"]["cosine"]["value"] == pytest.approx(float(together), abs=0.05)


def test_each_lesion_takes_the_core_it_names_from_the_role_it_names():
    """The characters' core at the end and at the fork are taken from self, self's from characters; random
    sets stand beside each."""
    blank = np.zeros(0)
    cores = {"fork character": 3, "end character": 4, "end self": 5}
    curves = (blank, blank, blank, blank, blank, 0.0, blank, 1.0)
    found = {
        name: [Circuit(*curves, np.array([core]), np.array([core]), True, 0.01, 4.0)]
        for name, core in cores.items()
    }
    at_end, asked = object.__new__(CheckpointMeasurer), []
    at_end.config, at_end.seed = ORGANISMS["tiny"], 0

    def noised(role, masks, draw):
        asked.append((role, np.flatnonzero(masks[0, 0]).tolist(), masks.shape))
        return np.zeros((1, 2, masks.shape[1])), np.ones((1, 2))

    at_end.noising_effects = noised
    _lesions(at_end, found)
    shape = 1, 1 + RANDOM_CIRCUITS, 12
    assert asked == [("self", [4], shape), ("character", [5], shape), ("self", [3], shape)]


@pytest.mark.parametrize("null", NULLS)
def test_where_there_is_nothing_to_find_nothing_is_found_though_the_behaviour_is_there(null, tiny_run):
    """The same organisms, before their first step or with their answers exchanged at random: no mechanism,
    and it is not for want of behaviour."""
    found = survey(tiny_run, f"null {null}", null=null)
    assert [organism["verdict"] for organism in found["organisms"]] == ["undecided"] * 2
    assert all(set(organism["behaviour"].values()) == {1.0} for organism in found["organisms"])


def test_verdicts_are_calibrated_where_they_were_scored_and_nowhere_else():
    config = named_config("shared", "cpu")
    assert calibrated(config)
    assert not calibrated(named_config("shared", "tiny"))
    assert not calibrated(replace(config, organism=replace(config.organism, heads=8)))
    world = replace(config.curriculum.world, cues=3)
    assert not calibrated(replace(config, curriculum=replace(config.curriculum, world=world)))
