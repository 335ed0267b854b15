"""Does the study of incentives count what it says that it counts, and can a reader trust its page?"""

from copy import deepcopy

import pytest

from analysis.statistics import CELLS
from curricula.catalogue.building_blocks import WORLDS
from curricula.catalogue.registry import CURRICULA
from curricula.errors import UserError
from experiments.studies.incentives import study as incentives
from experiments.studies.incentives.page import COMPARED, page, plain_lines
from experiments.studies.incentives.study import (
    ARMS,
    KINDS,
    Incentives,
    arm,
    corroborated,
    differences,
    kinds,
    steps_to_behave,
    summarise,
)
from organisms.model.config import ORGANISMS
from organisms.training.behaviour import BEHAVIOURS


def study(**settings) -> Incentives:
    return Incentives(**{"scale": "tiny", "world": WORLDS["tiny"], "organism": ORGANISMS["tiny"], **settings})


def organism(member: int, verdict: str, cell: str = "reused", **says: str) -> dict:
    shares = {name: float(name == cell) if verdict != "absent" else None for name in CELLS}
    return {
        "member": member,
        "verdict": verdict,
        "mechanism": None
        if verdict == "absent"
        else {"says": "another" if cell == "repurposed" else "alike"},
        "shares": shares,
        "shares_at_random": {name: [0.25, 0.0, 0.6] if verdict != "absent" else [None] * 3 for name in CELLS},
        "behaviour": dict.fromkeys(BEHAVIOURS, 1.0),
        "corroboration": {line: {"says": word} for line, word in says.items()},
    }


AGREED = dict.fromkeys(("cross_lesion", "interchange", "transfer"), "agrees")


def finding(*organisms: dict, run: str = "run") -> dict:
    return {
        "run": run,
        "calibrated": False,
        "reseeded": {"count": 1, "failed": 0, "attempts": [1, 0]},
        "members": len(organisms),
        "organisms": list(organisms),
        "fork_step": 100,
        "learning": {
            "step": [100, 150, 200],
            "self_alone_secret": [[1.0] * len(organisms), [0.5] * len(organisms), [0.95] * len(organisms)],
            "self_watched_professed": [
                [1.0] * len(organisms),
                [1.0] * len(organisms),
                [0.9] * len(organisms),
            ],
        },
        "scenes": [{"title": "member 0, <i>with self</i>", "lines": ["<b>watch</b>"]}],
    }


def arms() -> dict:
    spare = organism(0, "repurposed", "repurposed", **AGREED), organism(1, "absent")
    plain = (
        organism(0, "reused", **AGREED),
        organism(1, "reused", cross_lesion="disagrees", fork_lesion="agrees"),
    )
    return {
        name: arm(
            name, finding(*deepcopy(plain if incentive == "none" else spare), run=f"{name}-<u>"), "a" * 64
        )
        for name, (incentive, _, _) in ARMS.items()
    }


def test_every_arm_is_a_curriculum_that_is_what_the_table_says():
    for name, (incentive, between, objective) in ARMS.items():
        phases = CURRICULA[name]("tiny").phases
        assert phases[-1].objective == objective
        assert phases[-1].pressures.audited == (incentive != "none")
        assert phases[-1].pressures.clamp.active == (incentive == "auditor and clamp")
        assert any(phase.pressures.redundancy.rate > 0 for phase in phases) == (between == "spares")
        assert any(phase.pressures.redundancy.halves > 0 for phase in phases) == (between == "halves")
        assert (phases[-1].pressures.monitor.finds == "circuit") == (incentive == "auditor of one circuit")
        assert any(phase.pressures.thrift.weight > 0 for phase in phases) == (between == "thrift")
    for name, (other, _) in COMPARED.items():
        assert ARMS[name][0] != "none" == ARMS[other][0]
        assert ARMS[name][1:] == ARMS[other][1:]
        with_it, without = (CURRICULA[which]("cpu").phases[-1] for which in (name, other))
        assert with_it.steps == without.steps


def test_arms_share_their_first_phases_and_their_seed():
    configs = [study(seed=3).config(name) for name in ARMS]
    assert {config.seed for config in configs} == {3}
    assert len({config.curriculum.phases[0] for config in configs}) == 1


def test_only_organisms_that_behave_get_rates_and_the_others_are_counted():
    found = arms()["audited"]
    assert (found["n"], found["n_behaving"]) == (2, 1)
    assert found["verdicts"] == {"repurposed": 1, "absent": 1}
    assert found["rates"]["repurposed"][0] == 1.0
    assert found["shares"]["repurposed"][0] == 1.0
    assert found["corroborated"] == {"repurposed": [1, 1]}
    assert found["computing_otherwise"] == 1
    assert [o["told"] for o in found["organisms"]] == ["repurposed, by another mechanism", "absent"]


