"""Does the score say what it should of verdicts, shares and places, and does nothing but the scorer know the
truth?"""

import ast
from dataclasses import replace

import numpy as np
import pytest
from commands import ROOT
from run_findings import COMPONENTS, synthetic_run
from scored import scored_organism

from analysis.patching.results import EffectsResult
from analysis.provenance import scoring
from analysis.provenance.corroboration import SAME_MECHANISM, Evidence, EvidenceLine, corroborate
from analysis.provenance.planted_truth import planted_shares, planted_similarity, planted_truth
from analysis.provenance.scored_lines import WordCounts, score_lines
from analysis.provenance.scoring import ScoredLine, ScoredOrganism
from analysis.provenance.verdict import CELLS
from curricula.world.world import World


def shares(reused: float) -> dict:
    return {**dict.fromkeys(CELLS, 0.0), "reused": reused, "second copy": 1 - reused}


def mixed(reused: float, planted: float, goals: float | None = None) -> ScoredOrganism:
    fields = {"shares": shares(reused), "planted_shares": shares(planted), "goals_in_lane_a": goals}
    return scored_organism("mixed", "mixed", **fields)


def test_confusion_and_accuracy_count_undecided_as_wrong():
    pairs = ("reused", "reused"), ("reused", "undecided"), ("mixed", "mixed"), ("mixed", "reused")
    organisms = [scored_organism(*pair) for pair in pairs]
    assert scoring.confusion(organisms) == {
        "reused": {"reused": 1, "undecided": 1},
        "mixed": {"reused": 1, "mixed": 1},
    }
    value, low, high = scoring.accuracy(organisms)
    assert value == 0.5
    assert low < 0.5 < high


def test_the_share_error_by_hand():
    organisms = [mixed(0.6, 0.5), mixed(0.5, 0.8), scored_organism("absent", "absent")]
    assert scoring.share_error(organisms)[0] == pytest.approx(0.2)
    assert [row.reused_error for row in organisms] == [pytest.approx(0.1), pytest.approx(0.3), None]


def test_the_error_against_goals_dealt_by_hand():
    """What was planted by construction is kept apart from what lanes were measured to carry, and organisms
    without it do not count."""
    organisms = [mixed(0.6, 0.4, 0.5), mixed(0.5, 0.5, 0.75), mixed(0.9, 0.1)]
    assert [row.goals_error for row in organisms] == [pytest.approx(0.1), pytest.approx(0.25), None]
    assert [row.reused_error for row in organisms] == pytest.approx([0.2, 0.0, 0.8])


def line(truth: str, says: str) -> ScoredLine:
    """A line that reused should put above its bar, and every other truth below."""
    return ScoredLine(truth == "reused", says, 0.5, 0.1)


def with_lines(truth: str, **says: str) -> ScoredOrganism:
    return scored_organism(truth, lines={name: line(truth, word) for name, word in says.items()})


def test_corroboration_is_scored_against_what_was_planted():
    wrong = [with_lines("second copy", cross_lesion="disagrees")] * 6
    score = score_lines(wrong)["cross_lesion"]
    assert score.right == 0
    assert not score.better_than_chance
    right = [with_lines(truth, cross_lesion="agrees") for truth in ("second copy", "reused")] * 5
    score = score_lines(right)["cross_lesion"]
    assert (score.right, score.spoken, score.organisms) == (10, 10, 10)
    assert score.better_than_chance


def test_a_line_that_always_says_the_same_is_no_better_than_chance():
    """Right in two organisms of three, since more were planted apart than together; and still it shows
    nothing."""
    organisms = [
        with_lines("reused", cross_lesion="disagrees"),
        with_lines("second copy", cross_lesion="agrees"),
        with_lines("repurposed", cross_lesion="agrees"),
    ] * 8
    score = score_lines(organisms)["cross_lesion"]
    assert (score.right, score.spoken) == (16, 24)
    assert not score.better_than_chance


