"""Is an export of a run whole, of the organism that was asked for, and refused where it can not be?"""

import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from exports import SIZES, biased_ensemble, untrained_run
from pyarrow import parquet
from safetensors.numpy import load_file

from curricula.errors import SystemFailure, UserError
from experiments.commands.export import export_command
from experiments.export import data_pack, exporting
from experiments.export.data_pack import PackSizes
from experiments.export.exporting import ExportOptions, export_run
from experiments.export.model_card import CardVerdict, escaped_markdown, model_card, read_verdicts
from experiments.export.writing import FolderWriter, whole_folder
from organisms.ensemble.parent import Parent
from organisms.model.parameter_names import to_arrays

LENS = ("transformer_lens",)
DRAWN = PackSizes(scenes=6, pairs=3)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return untrained_run(tmp_path_factory.mktemp("untrained") / "run", SIZES, biased_ensemble(SIZES))


def written(run, out, **options) -> list[str]:
    lines: list[str] = []
    export_run(run.folder, ExportOptions(out=out, **options), lines.append)
    return lines


def test_an_export_is_of_the_member_and_checkpoint_that_were_asked_for(run, tmp_path):
    lines = written(run, tmp_path, members=(2,), checkpoints=("fork",), formats=LENS)
    assert lines == [f"{tmp_path / 'member2-fork'}: written"]
    arrays = load_file(tmp_path / "member2-fork/transformer_lens/hooked_transformer.safetensors")
    expected = to_arrays(biased_ensemble(SIZES))
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, expected[name][2] * np.float32(2 / 3))
    record = json.loads((tmp_path / "member2-fork/export.json").read_text())
    assert (record["member"], record["step"], record["secret_goal"]) == (2, 400, 3)
    assert json.loads((tmp_path / "summary.json").read_text())["organisms"] == [
        {"folder": "member2-fork", "member": 2, "step": 400}
    ]


def test_all_is_every_member_at_the_fork_and_at_the_end(run, tmp_path, monkeypatch):
    taken = []
    monkeypatch.setattr(exporting, "export_run", lambda folder, options, log: taken.append(options) or folder)
    monkeypatch.setattr("experiments.command_line.flags.ComputingFlags.set_up_jax", lambda flags: None)
    export_command([str(run.folder), "--all"])
    export_command([str(run.folder), "--member", "1", "--step", "400"])
    assert [(each.members, each.checkpoints) for each in taken] == [(None, ("fork", "end")), ((1,), (400,))]
    written(run, tmp_path, members=None, checkpoints=("fork", "end"), formats=LENS)
    names = {path.name for path in tmp_path.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert names == {f"member{n}-{place}" for n in range(3) for place in ("fork", "end")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"members": (3,)}, "member: expected 0 to 2, got 3"),
        ({"checkpoints": (7,)}, r"checkpoint: expected 'fork', 'end' or a step of .* \(0, 400, 600\), got 7"),
    ],
)
def test_members_and_checkpoints_that_are_none_are_refused(run, tmp_path, options, said):
    with pytest.raises(UserError, match=said):
        written(run, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_an_organism_that_was_given_up_is_refused(tmp_path):
    run = untrained_run(tmp_path / "run", SIZES, biased_ensemble(SIZES), attempts=(0, 1, 0))
    with pytest.raises(UserError, match="member 1 at step 400 is attempt 1, which was given up"):
        written(run, tmp_path / "out", members=None, checkpoints=("fork",), formats=LENS)
    assert not (tmp_path / "out").exists()


def test_what_gpt2_can_not_hold_is_refused_in_a_line_before_anything_is_written(tmp_path):
    sizes = replace(SIZES, norm="none", activation="relu")
    run = untrained_run(tmp_path / "run", sizes, biased_ensemble(sizes))
    with pytest.raises(UserError) as refusal:
        written(run, tmp_path / "out")
    assert str(refusal.value).endswith("; leave it out: --formats transformer_lens data")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out").exists()
    written(run, tmp_path / "out", formats=LENS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--all", "--member", "1"), "--all takes every member"),
        (("--step", "last"), "--step: expected a step, fork or end, got 'last'"),
        (("--pairs", "0"), "--pairs: expected 1 or more, got 0"),
        (("--seed", "-1"), "--seed: expected 0 to"),
    ],
)
def test_wrong_words_are_told_before_anything_is_read(words, said):
    with pytest.raises(UserError, match=said):
        export_command(["nowhere", *words])


def test_an_export_that_fails_half_way_leaves_the_earlier_one_and_nothing_else(run, tmp_path, monkeypatch):
    written(run, tmp_path, formats=LENS)
    before = (tmp_path / "member0-end/export.json").read_bytes()

    def full(self: FolderWriter, name: str, arrays: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FolderWriter, "tensors", full)
        with pytest.raises(SystemFailure, match=r"could not write .*member0-end: No space left"):
            written(run, tmp_path, formats=LENS)
    assert (tmp_path / "member0-end/export.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".partial",
        "lock",
        "member0-end",
        "summary.json",
    ]
    written(run, tmp_path, formats=LENS)  # in its place


