"""Is a study whole with its six parts, and is nothing of it made twice?"""

import json
import re
from dataclasses import dataclass, replace
from importlib.metadata import version

import pytest
from emitters import as_commands_do
from page_script import without_own_script
from studies import settings_of

from curricula.errors import UserError
from experiments.studies import registry
from experiments.studies.catalogue import LISTED_STUDIES
from experiments.studies.execution import StudyOutput, run_study, write_study
from experiments.studies.registry import register_study, study_named
from experiments.studies.study import (
    PrimaryEndpoint,
    Study,
    StudySummary,
)
from organisms.storage.forking import parent_at
from reports.section import Paragraph, Section

PRIMARY = "weights.changed"


@dataclass(frozen=True)
class Weights:
    """What `Drift` measures of a run."""

    first: str
    last: str
    members: tuple[int, ...]
    rates: dict[str, float | None]


class Drift(Study[Weights, StudySummary]):
    """Counts runs whose checkpoints differ; forks each run once."""

    name = "drift"
    about = "counts runs whose weights changed"

    def __init__(self):
        self.measurements = 0

    def runs(self, settings):
        return {"shared": settings.config("shared")}

    def more_runs(self, settings, trained, log):
        parent, _ = parent_at(trained["shared"])
        return {"fork": replace(settings.config("self_never_alone"), parent=parent)}

    def measure(self, run):
        return run.measured_once("drift", Weights, {"rule": 1}, lambda: self._weights(run))

    def _weights(self, run):
        self.measurements += 1
        entries = run.run.entries()
        members = tuple(range(run.config.members))
        return Weights(entries[0].sha256, entries[-1].sha256, members, {"a": 1.0, "b": None})

    def summarise(self, settings, measured):
        share = sum(weights.first != weights.last for weights in measured.values()) / len(measured)
        primary = PrimaryEndpoint(PRIMARY, (share, None, None), len(measured))
        return StudySummary(settings.members, [settings.seed], primary, findings={PRIMARY: share})

    def sections(self, summary):
        return [Section("<b>Drift", "drift", (Paragraph("<script>"),))]

    def headline(self, summary):
        return [f"<i>{summary.primary.value[0]:.2f} of runs changed."]


@pytest.fixture
def only_study(monkeypatch):
    """A registry that holds nothing."""
    monkeypatch.setattr(registry, "_STUDIES", {})
    monkeypatch.setattr(registry, "LISTED_STUDIES", {})


@pytest.mark.slow
def test_a_study_is_trained_measured_and_written_once(tmp_path):
    """Runs, forks of them, measurements and the page; the same command again trains and measures nothing."""
    study, lines, settings = Drift(), [], settings_of(members=2, steps=25)
    output = StudyOutput(tmp_path, "python <study>", quiet=True, log=lines.append)
    with as_commands_do():  # chunks of as many steps as other runs of these sizes have
        path = run_study(study, settings, output)
    summary = json.loads(path.read_text())
    assert summary["study"] == "drift"
    assert (summary["n"], summary["seeds"]) == (2, [0])
    assert summary["primary"] == {"name": PRIMARY, "value": [1.0, None, None], "n": 2}
    assert summary["findings"] == {PRIMARY: 1.0}
    page = without_own_script((path.parent / "report.html").read_text())
    assert summary["report"] == "report.html"
    for dangerous in ("<b>Drift", "<script>", "<i>1.00", "<study>"):
        assert dangerous not in page
    assert "<i>1.00 of runs changed." in lines
    assert study.measurements == 2
    times = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}
    assert run_study(study, settings, output) == path
    assert study.measurements == 2
    assert times == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.safetensors")}


def drift_summary(share: float) -> StudySummary:
    return StudySummary(2, [0], PrimaryEndpoint(PRIMARY, (share, None, None), 2), findings={PRIMARY: share})


def test_a_summary_has_the_date_and_versions_that_it_was_first_written_with(tmp_path):
    """The same command again changes not a byte; another result has a date of its own."""
    study, settings = Drift(), settings_of(members=2)
    output = StudyOutput(tmp_path, "command", log=lambda line: None)
    path = write_study(study, settings, drift_summary(1.0), output)
    first = json.loads(path.read_text())
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", first["date"])
    assert first["made_by"]["jax"] == version("jax")
    path.write_text(path.read_text().replace(first["date"], "2001-02-03"))
    as_it_was = path.read_bytes()
    write_study(study, settings, drift_summary(1.0), output)
    assert path.read_bytes() == as_it_was
    write_study(study, settings, drift_summary(0.5), output)
    assert json.loads(path.read_text())["date"] != "2001-02-03"


def test_wrong_settings_train_nothing_and_are_named_together(tmp_path):
    with pytest.raises(UserError, match=r"members: expected 1 or more.*; seed: expected 0 to"):
        run_study(Drift(), settings_of(members=0, seed=-1), StudyOutput(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_studies_are_found_by_name(only_study):
    assert register_study(Drift) is Drift
    assert isinstance(study_named("drift"), Drift)
    with pytest.raises(UserError, match=r"expected one of drift, got 'drfit'; did you mean 'drift'"):
        study_named("drfit")


def test_every_listed_study_is_held_by_its_module():
    """Under the name that the list gives it: the list is read without the modules."""
    for name, listed in LISTED_STUDIES.items():
        study = study_named(name)
        assert (study.name, type(study).__module__) == (name, listed.module)


def test_no_two_studies_have_one_name(only_study):
    register_study(Drift)
    with pytest.raises(UserError, match=r"registered twice, by .*Drift and .*Drift"):
        register_study(type("Drift", (Drift,), {}))


def test_seeds_of_runs_differ_within_a_study_and_between_study_seeds():
    separate = type("Separate", (Drift,), {"first_seed": 500})()
    seeds = [
        separate.seed_of(settings_of(seed=seed), curriculum, attempt)
        for seed in (0, 1)
        for curriculum in range(4)
        for attempt in range(4)
    ]
    assert len(set(seeds)) == len(seeds)
    assert seeds[:5] == [500, 501, 502, 503, 510]
    assert Drift().seed_of(settings_of(seed=3), 2, 1) == 3