def test_a_line_can_be_right_in_most_by_those_that_are_easy_for_it():
    """It recognises the reused and is blind to spares: its rate does not show it, its counts by truth do."""
    organisms = [with_lines(truth, fork_lesion="agrees") for truth in ("reused", "second copy")] * 5
    organisms += [with_lines("repurposed", fork_lesion=word) for word in ("disagrees", "silent")]
    score = score_lines([*organisms, with_lines("repurposed")])["fork_lesion"]
    assert (score.right, score.spoken) == (10, 11)
    assert score.by_truth == {
        "reused": WordCounts(5, 0, 0),
        "second copy": WordCounts(5, 0, 0),
        "repurposed": WordCounts(0, 1, 2),
    }


def test_a_line_that_is_always_silent_has_no_chance():
    score = score_lines([with_lines("reused", cosine="silent")])["cosine"]
    assert (score.spoken, score.p_if_independent, score.better_than_chance) == (0, None, False)


def test_lines_are_better_than_chance_together():
    """Nine lines that would each pass alone, at 0.04, pass no more."""
    names = [f"cross_lesion_{n}" for n in range(9)]
    agreeing = dict.fromkeys(names, "agrees")
    organisms = [with_lines("reused", **agreeing)] * 3 + [with_lines("second copy", **agreeing)] * 4
    scores = score_lines(organisms)
    assert all(0.01 < score.p_if_independent < 0.05 for score in scores.values())
    assert not any(score.better_than_chance for score in scores.values())
    single = [replace(row, lines={"cross_lesion": row.lines[names[0]]}) for row in organisms]
    assert score_lines(single)["cross_lesion"].better_than_chance


def test_pair_accuracy_counts_those_that_got_one_of_the_two_names():
    organisms = [scored_organism("repurposed", verdict) for verdict in ("repurposed", "second copy", "mixed")]
    organisms.append(scored_organism("reused", "second copy"))
    assert scoring.pair_accuracy(organisms, ("repurposed", "second copy"))[0] == 0.5


def truth_of(lanes, **fields) -> dict:
    """What `organisms.planted` writes about organisms that reuse."""
    self_shares = {"lane_a": [1.0, 0.9][: len(lanes)], "lane_b": [0.0, 0.1][: len(lanes)]}
    defaults = {"make": "routing", "truth": "reused", "spare": False, "lane_a": lanes}
    defaults |= {"took": [True] * len(lanes), "why_not": [""] * len(lanes)}
    return defaults | {"shares": {"end": {"self": self_shares}}} | fields


