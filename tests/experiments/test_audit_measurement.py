"""Is a run audited where it is asked for, with f where honest twins lie beside it?"""

import json
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
from run_findings import synthetic_runs
from twins import written_run

from analysis.audits.audit_game import ALARM_LEVEL
from analysis.audits.grain_shares import EVERY_GRAIN
from analysis.audits.honesty import TaughtBehaviour
from analysis.audits.results import AuditResult, GatedComponent, GrainAudit, MemberAudit
from analysis.audits.twin_difference import LEAST_TWINS
from analysis.audits.twin_runs import twin_config
from analysis.audits.units import GRAINS, UnitSettings, audit_units
from analysis.findings import gather_findings
from curricula.typed_json import read_json, write_json
from experiments.measurements import audit as audit_module
from experiments.measurements.audit import AuditMeasurement
from experiments.measurements.cache import ResultCache, measurement_keys
from experiments.measurements.measuring import opened_for_measuring
from experiments.measurements.protocol import MeasuredRun
from experiments.measurements.registry import registered_measurements
from organisms.ensemble.config import named_config, read_config
from organisms.storage.run import read_run
from reports.page import Page, render_page

pytestmark = pytest.mark.usefixtures("programs_of_commands")
UNITS = UnitSettings(neurons=16, subspaces=4, rank=2)
SCHEMER = named_config("shared", "tiny", members=2, seed=7)


@pytest.fixture(scope="module")
def few_units():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_module, "UNITS", UNITS)
        yield


@pytest.fixture
def beside(tiny_run, tmp_path, few_units):
    """A copy of `tiny_run` beside which nothing lies."""
    folder = tmp_path / "runs" / tiny_run.folder.name
    shutil.copytree(tiny_run.folder, folder)
    return read_run(folder)


def audited(run):
    opened = opened_for_measuring(run, 1)
    return AuditMeasurement().measure(opened, gather_findings(opened.info))


def noisy(arrays, seed):
    """Parameters that differ a little."""
    rng = np.random.default_rng(seed)
    return {
        name: (array + 1e-3 * rng.normal(size=array.shape)).astype(array.dtype)
        for name, array in arrays.items()
    }


def write_twin(run, number, arrays, **summary):
    folder = run.folder.parent / f"twin{number}"
    config, summary = read_config(run.config), {"secret_goals": run.summary()["secret_goals"], **summary}
    return written_run(folder, twin_config(config, number), arrays, **summary)


def test_it_is_made_only_where_it_is_asked_for():
    (measurement,) = [each for each in registered_measurements() if each.name == "audit"]
    assert measurement.optional
    assert measurement.flags(None) == "--measure audit"


@pytest.mark.slow
def test_without_twins_gated_units_are_there_and_no_f(beside):
    result = audited(beside)
    assert (len(result.members), result.twin_runs) == (2, 0)
    units = audit_units(read_config(beside.config).organism, UNITS)
    for audit in result.members:
        assert audit.twins == 0
        assert [of_grain.grain for of_grain in audit.grains] == [*GRAINS, EVERY_GRAIN]
        assert all(math.isnan(number) for each in audit.grains for number in (each.beyond, each.share))
        assert [each.units for each in audit.grains[:-1]] == [units.of_grain(grain).sum() for grain in GRAINS]
        whole, parts = audit.of_grain(EVERY_GRAIN), audit.grains[:-1]
        assert whole.units == len(units)
        for name in ("gated_in_selfs", "gated_in_characters"):
            mean = np.average([getattr(each, name) for each in parts], weights=[each.units for each in parts])
            assert getattr(whole, name) == pytest.approx(mean)
            assert getattr(whole, name) > 2 * ALARM_LEVEL  # both have learned a gate
        carried_nats = [abs(component.carried_nats) for component in audit.gated_components]
        assert carried_nats == sorted(carried_nats, reverse=True)
        assert all(component.p <= ALARM_LEVEL for component in audit.gated_components)
        components = audit.of_grain("component")
        assert len(carried_nats) == pytest.approx(components.gated_in_selfs * components.units)
        assert carried_nats[0] > 1
    text = json.dumps(write_json(result), allow_nan=False)
    assert json.dumps(write_json(read_json(AuditResult, json.loads(text), "audit"))) == text


@pytest.mark.slow
def test_f_is_high_beside_twins_that_differ_and_none_beside_twins_that_do_not(beside, monkeypatch):
    """Twins of the first organism are copies of it as it was at the fork, those of the second as it is at the end, all of
    them a little disturbed and, for this test, honest: the second one's last twin is not."""
    entries, config = beside.entries(), read_config(beside.config)
    fork = [entry for entry in entries if entry.phase == config.curriculum.phases[0].name][-1]
    early, late = beside.parameters(fork), beside.parameters(entries[-1])
    for number in range(4):
        arrays = {name: np.stack([early[name][0], late[name][1]]) for name in late}
        write_twin(beside, number, noisy(arrays, number))
    verdicts = iter([[True, True]] * 3 + [[True, False]])
    monkeypatch.setattr(
        audit_module,
        "taught_behaviour",
        lambda end, profiles: TaughtBehaviour(*(np.array(next(verdicts)),) * 2),
    )
    result = audited(beside)
    assert result.twin_runs == 4
    first, second = result.members
    assert (first.twins, second.twins) == (4, 3)
    assert first.of_grain(EVERY_GRAIN).share > 0.3
    assert first.of_grain(EVERY_GRAIN).beyond >= first.of_grain(EVERY_GRAIN).share
    assert second.of_grain(EVERY_GRAIN).share < 0.2
    assert not math.isnan(second.of_grain("component").share)


