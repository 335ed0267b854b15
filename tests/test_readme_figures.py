"""Are README's figures those of the data that are kept beside it?"""

import json
import statistics
from pathlib import Path

import pytest

from analysis.provenance.planted_truth import RIGHT_VERDICTS
from analysis.relearning.reinitialisation import MemberReinitialised, ReinitialisedLane
from reports.formats import interval_text
from reports.sections.reinitialisation import lanes_of, place_and_slowdown

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
ABLATIONS, CONTROLS, SWAP = (
    json.loads((ROOT / f"docs/results/data/{study}.json").read_text())
    for study in ("ablations", "controls", "swap")
)
WHOLE = ABLATIONS["arms"]["half_dropout.monitor.overlap"]
WITH_OVERLAP = {name: arm for name, arm in ABLATIONS["arms"].items() if "overlap" in name}
MAKES = (("routing",), ("surgery", "freezing"), ("masking",), ("compiled",))
TRUTHS = (
    "reused",
    "repurposed",
    "second copy",
    "migrated",
    "absent",
    "mixed",
    "divided",
    "spread",
)
MOVES = {change["name"]: interval_text(change["mean"]) for change in SWAP["changes"]}


def told(truth, makes):
    """How many organisms of a truth got the verdict that is right, as a cell of README's table."""
    rows = [CONTROLS["confusion"].get(make, {}).get(truth, {}) for make in makes]
    right = sum(row.get(RIGHT_VERDICTS.get(truth, truth), 0) for row in rows)
    organisms = sum(sum(row.values()) for row in rows)
    return f"{right} of {organisms}" if organisms else ""


def told_of(controls, truth):
    """How many organisms of a truth got the verdict that is right, whatever their make."""
    rows = [by_truth[truth] for by_truth in controls["confusion"].values() if truth in by_truth]
    right = sum(row.get(RIGHT_VERDICTS.get(truth, truth), 0) for row in rows)
    return f"{right} of {sum(sum(row.values()) for row in rows)}"


def test_how_many_repurposed_ones_are_told_at_either_seed_is_in_the_data():
    before = json.loads((ROOT / "docs/results/data/controls_seed_47.json").read_text())
    assert before["command"].endswith("--seed 47 --members 4")
    words = f"{told_of(before, 'repurposed')} were told (`docs/results/data/controls_seed_47.json`); {told_of(CONTROLS, 'repurposed')} here"
    assert words in README


def test_where_planting_of_part_spare_took_is_in_the_data():
    counts = [count for name, count in CONTROLS["planting"].items() if "part_spare" in name]
    took, grown = (sum(count[kind] for count in counts) for kind in ("planting_took", "trained"))
    assert f"where planting took, which it did in {took} of {grown}" in README


@pytest.mark.parametrize("truth", TRUTHS)
def test_how_many_planted_organisms_are_told_is_in_the_data(truth):
    assert f"| *{truth}* | {' | '.join(told(truth, makes) for makes in MAKES)} |" in README


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ("repurposed_where_no_spare", "none is called *repurposed*: {} were"),
        ("error.part_spare.goals_in_spare", "of *part spare* is off by {} from the goals"),
        ("error.part_spare.all_grown", "and by {} over all that were grown"),
        ("share_error.compiled", "compiled organisms by {} from what was compiled"),
        ("coverage.compiled", "95 % intervals of {} of 400 more"),
        ("kept.reused", "kept in {} of *reused*"),
        ("kept.repurposed", "{} of *repurposed* and"),
        ("kept.second_copy", "{} of *second copies*"),
        ("excess.planted_repurposed", "organisms that *are* repurposed is {}"),
    ],
)
def test_findings_of_controls_are_those_of_the_data(finding, words):
    assert words.format(interval_text(CONTROLS["findings"][finding])) in README


def test_no_figure_of_controls_is_of_a_seed_that_something_was_chosen_on():
    assert CONTROLS["chosen_on_these"] == []


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("overlap", "falls by {} without it"),
        ("half_dropout", "by {} without half-dropout"),
        ("monitor", "{} without the monitor"),
    ],
)
def test_what_goes_with_a_part_is_the_difference_in_the_data(part, words):
    (found,) = [each for each in ABLATIONS["differences"] if each["part"] == part]
    assert words.format(interval_text(found["difference"])) in README


