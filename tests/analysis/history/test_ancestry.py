"""Is what became of each component told as its effects say?"""

import shutil

import numpy as np
import pytest

from analysis.history import ancestry
from analysis.history.ancestry import add, stories, told
from analysis.history.events import EVENT_THRESHOLDS
from experiments import compare
from organisms.model.sites import components


def rows(*effects):
    return [
        {"step": 100 + 50 * n, "character": list(character), "self": list(own)}
        for n, (character, own) in enumerate(effects)
    ]


def test_a_spare_that_leaves_characters_for_self_is_told_with_its_dates():
    """a: the primary. b: a spare, taken over at step 200. c: served nobody, now self. d: was needed, no
    longer. e: nothing."""
    found = stories(
        ["a", "b", "c", "d", "e"],
        rows(
            ([0.5, 0.4, 0.0, 0.10, 0.0], [0.5, 0.4, 0.0, 0.1, 0.0]),
            ([0.6, 0.3, 0.0, 0.10, 0.0], [0.4, 0.5, 0.1, 0.0, 0.0]),
            ([0.9, 0.0, 0.0, 0.00, 0.0], [0.0, 0.7, 0.3, 0.0, 0.0]),
        ),
    )
    assert {story["component"]: story["role"] for story in found} == {
        "a": "serves characters alone",
        "b": "left characters for self",
        "c": "new, for self",
        "d": "lost",
    }
    spare = next(story for story in found if story["component"] == "b")
    assert (spare["left_characters"], spare["came_to_self"]) == (200, 200)
    assert next(story for story in found if story["component"] == "a")["left_characters"] is None


def test_a_component_that_stays_serves_both():
    (found,) = stories(["a"], rows(([0.9], [0.9]), ([0.8], [1.0])))
    assert found["role"] == "serves both"


def test_what_was_there_all_along_did_not_come():
    (found,) = stories(["a"], rows(([0.9], [0.98]), ([0.9], [1.0])))
    assert found["came_to_self"] is None


def test_effects_are_shares_of_the_gate_at_the_end(tiny_run):
    """At the fork self has next to no gate, and shares of that would be anything."""
    found = told(tiny_run, 1)
    last = found["checkpoints"][-1]
    assert sum(last["self"]) == pytest.approx(1, abs=1e-3)
    for row in found["checkpoints"]:
        for role in ("character", "self"):
            assert sum(row[role]) == pytest.approx(row[f"{role}_nats"] / last[f"{role}_nats"], abs=1e-3)


@pytest.fixture(scope="module")
def history(tiny_run, findings):
    return add(tiny_run, findings)["ancestry"]


def test_a_history_covers_every_checkpoint_of_every_organism(history, tiny_run):
    entries = tiny_run.entries()
    assert history["steps"] == [entry.step for entry in entries]
    assert [organism["member"] for organism in history["organisms"]] == [0, 1]
    for organism in history["organisms"]:
        assert organism["from_step"] == 0
        for role in ("character", "self"):
            shares = np.array(organism["effects"][role])
            assert shares.shape == (
                len(entries),
                len(components(ancestry.require_finished(tiny_run).organism)),
            )
            assert shares[-1].sum() == pytest.approx(1, abs=1e-3)
        kinds = {event["event"] for event in organism["events"]}
        assert "born" in kinds, "nothing serves anybody in a newborn, and something does at the end"


def test_ends_of_phases_are_looked_at_closely(history, tiny_run):
    """Fingerprints at each, latent effects at each but the last; and who became whom from one to the next."""
    for organism in history["organisms"]:
        fork, end = organism["at_ends_of_phases"]
        assert (fork["phase"], end["phase"]) == ("characters", "intent")
        assert end["latent"] is None
        latent = np.array(fork["latent"]["character"])
        assert (latent == 0).any(), "what single patches find is not latent"
        assert (latent != 0).any()
        assert np.array(end["fingerprints"]).shape == (len(latent), len(history["figures"]))
        (became,) = organism["became"]
        assert (became["from"], became["to"]) == (fork["step"], end["step"])
        assert sorted(one["becomes"] for one in became["components"]) == sorted(
            one["component"] for one in became["components"]
        )


def test_a_history_is_told_where_it_is_asked_for_and_absent(tiny_run, findings, tmp_path, monkeypatch):
    """What was measured before is kept, and a history told by other thresholds is told again."""
    calls = []

    def tell(run, known):
        calls.append("history")
        return {**known, "ancestry": {"thresholds": dict(EVENT_THRESHOLDS)}}

    folder = tmp_path / "run"
    shutil.copytree(tiny_run.folder, folder)
    monkeypatch.setattr(compare, "survey", lambda *_: calls.append("survey") or findings)
    monkeypatch.setattr(ancestry, "add", tell)
    monkeypatch.setattr(compare.tables, "write", lambda *_: [])
    page = tmp_path / "page.html"
    page.write_text("")
    monkeypatch.setattr(compare.report, "build", lambda *_: page)
    for asked, expected in (
        (False, ["survey"]),
        (True, ["survey", "history"]),
        (True, ["survey", "history"]),
    ):
        compare.analyse_run(folder, lineage=asked)
        assert calls == expected
    assert compare.analyse_run(folder)["ancestry"] == {"thresholds": dict(EVENT_THRESHOLDS)}
    assert compare.analyse_run(folder)["command"].endswith("--seed 1 --ancestry")
    monkeypatch.setattr(ancestry.events, "EVENT_THRESHOLDS", {"other": 1})
    compare.analyse_run(folder, lineage=True)
    assert calls == ["survey", "history", "history"]
