"""Does the score say what it should of verdicts, shares and places, and does nothing but the scorer know the
truth?"""

import ast
from dataclasses import replace

import numpy as np
import pytest
from commands import ROOT

from analysis.provenance import scoring
from analysis.statistics import CELLS
from curricula.world.world import World
from experiments.findings import legacy_findings


def row(
    truth: str,
    verdict: str,
    reused: float | None = None,
    planted: float | None = None,
    dealt: float | None = None,
    **lines,
) -> dict:
    shares = dict.fromkeys(CELLS) if reused is None else {**dict.fromkeys(CELLS, 0.0), "reused": reused}
    if reused is not None:
        shares["second copy"] = 1 - reused
    share = (
        None
        if planted is None
        else {**dict.fromkeys(CELLS, 0.0), "reused": planted, "second copy": 1 - planted}
    )
    return {
        "truth": truth,
        "verdict": verdict,
        "shares": shares,
        "planted_shares": share,
        "dealt": dealt,
        "corroboration": lines,
    }


def test_confusion_and_accuracy_count_undecided_as_wrong():
    rows = [
        row("reused", "reused"),
        row("reused", "undecided"),
        row("mixed", "mixed"),
        row("mixed", "reused"),
    ]
    assert scoring.confusion(rows) == {
        "reused": {"reused": 1, "undecided": 1},
        "mixed": {"reused": 1, "mixed": 1},
    }
    value, low, high = scoring.accuracy(rows)
    assert value == 0.5
    assert low < 0.5 < high


def test_the_share_error_by_hand():
    rows = [
        row("mixed", "mixed", 0.6, 0.5),
        row("mixed", "mixed", 0.5, 0.8),
        row("absent", "absent", None, None),
    ]
    assert scoring.share_error(rows)[0] == pytest.approx(0.2)
    assert scoring.reused_error(rows)[0] == pytest.approx(0.2)


def test_the_error_against_goals_dealt_by_hand():
    """What was planted by construction is told from what lanes were measured to carry, and organisms without
    it do not count."""
    rows = [
        row("mixed", "mixed", 0.6, 0.4, 0.5),
        row("mixed", "mixed", 0.5, 0.5, 0.75),
        row("mixed", "mixed", 0.9, 0.1),
    ]
    assert scoring.dealt_error(rows)[0] == pytest.approx((0.1 + 0.25) / 2)
    assert scoring.reused_error(rows)[0] == pytest.approx((0.2 + 0.0 + 0.8) / 3)


@pytest.mark.parametrize(
    ("score", "expected"),
    [([4, 3, 2, 1], 1.0), ([1, 2, 3, 4], 0.0), ([1, 1, 1, 1], 0.5), ([4, 1, 3, 2], 0.5)],
)
def test_the_auroc_by_hand(score, expected):
    assert scoring.auroc(np.array(score, float), np.array([True, True, False, False])) == expected


def test_corroboration_is_scored_against_what_was_planted_and_not_against_the_verdict():
    above = {"value": 0.9, "low": 0.8, "high": 1.0, "null": 0.1, "null_high": 0.2}
    below = above | {"low": 0.0, "high": 0.1}
    rows = [row("second copy", "reused", cross_lesion=above) for _ in range(6)]
    assert scoring.hits(rows)["cross_lesion"]["right"] == 0
    assert not scoring.hits(rows)["cross_lesion"]["better_than_chance"]
    rows = [row("second copy", "reused", cross_lesion=below), row("reused", "mixed", cross_lesion=above)] * 5
    found = scoring.hits(rows)["cross_lesion"]
    assert (found["right"], found["spoken"], found["of"]) == (10, 10, 10)
    assert found["better_than_chance"]


