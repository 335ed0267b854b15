"""Are submissions scored as the page says, and are wrong ones refused in one line?"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from challenges import answers, made_pack, written

from curricula.errors import UserError
from curricula.typed_json import read_json
from experiments.challenge.baselines import OrganismReading
from experiments.challenge.fitting import fitted_rule, submission_of
from experiments.challenge.pack import canonical_sha256, read_pack
from experiments.challenge.reporting import score_files
from experiments.challenge.scoring import expected_calibration_error, is_right, score_submission, score_table
from experiments.challenge.sealing import OrganismTruth, SealedTruth
from experiments.challenge.sources import LABELS
from experiments.challenge.submission import OrganismAnswer, Submission, check_submission


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return made_pack(tmp_path_factory.mktemp("pack"), monkeypatch)


def truths(labels) -> SealedTruth:
    organisms = {
        f"o{number}": OrganismTruth(
            "routed",
            label,
            {"reused": 1.0, "repurposed": 0.0, "migrated": 0.0, "second copy": 0.0},
            ("A",),
            ("A", "B"),
        )
        for number, label in enumerate(labels)
    }
    return SealedTruth("0" * 64, "", organisms)


def uniform_submission(n, probabilities) -> Submission:
    by_label = dict(zip(LABELS, probabilities, strict=True))
    return Submission("", "x", {f"o{number}": OrganismAnswer(by_label) for number in range(n)})


def test_who_knows_all_scores_all(out, tmp_path):
    path = written(tmp_path / "known.json", answers(out))
    result = json.loads(score_files([path], out / "truth.json", None, lambda _: None).read_text())
    (score,) = result["scores"]
    assert (score["n"], score["accuracy"][0], score["brier"][0], score["log_loss_nats"][0]) == (3, 1, 0, 0)
    assert (score["auroc"][0], score["share_error"][0], score["calibration_error"][0]) == (1, 0, 0)
    assert score["unlabelled"] == {"reused": 1, "second copy": 0, "repurposed": 0}
    assert result["table"][2].startswith("| all \\| known | 1.00 [0.44, 1.00] |")


def test_equal_probabilities_are_no_answer_and_have_the_loss_of_chance():
    score = score_submission(uniform_submission(6, [1 / 3] * 3), truths(LABELS * 2))
    assert score.accuracy[0] == 0
    assert score.brier[0] == pytest.approx(2 / 3)
    assert score.log_loss_nats[0] == pytest.approx(math.log(3))
    assert score.auroc is None
    assert score.share_error is None


def test_one_label_for_all_is_right_a_third_of_the_time_and_its_confidence_is_held_against_that():
    score = score_submission(uniform_submission(30, [0.8, 0.1, 0.1]), truths(LABELS * 10))
    assert score.accuracy[0] == pytest.approx(1 / 3)
    assert score.accuracy[1] < 1 / 3 < score.accuracy[2]
    assert score.calibration_error[0] == pytest.approx(0.8 - 1 / 3)
    assert score.brier[0] == pytest.approx((0.06 + 2 * (0.64 + 0.81 + 0.01)) / 3)


def test_a_probability_of_zero_has_a_bounded_loss():
    score = score_submission(uniform_submission(3, [0.0, 0.5, 0.5]), truths(["reused"] * 3))
    assert score.log_loss_nats[0] == pytest.approx(-math.log(0.001))


def test_a_tie_is_wrong():
    planted = np.array([[True, False, False]] * 3)
    given = np.array([[0.4, 0.4, 0.2], [0.5, 0.3, 0.2], [0.2, 0.5, 0.3]])
    assert is_right(given, planted).tolist() == [False, True, False]


def test_calibration_compares_within_bins():
    confidence, right = np.array([0.4, 0.4, 0.9, 0.9]), np.array([False, False, True, True])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.4 / 2 + 0.1 / 2)


def test_the_table_is_sorted_and_has_a_dash_where_a_track_is_left_out():
    truth = truths(LABELS)
    scores = [score_submission(uniform_submission(3, p), truth) for p in ([0.9, 0.05, 0.05], [1 / 3] * 3)]
    table = score_table(scores)
    assert len(table) == 4
    assert table[2].split("|")[3].strip().startswith("0.67")
    assert table[2].count("–") == 2


WRONG = [
    (["pack"], "0" * 64, "is for the pack '000000000000'"),
    (["name"], "  ", "name: expected a line of text"),
    (["organisms", "o0"], None, "organism o0 is missing"),
    (
        ["organisms", "o9"],
        {"probabilities": dict.fromkeys(LABELS, 1 / 3)},
        "organism 'o9' is not in the pack",
    ),
    (["organisms", "o0", "probabilities", "reused"], 0.7, "organisms.o0.probabilities: expected a sum of 1"),
    (
        ["organisms", "o0", "probabilities", "reused"],
        -1,
        "organisms.o0.probabilities: expected numbers from 0 to 1",
    ),
    (["organisms", "o0", "probabilities", "reused"], 10**400, "a whole number that is too large"),
    (["organisms", "o0", "scores", "L0H0"], 10**400, "organisms.o0.scores: expected"),
    (
        ["organisms", "o0", "probabilities", "reused"],
        "NaN",
        "organisms.o0.probabilities: expected numbers from 0 to 1",
    ),
    (["organisms", "o0", "probabilities", "reused"], "much", "expected float, got 'much'"),
    (["organisms", "o0", "probabilities", "reused"], None, "expected reused, second copy, repurposed"),
    (["organisms", "o0", "shares", "migrated"], 2.0, "organisms.o0.shares"),
    (["organisms", "o0", "scores", "L0H0"], "Infinity", "organisms.o0.scores: expected finite numbers"),
    (["organisms", "o0", "scores", "L0H0"], None, "organisms.o0.scores: expected L0H0 to L1M2, each once"),
    (["organisms", "o0", "verdict"], "reused", "expected the fields probabilities, scores, shares"),
    (["organisms"], [], "expected an object"),
]


@pytest.mark.parametrize(
    ("place", "value", "said"), WRONG, ids=[f"{place[-1]} {said[:40]}" for place, _, said in WRONG]
)
def test_a_wrong_submission_is_refused_in_one_line(out, tmp_path, place, value, said):
    record = answers(out, sure=0.2 if "reused" in place else 1.0)
    above = record
    for step in place[:-1]:
        above = above[step]
    if value is None:
        del above[place[-1]]
    else:
        above[place[-1]] = value
    with pytest.raises(UserError, match=r".") as caught:
        check_submission(written(tmp_path / "wrong.json", record), read_pack(out / "pack"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_submission_that_is_cut_short_or_none_is_refused(out, tmp_path):
    path = written(tmp_path / "cut.json", answers(out))
    path.write_bytes(path.read_bytes()[:-30])
    for broken in (path, tmp_path / "none.json", tmp_path):
        with pytest.raises(UserError) as caught:
            check_submission(broken, read_pack(out / "pack"))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"label": "reused"', '"label": "repurposed"'), "is not the truth of"),
        (lambda text: text.replace('"salt": "', '"salt": "0'), "is not the truth of"),
        (lambda text: text[:-20], "expected JSON"),
        (lambda text: text.replace('"make"', '"made"'), "expected the fields"),
    ],
)
def test_a_truth_that_was_changed_is_refused(out, tmp_path, change, said):
    submission = written(tmp_path / "known.json", answers(out))
    path = tmp_path / "truth.json"
    path.write_text(change((out / "truth.json").read_text()))
    with pytest.raises(UserError, match=said) as caught:
        score_files([submission], path, None, lambda _: None)
    assert "\n" not in str(caught.value)


def test_a_forged_truth_is_scored_against_its_own_submission_alone_and_never_against_the_pack(out, tmp_path):
    forged = json.loads((out / "truth.json").read_text()) | {"salt": "0" * 64}
    truth, lines = written(tmp_path / "truth.json", forged), list[str]()
    record = {name: part for name, part in forged.items() if name != "schema"}
    seal = canonical_sha256(read_json(SealedTruth, record, "truth"))
    submission = written(tmp_path / "forged.json", answers(out) | {"pack": seal})
    result = json.loads(score_files([submission], truth, None, lines.append).read_text())
    assert result["truth_checked_against"] == "the submissions alone"
    assert "checked against the submissions alone" in lines[-1]
    with pytest.raises(UserError, match="is not the truth of"):
        score_files([submission], truth, None, lines.append, out / "pack")
    with pytest.raises(UserError, match="is for the pack"):
        score_files([submission], out / "truth.json", None, lines.append, out / "pack")
    known = written(tmp_path / "known.json", answers(out))
    result = json.loads(
        score_files([known], out / "truth.json", None, lines.append, out / "pack").read_text()
    )
    assert result["truth_checked_against"] == "the pack"


def test_a_rule_is_fitted_where_an_analysis_has_none_and_is_silent_without_numbers():
    truth = truths(LABELS * 4)
    readings = {
        name: OrganismReading((float(LABELS.index(known.label)), 0.0))
        for name, known in truth.organisms.items()
    }
    rule = fitted_rule(readings, truth)
    submission = submission_of("x", readings | {"o0": OrganismReading()}, "", rule)
    assert submission.organisms["o0"].probabilities == dict.fromkeys(LABELS, 1 / 3)
    assert score_submission(submission, truth).accuracy[0] == pytest.approx(11 / 12)
    assert fitted_rule({"o0": readings["o0"]}, truth) is None


def test_a_share_may_be_above_1_by_rounding_alone(out, tmp_path):
    record, shares = answers(out), {"repurposed": 0.0, "migrated": 0.0, "second copy": 0.0}
    record["organisms"]["o0"]["shares"] = {"reused": 1.0000000000000002, **shares}
    assert check_submission(written(tmp_path / "rounded.json", record), read_pack(out / "pack")).has_shares
    record["organisms"]["o0"]["shares"] = {"reused": 1.0001, **shares}
    with pytest.raises(UserError, match=r"o0\.shares: expected numbers from 0 to 1"):
        check_submission(written(tmp_path / "larger.json", record), read_pack(out / "pack"))