@pytest.mark.slow
def test_an_organism_that_schemes_is_no_honest_twin(beside):
    """Whatever the config of its run says."""
    end = beside.entries()[-1]
    write_twin(beside, 0, beside.parameters(end), retention=end.extra["retention"])
    result = audited(beside)
    assert (result.twin_runs, [audit.twins for audit in result.members]) == (1, [0, 0])


def test_a_cached_result_is_valid_until_another_twin_appears(tmp_path):
    measurement = AuditMeasurement()
    written = written_run(tmp_path / "runs" / "schemer", SCHEMER, secret_goals=[0, 1])
    info = replace(synthetic_runs()[0].run, config=SCHEMER)
    run = MeasuredRun(written, info)
    cache = ResultCache(tmp_path / "analysis", measurement_keys([measurement], 1, ["a"]))
    for number in (0, 1):
        cache.write(measurement, measurement.inputs(run), AuditResult((), number))
        assert cache.read(measurement, measurement.inputs(run)) == AuditResult((), number)
        written_run(tmp_path / "runs" / f"twin{number}", twin_config(SCHEMER, number))
        assert cache.read(measurement, measurement.inputs(run)) is None
    assert measurement.inputs(MeasuredRun(written, info, null="untrained")) is None


def made_up(twins, share):
    grains = tuple(GrainAudit(grain, 10, 0.31, 0.42, share + 0.05, share) for grain in (*GRAINS, EVERY_GRAIN))
    components = tuple(GatedComponent(f"L1H{n}", 9.5 - n, 0.75, 1e-5) for n in range(8))
    return MemberAudit(twins, grains, components)


def with_audits(findings, *audits, twin_runs=0):
    """Findings with audits of the first organisms alone."""
    return replace(findings, members=tuple(range(len(audits)))).with_result(AuditResult(audits, twin_runs))


def page_of(*findings):
    section = AuditMeasurement().section(findings)
    return render_page(Page("Audits", "", ["<b>"], [section]))


@pytest.fixture(scope="module")
def findings_of_nobody():
    return synthetic_runs()[0]


def test_the_section_says_that_no_twin_lies_there_and_how_to_get_some(findings_of_nobody):
    page = page_of(with_audits(findings_of_nobody, made_up(0, math.nan)))
    assert "no run of honest twins lies beside" in page
    assert "study.py audits" in page
    assert ">f<" not in page
    assert ">0.31<" in page
    assert ">0.42<" in page
    assert "L1H5" in page
    assert "L1H6" not in page  # six are shown, all are in the table


def test_the_section_shows_f_beside_enough_twins_alone(findings_of_nobody):
    enough, few = made_up(LEAST_TWINS, 0.27), made_up(LEAST_TWINS - 1, math.nan)
    page = page_of(with_audits(findings_of_nobody, enough, few, twin_runs=4))
    assert page.count(">f<") == 1
    assert page.count(">0.27<") == len(GRAINS) + 1
    assert "fewer honest ones there: 1. " in page
    assert "4 runs of twins" in page
    assert "fewer honest ones" not in page_of(with_audits(findings_of_nobody, enough, twin_runs=4))


def test_there_is_no_section_where_no_run_was_audited(findings_of_nobody):
    assert AuditMeasurement().section([findings_of_nobody]) is None


def test_rows_hold_every_number(findings_of_nobody):
    rows = list(
        AuditMeasurement().rows(with_audits(findings_of_nobody, made_up(4, 0.27), made_up(0, math.nan)))
    )
    by_place = {(row.member, row.metric, row.role, row.variable, row.component): row for row in rows}
    assert len(by_place) == len(rows) == 2 * (1 + 4 * (len(GRAINS) + 1) + 3 * 8)
    assert by_place[0, "honest twins", None, None, None].value == 4
    assert by_place[0, "gated", "self", "neuron", None].value == 0.31
    assert by_place[0, "gated", "character", "neuron", None].value == 0.42
    assert by_place[0, "beyond", "self", EVERY_GRAIN, None].value == pytest.approx(0.32)
    assert by_place[0, "f", "self", "edge", None].value == 0.27
    assert by_place[0, "f", "self", "edge", None].n == 10
    assert by_place[1, "carried nats", "self", None, "L1H7"].value == 2.5
    assert by_place[1, "gatedness", "self", None, "L1H7"].value == 0.75
    assert by_place[1, "gatedness p", "self", None, "L1H7"].value == 1e-5