def test_a_line_that_always_says_the_same_is_no_better_than_chance():
    """Right in two organisms of three, since more were planted apart than together; and still it tells
    nothing."""
    below = {"value": 0.0, "low": -0.1, "high": 0.1, "null": 0.1, "null_high": 0.2}
    rows = [row(truth, "mixed", cross_lesion=below) for truth in ("reused", "second copy", "repurposed")] * 8
    found = scoring.hits(rows)["cross_lesion"]
    assert (found["right"], found["spoken"]) == (16, 24)
    assert not found["better_than_chance"]


def test_a_line_can_be_right_in_most_by_those_that_are_easy_for_it():
    """It knows the reused and is blind to spares: its rate does not say so, its counts by truth do."""
    above = {"value": 0.9, "low": 0.8, "high": 1.0, "null": 0.1, "null_high": 0.2}
    below, wide = above | {"low": 0.0, "high": 0.1}, above | {"low": 0.0}
    rows = [row("reused", "mixed", fork_lesion=above)] * 5 + [
        row("second copy", "mixed", fork_lesion=below)
    ] * 5
    rows += [row("repurposed", "mixed", fork_lesion=below), row("repurposed", "mixed", fork_lesion=wide)]
    rows += [row("repurposed", "mixed")]
    found = scoring.hits(rows)["fork_lesion"]
    assert (found["right"], found["spoken"]) == (10, 11)
    assert found["by_truth"] == {
        "reused": {"right": 5, "wrong": 0, "silent": 0},
        "second copy": {"right": 5, "wrong": 0, "silent": 0},
        "repurposed": {"right": 0, "wrong": 1, "silent": 2},
    }


def test_a_line_that_never_spoke_has_no_chance_of_its_own():
    wide = {"value": 0.5, "low": 0.0, "high": 1.0, "null": 0.4, "null_high": 0.5}
    found = scoring.hits([row("reused", "reused", cosine=wide)])["cosine"]
    assert (found["spoken"], found["p_if_independent"], found["better_than_chance"]) == (0, None, False)


def test_lines_are_better_than_chance_together():
    """Nine lines that would each pass alone, at 0.04, pass no more."""
    above = {"value": 0.9, "low": 0.8, "high": 1.0, "null": 0.1, "null_high": 0.2}
    below = above | {"low": 0.0, "high": 0.1}
    lines = [f"cross_lesion_{n}" for n in range(9)]
    rows = [row("reused", "mixed", **dict.fromkeys(lines, above))] * 3
    rows += [row("second copy", "mixed", **dict.fromkeys(lines, below))] * 4
    found = scoring.hits(rows)
    assert all(0.01 < of["p_if_independent"] < 0.05 and not of["better_than_chance"] for of in found.values())
    alone = scoring.hits(
        [one | {"corroboration": {"cross_lesion": one["corroboration"][lines[0]]}} for one in rows]
    )
    assert alone["cross_lesion"]["better_than_chance"]


def test_told_apart_counts_those_that_got_one_of_the_two_names():
    rows = [row("repurposed", verdict) for verdict in ("repurposed", "second copy", "mixed")] + [
        row("reused", "second copy")
    ]
    assert scoring.told_apart(rows, ("repurposed", "second copy"))[0] == 0.5


