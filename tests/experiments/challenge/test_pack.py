"""Does a pack hold its organisms, and nothing that tells how they were made?"""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from challenges import PLAN, SERVING, made_pack, untrained_sources
from compiled import logits_of
from safetensors.numpy import load_file

from curricula.errors import UserError
from experiments.challenge import making
from experiments.challenge.pack import read_pack, read_pairs
from experiments.challenge.pack_run import pack_runs
from experiments.challenge.sealing import (
    SealedTruth,
    new_secret,
    pack_streams,
    read_truth_file,
    require_truth_of,
)
from experiments.challenge.sources import LABELS, PLANTED_MAKES, PackPlan


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return made_pack(tmp_path_factory.mktemp("pack"), monkeypatch)


def test_a_pack_does_not_say_how_its_organisms_were_made(out):
    texts = [path.read_text() for path in (out / "pack").rglob("*.json")]
    truth = json.loads((out / "truth.json").read_text())
    words = ("routed", "incentivised", "untrained", "curriculum", "member", truth["salt"], "phase", "planted")
    assert len(texts) == 5
    assert not [word for word in words if any(re.search(rf"\b{word}\b", text) for text in texts)]
    assert {path.stat().st_mtime for path in (out / "pack").rglob("*")} == {0}
    assert {path.name for path in out.iterdir()} >= {"pack", "truth.json", "summary.json"}
    assert not list((out / "pack").rglob("truth*"))


def test_organisms_of_a_pack_do_what_their_pairs_say(out):
    folder = out / "pack"
    (part,) = pack_runs(read_pack(folder), folder)
    for member, name in enumerate(part.names):
        pairs = read_pairs(folder, name, "self_watched")
        organism = jax.tree.map(lambda leaf, member=member: leaf[member], part.stages[1])
        logits, rows = np.asarray(logits_of(organism, pairs.second)), np.arange(len(pairs.decision))
        assert len(rows) > 0
        acts = logits[rows, pairs.decision]
        expected = load_file(folder / "organisms" / name / "pairs.safetensors")[
            "self_watched.differences_nats"
        ]
        differences = acts[rows, pairs.second_answer] - acts[rows, pairs.first_answer]
        assert np.allclose(differences, expected[:, 1], atol=2e-3)


def test_a_truth_names_components_as_the_pack_does_and_is_sealed(out):
    pack = read_pack(out / "pack")
    truth = read_truth_file(out / "truth.json", pack.truth_sha256, "the pack")
    require_truth_of(pack, truth, out / "truth.json")
    labels = [organism.label for organism in truth.organisms.values()]
    assert sorted(map(str, labels)) == sorted([*LABELS, "None"])
    for name, organism in truth.organisms.items():
        assert set(organism.components) <= set(pack.organisms[name].components)
        assert len(organism.components) == (len(SERVING) if organism.label else 0)
    assert len(truth.salt) == 64
    assert SealedTruth("0" * 64, truth.pack_sha256, truth.organisms).seal() != truth.seal()