def test_a_kind_of_evidence_agrees_where_more_of_its_lines_do():
    one = organism(0, "reused", cross_lesion="agrees", cross_lesion_reverse="silent", transfer="disagrees")
    tied = organism(0, "reused", interchange="agrees", interchange_reverse="disagrees", cosine="agrees")
    assert kinds(one) == {**dict.fromkeys(KINDS, "silent"), "cross lesion": "agrees", "transfer": "disagrees"}
    assert kinds(tied) == dict.fromkeys(KINDS, "silent")


APART = {"cross_lesion": "agrees", "interchange": "agrees"}


@pytest.mark.parametrize(
    ("says", "enough"),
    [
        (AGREED, True),
        (APART, False),
        (APART | {"cosine": "agrees"}, False),
        (APART | {"fork_lesion": "disagrees"}, False),
        (APART | {"fork_lesion": "disagrees", "transfer": "agrees"}, False),
        (APART | {"fork_lesion": "agrees", "transfer": "silent"}, True),
        ({"cross_lesion": "agrees", "fork_lesion": "agrees", "transfer": "agrees"}, True),
        (
            {
                "interchange": "disagrees",
                "cross_lesion": "agrees",
                "fork_lesion": "agrees",
                "transfer": "agrees",
            },
            False,
        ),
    ],
)
def test_a_verdict_needs_evidence_for_both_of_its_claims(says, enough):
    """That both roles part does not tell a spare from a second copy."""
    assert corroborated(organism(0, "repurposed", **says)) == enough


def test_a_share_is_set_beside_components_drawn_at_random():
    found = arms()["audited"]
    assert found["at_random"]["repurposed"][0] == pytest.approx(0.25)
    assert found["beyond_random"]["repurposed"] == [1, 1]
    assert found["beyond_random"]["reused"] == [0, 1]


def test_steps_are_counted_from_the_fork_and_both_rates_have_to_be_there():
    found = finding(organism(0, "reused"), organism(1, "reused"))
    assert steps_to_behave(found) == [100, 100]
    found["learning"]["self_watched_professed"][2] = [None, 0.5]
    assert steps_to_behave(found) == [None, None]


def test_reward_and_imitation_are_compared_organism_by_organism():
    found = arms()
    found["rewarded"]["organisms"][0]["shares"]["reused"] = 0.5
    value = differences(found)["reused share, rewarded less shared"]
    assert value[0] == pytest.approx(-0.25)
    assert value[3] == 2
    found["rewarded"]["fork_sha256"] = "b" * 64
    assert not any("rewarded less shared" in name for name in differences(found)), (
        "other forks are no comparison"
    )


def test_the_page_says_what_was_found_in_three_lines_and_escapes_what_comes_from_runs():
    told = {
        "run": "audited-<u>",
        "member": 0,
        "components": ["L0H0", "L0H1"],
        "watched": ["L0H0"],
        "checkpoints": [
            {"step": 100, "phase": "spares", "character": [0.5, 0.4], "self": [0.5, 0.4]},
            {"step": 200, "phase": "intent", "character": [0.9, 0.0], "self": [0.0, 0.9]},
        ],
        "stories": [
            {
                "component": "L0H1",
                "characters_at_fork": 0.4,
                "characters_at_end": 0.0,
                "self_at_end": 0.9,
                "left_characters": 200,
                "came_to_self": None,
                "role": "left characters for self",
            }
        ],
        "corroborated": False,
    }
    summary = summarise(study(), arms(), told) | {"command": "python <study>"}
    text, lines = page(summary), plain_lines(summary)
    for dangerous in ("<u>", "<i>with", "<b>watch", "<study>"):
        assert dangerous not in text
    assert len(lines) == 3
    assert "1 of 1 (1.00 [0.21, 1.00]; corroborated: 1) in audited" in lines[0]
    assert "0 of 2" in lines[0]
    assert "audited 1 of 1" in lines[2]
    assert "no test" not in lines[2]
    assert "no test" in plain_lines(summarise(study(seed=6000), arms(), told))[2]
    assert "none is, so that this is the first one" in text
    assert "audited 1 of 2" in lines[2]
    assert text.count("<svg") == 2
    assert "No organism of that arm was repurposed" in page(
        summarise(study(), arms(), None) | {"command": ""}
    )


def test_wrong_settings_grow_nothing(tmp_path):
    with pytest.raises(UserError, match="members: expected 1 or more"):
        incentives.run_incentives(study(members=0), tmp_path / "out", "")
    assert not (tmp_path / "out").exists()