def test_real_findings_are_scored_against_a_truth(findings):
    """Two organisms that reuse, read as if their lane A were the components that do most, and once as if
    planting had failed."""
    findings = legacy_findings(findings)
    names, effect = findings["components"], np.array(findings["effects"]["end"]["self"]["watched"]["value"])
    lanes = [[names[n] for n in np.argsort(-of)[: len(names) // 2]] for of in effect]
    shares = {"end": {"self": {"lane_a": [1.0, 0.9], "lane_b": [0.0, 0.1]}}}
    truth = {"make": "routing", "truth": "reused", "spare": False, "lane_a": lanes, "shares": shares}
    rows = scoring.scored(findings, truth | {"took": [True, False], "why_not": ["", "leaks"]})
    assert [row["took"] for row in rows] == [True, False]
    assert [row["planted_mechanism"] for row in rows] == ["alike", "alike"]
    assert [row["mechanism"] for row in rows] == ["alike", "alike"], (
        "the same components serve both roles in these"
    )
    assert [row["told"] for row in rows] == [row["verdict"] for row in rows]
    assert [row["verdict"] for row in rows] == [organism["verdict"] for organism in findings["organisms"]]
    assert all(row["auroc"]["self"] == 1.0 for row in rows)
    assert rows[1]["planted_shares"] == {
        "reused": 0.9,
        "repurposed": 0.0,
        "migrated": 0.0,
        "second copy": 0.1,
    }
    assert all(0 < row["cmd_of_spread"] < 0.5 and 0 < row["cmd"] < row["null_cmd"] for row in rows)
    assert scoring.share_error(rows)[0] < 0.2


def test_a_mechanism_is_known_where_components_are_shared_and_where_rules_differ():
    world = World()
    other = replace(world, self_rule="any")
    known = {
        (truth, w.self_rule): scoring.planted_mechanism(truth, w)
        for truth in ("reused", "second copy", "repurposed", "mixed", "absent")
        for w in (world, other)
    }
    assert {key: word for key, word in known.items() if word} == {
        ("reused", "same"): "alike",
        ("second copy", "any"): "another",
    }


def test_mechanisms_are_counted_by_hand():
    """*undecided* is not what was asked for, nor is not to have found a circuit."""
    words = ("alike", "undecided", "another", None)
    rows = [
        {"curriculum": f"c{n % 2}", "mechanism": word, "told": f"verdict {word}"}
        for n, word in enumerate(words)
    ]
    assert scoring.told_so(rows, "mechanism", "alike")[0] == 0.25
    assert scoring.told_so(rows, "told", "verdict another")[0] == 0.25
    assert scoring.mechanisms(rows) == {"c0": {"alike": 1, "another": 1}, "c1": {"undecided": 1}}


def test_planted_shares_put_each_lane_in_the_cell_of_its_history():
    truth = {
        "make": "routing",
        "spare": False,
        "shares": {"end": {"self": {"lane_a": [0.3], "lane_b": [0.7]}}},
    }
    assert scoring.planted_shares(truth | {"truth": "mixed"}, 0) == pytest.approx(
        {"reused": 0.3, "repurposed": 0.0, "migrated": 0.0, "second copy": 0.7}
    )
    for planted in ("repurposed", "mixed"):
        assert scoring.planted_shares(truth | {"truth": planted, "spare": True}, 0)["repurposed"] == 0.7
    assert scoring.planted_shares(truth | {"truth": "absent"}, 0) is None
    assert scoring.planted_shares({"make": "freezing", "truth": "reused"}, 0)["reused"] == 1.0


def test_nothing_in_the_analysis_but_the_scorer_knows_what_was_planted():
    """Neither by importing the controls or the lanes, nor by the name of the file, nor by the names of
    settings that plant."""
    secret = {"truth.json", "TRUTH", "lane_a", "routing", "graft"}
    allowed = {"scoring.py", "calibration.py", "calibration_page.py", "dating.py", "relearning.py"}
    for path in sorted((ROOT / "analysis").glob("*.py")):
        tree = ast.parse(path.read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "organisms.planted.truth" not in imported, path.name
        if path.name in allowed:
            continue
        assert "organisms.planted.lanes" not in imported, path.name
        words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        words |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        words |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not words & secret, path.name


def test_the_cmd_that_a_spread_leaves_is_half_of_the_share_of_components_that_are_needed():
    """One of 24 components: 1 / 48; twelve equal ones: a quarter, in whatever order; nothing measured:
    nothing."""
    every = np.arange(25)
    assert scoring.cmd_of_spread(np.eye(24)[7], every) == pytest.approx(1 / 48)
    assert scoring.cmd_of_spread(np.arange(24) % 2 * 0.1, every) == pytest.approx(0.25)
    assert scoring.cmd_of_spread(np.full(24, np.nan), every) is None
    assert scoring.cmd_of_spread(np.zeros(24), every) is None