def test_a_pack_is_made_once(out, monkeypatch):
    monkeypatch.setattr(making, "source_organisms", None)
    before = (out / "truth.json").read_bytes()
    assert making.make_pack(PLAN, out, True, lambda _: None) == out / "summary.json"
    assert (out / "truth.json").read_bytes() == before
    with pytest.raises(UserError, match=r"holds another pack: seed: expected 4, found 3; give another --out"):
        making.make_pack(PackPlan(4, 1, makes=PLAN.makes, pairs=8), out, True, lambda _: None)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("organisms/o1/end.safetensors", lambda data: data[:-4] + b"1234", "its sha256 differs"),
        ("organisms/o0/pairs.safetensors", lambda data: data[:99], "its sha256 differs"),
        ("organisms/o0/config.json", None, "could not read .*config.json: No such file"),
        ("pack.json", lambda data: data[:-9], "expected JSON"),
        ("pack.json", lambda data: data.replace(b'"L0H0"', b'"L9H9"'), "a world or components of no pack"),
        ("pack.json", lambda data: data.replace(b'"o0"', b'"../o0"'), "expected letters and digits"),
        (
            "pack.json",
            lambda data: data.replace(b'"version": 1', b'"version": 2'),
            "version: expected one of 1, got 2",
        ),
    ],
)
def test_a_pack_that_was_changed_is_refused(out, tmp_path, file, change, said):
    folder = shutil.copytree(out / "pack", tmp_path / "pack")
    path = folder / file
    path.write_bytes(change(path.read_bytes())) if change else path.unlink()
    with pytest.raises(UserError, match=said) as caught:
        read_pack(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("files", [{}, {"end.safetensors": "0"}, {"../../pack.json": "0"}])
def test_a_pack_that_names_other_files_is_refused(out, tmp_path, files):
    folder = shutil.copytree(out / "pack", tmp_path / "pack")
    record = json.loads((folder / "pack.json").read_text())
    record["organisms"]["o0"]["files"] = files
    (folder / "pack.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"expected the files config.json, end.safetensors") as caught:
        read_pack(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["worlds", "labels", "organisms"])
def test_a_truth_is_of_the_whole_record_of_its_pack(out, part):
    pack = read_pack(out / "pack")
    truth = read_truth_file(out / "truth.json", pack.truth_sha256, "the pack")
    kept = getattr(pack, part)
    changed = replace(pack, **{part: kept[::-1] if part == "labels" else dict(list(kept.items())[1:])})
    with pytest.raises(UserError, match="was sealed for other"):
        require_truth_of(changed, truth, out / "truth.json")


def published(out: Path) -> dict[str, bytes]:
    """What a folder has that is published, and the truth."""
    paths = [path for path in (out / "pack").rglob("*") if path.is_file()]
    return {str(path.relative_to(out)): path.read_bytes() for path in (*paths, out / "truth.json")}


def order_of(out: Path) -> list[str | None]:
    """Labels of the organisms of a pack, in its order."""
    return [known["label"] for known in json.loads((out / "truth.json").read_text())["organisms"].values()]


def test_order_and_disguise_follow_from_the_secret_and_not_from_the_seed(out, tmp_path, monkeypatch):
    others = [made_pack(tmp_path / str(number), monkeypatch, f"{number:032x}") for number in range(2, 5)]
    assert {json.loads((each / "plan.json").read_text())["seed"] for each in others} == {PLAN.seed}
    assert len({tuple(order_of(each)) for each in (out, *others)}) > 1
    whole = {name: data for each in others for name, data in published(each).items() if "fork" in name}
    assert not [name for name, data in published(out).items() if whole.get(name) == data]
    other_seed = made_pack(tmp_path / "seed", monkeypatch, plan=replace(PLAN, seed=99))
    assert order_of(other_seed) == order_of(out)


def test_a_killed_command_goes_on_to_the_same_bytes_and_publishes_no_secret(out, tmp_path, monkeypatch):
    again = tmp_path / "out"
    again.mkdir()
    shutil.copy(out / "plan.json", again / "plan.json")
    monkeypatch.setattr(making, "source_organisms", lambda *_: untrained_sources(tmp_path / "untrained"))
    making.make_pack(PLAN, again, True, lambda _: None)
    assert published(again) == published(out)
    secret = json.loads((out / "plan.json").read_text())["secret"]
    assert len(secret) == 32
    assert not [name for name, data in published(out).items() if secret.encode() in data]


def test_secrets_and_their_streams_are_all_different():
    assert len({new_secret() for _ in range(8)}) == 8
    streams = pack_streams(f"{1:032x}")
    drawn = [getattr(streams, name).integers(2**62) for name in ("order", "gauge", "noise", "pairs")]
    assert len(set(drawn)) == 4
    assert streams.salt != pack_streams(f"{2:032x}").salt


def test_a_plan_says_all_that_is_wrong_with_it():
    errors = PackPlan(-1, 0, makes=(), pairs=0, grown=0).errors()
    assert [line.split(":")[0] for line in errors] == ["--sets", "--pairs", "--grown", "--seed", "--makes"]


def test_every_planted_make_has_every_label_equally_often():
    for make, names in PLANTED_MAKES.items():
        assert len(names) == len(LABELS)
        for label, name in zip(LABELS, names, strict=True):
            assert name.endswith(label.replace(" ", "_")), make