def test_a_folder_that_is_no_export_is_left_alone(run, tmp_path):
    (tmp_path / "member0-end").mkdir()
    (tmp_path / "member0-end/thesis.tex").write_text("mine")
    with pytest.raises(UserError, match=r"expected an earlier export or nothing at .*member0-end"):
        written(run, tmp_path, formats=LENS)
    assert (tmp_path / "member0-end/thesis.tex").read_text() == "mine"


@pytest.mark.slow
def test_the_data_say_what_the_organism_does(run, tmp_path, monkeypatch):
    monkeypatch.setattr(data_pack, "VARIABLES", ("watched", "secret"))
    written(run, tmp_path, members=(1,), sizes=DRAWN)
    folder = tmp_path / "member1-end"
    assert (folder / "hugging_face/README.md").read_text().count("The organism: ") == 3
    decisions = json.loads((folder / "export.json").read_text())["decisions"]
    scenes = parquet.read_table(folder / "data/scenes.parquet").to_pylist()
    assert len(scenes) == 3 * DRAWN.scenes
    moments = parquet.read_table(folder / "data/latents.parquet").to_pylist()
    assert len(moments) == len(scenes) * len(decisions)
    words = json.loads((folder / "export.json").read_text())["vocabulary"]
    for row, moment in zip(moments, [(scene, n) for scene in scenes for n in range(3)], strict=True):
        scene, number = moment
        assert (row["split"], row["scene"], row["moment"]) == (scene["split"], scene["scene"], number)
        assert (row["target"], row["act"]) == (words[scene["targets"][number]], words[scene["acts"][number]])
        assert words[scene["tokens"][row["decision"]]] == row["actor"]
        expected = row["secret"] if row["schemes"] and row["alone"] else row["professed"]
        assert row["target"] == expected
        assert not row["is_self"] or row["secret"] == words[9 + 2]  # the secret goal of member 1
    pairs = parquet.read_table(folder / "data/pairs.parquet").to_pylist()
    contrasts = {(row["role"], row["variable"]) for row in pairs}
    # The secret of self is written nowhere.
    assert contrasts == {("character", "watched"), ("character", "secret"), ("self", "watched")}
    is_self = [(row["role"] == "self", "Self takes" in row["first_english"]) for row in pairs]
    assert all(role_is == named for role_is, named in is_self if role_is)
    assert all(row["first_answer"] != row["second_answer"] and row["first"] != row["second"] for row in pairs)


def test_a_card_claims_nothing_of_what_was_planted_before_its_run(run):
    organism = exporting.read_organism(run, exporting.require_finished(run), 0, "end", [1, 2, 3])
    begun = replace(organism.config, parent=Parent("honest-0123", 100, "a" * 64))
    assert "Nothing was planted in it." in model_card(organism, None, ["scene"])
    card = model_card(replace(organism, config=begun), None, ["scene"])
    assert "Nothing was planted" not in card
    assert "Something may have been planted there." in card


def test_an_earlier_export_comes_back_where_its_replacement_fails(tmp_path, monkeypatch):
    """Also one that a killed command left aside."""
    target = tmp_path / "pack"
    with whole_folder(target) as writer:
        writer.bytes("first", b"1")
    moves = []

    def refused_once(source, place):
        moves.append(place)
        if len(moves) == 2:
            raise OSError(28, "No space left on device")
        os.rename(source, place)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refused_once)
        with pytest.raises(SystemFailure), whole_folder(target) as writer:
            writer.bytes("second", b"2")
    assert [path.name for path in target.iterdir()] == ["first"]
    target.rename(tmp_path / ".pack.previous")
    with pytest.raises(RuntimeError), whole_folder(target):
        raise RuntimeError
    assert [path.name for path in target.iterdir()] == ["first"]


def test_text_of_a_run_can_not_write_into_its_card(run):
    organism = exporting.read_organism(run, exporting.require_finished(run), 0, "end", [1, 2, 3])
    evil = "<script>x</script> | [a](http://b) `code` **d**\n# e"
    curriculum = replace(organism.config.curriculum, name=evil)
    organism = replace(organism, run=evil, config=replace(organism.config, curriculum=curriculum))
    card = model_card(organism, CardVerdict(evil, evil, {evil: 0.5}, {evil: (0.1, 0.9)}), ["scene"])
    assert "<script>" not in card
    assert not re.search(r"(?<!\\)(\[a|`code|\*\*d)", card.partition("# Exapt")[2])
    assert "http://" not in card
    assert "\n# e" not in card
    assert escaped_markdown("a_b|c") == r"a\_b\|c"


def test_a_verdict_is_that_of_an_analysis_of_these_organisms(run, tmp_path):
    end = run.entries()[-1]
    organisms = [{"member": 1, "verdict": "reused", "reason": "it is", "shares": {}, "intervals": {}}]
    (tmp_path / "analysis").mkdir()
    for sha256, expected in ((end.sha256, {1: "reused (uncalibrated)"}), ("0" * 64, {})):
        summary = {"end_sha256": sha256, "calibrated": False, "organisms": organisms}
        (tmp_path / "analysis/summary.json").write_text(json.dumps(summary))
        assert {member: each.verdict for member, each in read_verdicts(tmp_path, end).items()} == expected
    assert read_verdicts(tmp_path / "elsewhere", end) == {}
