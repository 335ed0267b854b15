"""Do the steps of the command follow each other, and does a wrong word or file get one line?"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from challenges import answers, made_pack, written
from commands import run

from curricula.errors import UserError
from experiments.challenge import baselines
from experiments.challenge.baselines import READERS_BY_NAME, OrganismReading
from experiments.challenge.making import seed_of_plan
from experiments.challenge.pack import read_pack
from experiments.challenge.pack_run import pack_runs
from experiments.challenge.reporting import BaselineRequest, score_files, score_leaks, write_baselines
from experiments.challenge.submission import check_submission
from experiments.commands import challenge


@pytest.fixture(scope="module")
def packs(tmp_path_factory) -> tuple[Path, Path]:
    """Two packs."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        first, second = (
            made_pack(tmp_path_factory.mktemp("pack"), monkeypatch, f"{number:032x}") for number in (1, 2)
        )
        return first, second


@pytest.mark.slow
def test_baselines_of_a_pack_are_whole_and_scored(packs, tmp_path):
    out, practice = packs
    request = BaselineRequest(
        out / "pack", ("random", "weights"), practice / "pack", practice / "truth.json", tmp_path
    )
    summary = json.loads(write_baselines(request, lambda _: None).read_text())
    assert summary["submissions"] == ["random.json", "weight-difference.json"]
    paths = [tmp_path / name for name in summary["submissions"]]
    for path in paths:
        submission = check_submission(path, read_pack(out / "pack"))
        assert submission.has_scores
    scores = json.loads(score_files(paths, out / "truth.json", None, lambda _: None).read_text())["scores"]
    assert [score["n"] for score in scores] == [3, 3]
    assert scores[0]["share_error"] is not None
    assert scores[1]["share_error"] is None


@pytest.mark.slow
def test_a_baseline_without_a_rule_is_left_out_without_a_practice_pack(packs, tmp_path):
    out, practice = packs
    lines: list[str] = []
    request = BaselineRequest(out / "pack", ("weights",), None, None, tmp_path)
    assert json.loads(write_baselines(request, lines.append).read_text())["submissions"] == []
    assert "weight difference: left out" in lines[-1]
    for pack, truth, said in (
        (practice / "pack", None, "together"),
        (out / "pack", out / "truth.json", "one of another seed"),
        (practice / "pack", out / "truth.json", "is not the truth of"),
    ):
        with pytest.raises(UserError, match=said):
            write_baselines(BaselineRequest(out / "pack", ("weights",), pack, truth, tmp_path), lines.append)


@pytest.mark.slow
def test_a_baseline_that_gives_no_numbers_is_left_out(packs, tmp_path, monkeypatch):
    """Equal probabilities for all would be scored as if it had answered."""
    out, practice = packs

    def silent(measured, seal):
        return {"line silent": [OrganismReading(()) for _ in measured.part.names]}

    monkeypatch.setattr(baselines, "READERS_BY_NAME", {**READERS_BY_NAME, "lines": silent})
    lines: list[str] = []
    request = BaselineRequest(
        out / "pack", ("random", "lines"), practice / "pack", practice / "truth.json", tmp_path
    )
    summary = json.loads(write_baselines(request, lines.append).read_text())
    assert summary["submissions"] == ["random.json"]
    assert "line silent: left out, since it gives no numbers of the practice pack" in lines


def test_a_pack_of_one_organism_a_label_is_too_small_for_the_leak_test(packs):
    out, _ = packs
    with pytest.raises(UserError, match="expected two or more organisms of each label"):
        score_leaks(out / "pack", out / "truth.json", out, lambda _: None)


def test_a_pack_of_equal_names_has_a_run_of_its_own(packs):
    parts = [next(pack_runs(read_pack(out / "pack"), out / "pack")) for out in (*packs, packs[0])]
    assert parts[0].names == parts[1].names
    assert parts[0].config == parts[1].config
    names = [part.folder_name() for part in parts]
    assert names[0] == names[2] != names[1]


def test_the_run_of_a_pack_follows_from_its_seal_and_from_each_file(packs):
    folder = packs[0] / "pack"
    pack = read_pack(folder)
    first = pack.organisms["o0"]
    changed = replace(first, files={**first.files, "end.safetensors": "0"})
    others = (
        pack,
        replace(pack, truth_sha256="0"),
        replace(pack, organisms={**pack.organisms, "o0": changed}),
    )
    assert len({next(pack_runs(other, folder)).folder_name() for other in others}) == 3


def test_the_same_command_goes_on_with_the_seed_that_was_drawn(packs, tmp_path):
    assert seed_of_plan(packs[0]) == 3
    assert seed_of_plan(tmp_path) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected one of make, check, score, baselines, leaks, got none; see --help"),
        (["mak"], "got mak; did you mean 'make'?; see --help"),
        (
            ["make", "--sets", "0", "--seed", "-1"],
            "--sets: expected 1 or more, got 0; --seed: expected 0 to 2**128 - 1",
        ),
        (["score", "none.json", "--truth", "none.json"], "expected none.json in ., found none"),
        (["check", "none.json", "--pack", "."], "expected pack.json in ., found none"),
    ],
)
def test_a_wrong_word_gets_one_line(words, said, monkeypatch):
    monkeypatch.setattr(challenge.ChallengeMake, "set_up_jax", lambda _: None)
    with pytest.raises(UserError) as caught:
        challenge.challenge_command(words)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_scores_and_ends_with_the_path_of_the_score(packs, tmp_path):
    out, _ = packs
    path = written(tmp_path / "known.json", answers(out))
    result = run("challenge", "score", path, "--truth", out / "truth.json", "--pack", out / "pack")
    assert (result.returncode, result.stdout.strip()) == (0, str(tmp_path / "score.json"))
    assert "| all \\| known | 1.00" in result.stderr
    assert "the truth was checked against the pack" in result.stderr
    changed = written(tmp_path / "changed.json", answers(out) | {"pack": "0"})
    result = run("challenge", "score", changed, "--truth", out / "truth.json")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