def test_the_verdicts_of_the_whole_are_those_of_the_data():
    counts = sorted(WHOLE["verdicts"].items(), key=lambda count: -count[1])
    in_words = ", ".join(f"{count} *{verdict}*" for verdict, count in counts)
    repurposed = WHOLE["verdicts"].get("repurposed", 0)
    assert f"{repurposed} of {WHOLE['n']} are *repurposed* ({in_words})" in README
    share, excess = WHOLE["shares"]["repurposed"][0], interval_text(WHOLE["excess"]["repurposed"])
    assert f"The mean share is {share:.2f}, {excess} above chance" in README
    spares = sum(
        organism["spare"] == "spare" and organism["verdict"] != "absent" for organism in WHOLE["organisms"]
    )
    assert f"{spares} of {WHOLE['n']} took a spare" in README
    words = [organism["kept"] for organism in WHOLE["organisms"] if organism["kept"] in ("kept", "rewritten")]
    assert f"Of the {len(words)} with all three that could be told, {words.count('kept')} kept" in README


def test_how_many_are_repurposed_without_the_overlap_cost_is_in_the_data():
    most = max(
        arm["verdicts"].get("repurposed", 0)
        for name, arm in ABLATIONS["arms"].items()
        if name not in WITH_OVERLAP
    )
    assert f"at most {most} of {WHOLE['n']} are, in any arm" in README
    plain = ABLATIONS["arms"]["monitor.overlap"]
    assert f"without half-dropout {plain['verdicts']['repurposed']} of {plain['n']}." in README


def test_how_far_characters_move_beside_self_is_in_the_data():
    organisms = [organism for arm in WITH_OVERLAP.values() for organism in arm["organisms"]]
    effects = [organism["moved"]["effects"][0] for organism in organisms if "effects" in organism["moved"]]
    says = [organism["parting"]["effects"] for organism in organisms if "effects" in organism["parting"]]
    assert f"{max(effects):.2f} of the way at most" in README
    assert f"*by role* in {says.count('by role')} of {len(says)} that could be told" in README


def test_how_far_reading_moves_beside_self_is_in_the_data():
    def mean(with_dropout):
        arms = [arm for arm in WITH_OVERLAP.values() if (arm["between"] == "half dropout") == with_dropout]
        organisms = [organism["moved"] for arm in arms for organism in arm["organisms"]]
        values = [moved["reading"][0] for moved in organisms if "reading" in moved]
        return sum(values) / len(values)

    assert (
        f"goes {mean(False):.2f} of the way to self's reader without half-dropout and {mean(True):.2f} with it"
        in README
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("self_in_watched_half.overlap", "**Self changes sides**: {} with the overlap cost"),
        ("self_in_watched_half.none", "{} without it."),
        ("character_in_watched_half.none", "changes by {} when it is watched without the overlap cost"),
        ("character_in_watched_half.self_side", "by {} where the cost does not push them"),
        ("character_in_watched_half.overlap", "pushed the other way, {}"),
        ("self_in_sham.overlap", "moves self out of itself as well ({})"),
        ("self_in_first_half_by_sham.overlap", "of the first half by nothing ({})"),
    ],
)
def test_who_moves_when_the_other_half_is_watched_is_in_the_data(change, words):
    assert words.format(MOVES[change]) in README


def test_verdicts_of_swap_are_those_of_the_data():
    arms = SWAP["arms"]
    watched = [arms["first.overlap"], arms["second.overlap"]]
    repurposed = sum(arm["verdicts"].get("repurposed", 0) for arm in watched)
    assert f"{repurposed} of {sum(arm['n'] for arm in watched)} are *repurposed*, a spare" in README
    unpushed = [arm for name, arm in arms.items() if not name.endswith(".overlap")]
    others = sum(arm["verdicts"].get("repurposed", 0) for arm in unpushed)
    assert f"where it does not push characters, {others or 'none'} are" in README
    nobody = arms["nobody.none"]
    assert f"no cost {nobody['verdicts'].get('reused', 0)} of {nobody['n']} are *reused*" in README


def test_where_self_goes_when_its_components_are_drawn_anew_is_in_the_data():
    data = json.loads((ROOT / "docs/results/data/reinitialisation.json").read_text())
    members = [
        MemberReinitialised(
            tuple(each["own"]),
            tuple(
                ReinitialisedLane(**{**lane, "components": tuple(lane["components"])})
                for lane in each["lanes"]
            ),
        )
        for each in data["members"]
        if each
    ]
    place, slower = map(interval_text, place_and_slowdown(members, data["limit"]))
    redrawn, others, intact = (
        statistics.mean(lane.self_in_own for member in members for lane in lanes_of(member, arm))
        for arm in ("own", "others", "intact")
    )
    assert f"on {len(members)} organisms of `study.py ablations --seed 0`" in README
    assert f"{redrawn:.2f} of self's effect" in README
    assert f"others drawn anew {others:.2f}, with nothing drawn anew {intact:.2f}" in README
    assert f"first two is {place}" in README
    assert f"not slower ({slower} times the steps)" in README