def test_findings_are_scored_against_a_truth():
    """Two organisms that reuse, read as if their lane A were the components that do most, and one of them as
    if planting had failed."""
    findings = synthetic_run("shared", ["reused", "reused"], {1: 0.7, 10: 0.2}, {1: 0.68, 10: 0.25}, 0)
    names, effect = findings.run.components, findings[EffectsResult].require("end", "self").value
    lanes = [[names[n] for n in np.argsort(-value)[: len(names) // 2]] for value in effect]
    truth = planted_truth(truth_of(lanes, took=[True, False], why_not=["", "leaks"]))
    organisms = scoring.scored_organisms(findings, truth)
    assert [row.planting_took for row in organisms] == [True, False]
    assert [row.planted_similarity for row in organisms] == ["alike", "alike"]
    assert [row.similarity for row in organisms] == ["alike", "alike"]
    assert [row.verdict for row in organisms] == ["reused", "reused"]
    assert all(row.auroc["self"] == 1.0 for row in organisms)
    assert organisms[1].planted_shares == pytest.approx(shares(0.9))
    assert all(0 < row.cmd_of_spread < 0.5 and 0 < row.cmd < row.null_cmd for row in organisms)
    assert scoring.share_error(organisms)[0] < 0.2


def test_lines_are_held_against_what_was_planted_and_not_against_the_verdict():
    """A line above its bar contradicts a planted second copy, whatever the verdict; acquisition, which reads
    the fork, is left out."""
    findings = synthetic_run("shared", ["reused"] * 2, {1: 0.7}, {1: 0.7}, 0)
    above = EvidenceLine(0.9, 0.8, 1.0, 0.1, 0.2)
    evidence = (
        Evidence("cross_lesion", SAME_MECHANISM, (above, None)),
        Evidence("acquisition", SAME_MECHANISM, (above, above), depends_on_planting=False),
    )
    findings = findings.with_result(corroborate(evidence, ["reused"] * 2))
    truth = planted_truth(truth_of([[COMPONENTS[0]]] * 2, truth="second copy"))
    first, second = scoring.scored_organisms(findings, truth)
    assert first.lines == {"cross_lesion": ScoredLine(False, "disagrees", 0.9, 0.1)}
    assert second.lines == {}


def test_a_mechanism_is_known_where_components_are_shared_and_where_rules_differ():
    worlds = World(), replace(World(), self_rule="any")
    by_construction = {
        (truth, world.self_rule): planted_similarity(truth, world)
        for truth in ("reused", "second copy", "repurposed", "mixed", "absent")
        for world in worlds
    }
    assert {key: word for key, word in by_construction.items() if word} == {
        ("reused", "same"): "alike",
        ("second copy", "any"): "another",
    }


def test_similarity_is_counted_by_hand():
    """*undecided* is neither, nor is an organism in which no circuit was found."""
    words = ("alike", "undecided", "another", None)
    organisms = [
        scored_organism("mixed", curriculum=f"c{n % 2}", similarity=word) for n, word in enumerate(words)
    ]
    assert scoring.share_that(organisms, lambda row: row.similarity == "alike")[0] == 0.25
    assert scoring.similarity_counts(organisms) == {
        "c0": {"alike": 1, "another": 1},
        "c1": {"undecided": 1},
    }


def test_planted_shares_put_each_lane_in_the_cell_of_its_history():
    lanes = {"end": {"self": {"lane_a": [0.3], "lane_b": [0.7]}}}
    truth = truth_of([[]], shares=lanes)
    assert planted_shares(truth | {"truth": "mixed"}, 0) == pytest.approx(shares(0.3))
    for name in ("repurposed", "mixed"):
        assert planted_shares(truth | {"truth": name, "spare": True}, 0)["repurposed"] == 0.7
    assert planted_shares(truth | {"truth": "absent"}, 0) is None
    assert planted_shares(truth | {"truth": "divided"}, 0)["repurposed"] == 0.7
    new = {"new_half": {"shares": {"end": {"self": [0.2]}}}}
    parted = planted_shares(truth | {"truth": "part spare", "spare": True} | new, 0)
    assert parted == pytest.approx({"reused": 0.3, "repurposed": 0.5, "migrated": 0.0, "second copy": 0.2})


@pytest.mark.parametrize(
    ("make", "truth", "cell"),
    [
        ("freezing", "reused", "reused"),
        ("masking", "reused", "reused"),
        ("masking", "second copy", "second copy"),
        ("masking", "repurposed", "repurposed"),
        ("masking", "divided", "repurposed"),
    ],
)
def test_what_weights_make_true_is_whole_whatever_lanes_carry(make, truth, cell):
    """No number that was measured is read: there is none in this truth."""
    planted = {"make": make, "truth": truth, "spare": truth == "repurposed"}
    assert planted_shares(planted, 0) == {name: float(name == cell) for name in CELLS}


def test_goals_are_dealt_to_the_characters_lane_or_to_a_spare():
    mixed_truth, part_spare = (
        planted_truth(truth_of([[], []], truth=name, dealt=[0.25, 0.5])) for name in ("mixed", "part spare")
    )
    assert (mixed_truth.goals_in_lane_a, mixed_truth.goals_in_spare) == ((0.25, 0.5), (None, None))
    assert (part_spare.goals_in_lane_a, part_spare.goals_in_spare) == ((None, None), (0.25, 0.5))


@pytest.mark.parametrize(
    ("truth", "verdict", "right"),
    [
        ("reused", "reused", True),
        ("reused", "mixed", False),
        ("divided", "parted on shared ground", True),
        ("divided", "repurposed", False),
        ("spread", "parted on shared ground", True),
        ("part spare", "mixed", True),
        ("part spare", "undecided", False),
    ],
)
def test_which_verdict_is_right(truth, verdict, right):
    assert scored_organism(truth, verdict).is_right == right


def test_nothing_in_the_analysis_but_the_scorer_knows_what_was_planted():
    """Neither by importing the controls or the lanes, nor by the name of the file, nor by the names of
    settings that plant."""
    secret = {"truth.json", "TRUTH", "lane_a", "routing", "graft"}
    scorers = {"scoring.py", "planted_truth.py", "dating.py", "relearning.py"}
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        tree = ast.parse(path.read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "organisms.planted.truth" not in imported, path.name
        if path.name in scorers:
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
