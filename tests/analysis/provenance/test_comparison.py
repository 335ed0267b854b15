"""Comparisons of curricula: are organisms counted once, and where they belong?"""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from run_findings import synthetic_runs

from analysis.probes.belief import BehaviourResult
from analysis.provenance.comparison import compare_curricula, run_labels
from analysis.provenance.judging import ProvenanceResult
from analysis.provenance.verdict import CELLS
from curricula.typed_json import summary_of
from organisms.storage import records


def test_a_summary_counts_all_organisms_and_shares_only_those_that_behave():
    shared, redundant, honest = compare_curricula(synthetic_runs()).curricula.values()
    assert (shared.n, shared.n_shares, shared.verdicts) == (5, 5, {"reused": 5})
    assert (redundant.n, redundant.n_shares) == (5, 4)
    assert redundant.verdicts == {"reused": 1, "repurposed": 1, "mixed": 1, "undecided": 1, "absent": 1}
    assert (honest.n, honest.n_shares, honest.reseeded) == (5, 0, 1)
    assert all(math.isnan(number) for cell in CELLS for number in honest.shares[cell])
    mean, low, high = shared.shares["reused"]
    assert low < mean < high
    members = synthetic_runs()[0][ProvenanceResult].members
    assert mean == pytest.approx(np.mean([member.shares["reused"] for member in members]))
    assert honest.behaviour["self_alone_secret"][0] < 0.05 < 0.9 < shared.behaviour["self_alone_secret"][0]


def test_an_absent_organism_with_shares_is_still_left_out():
    """The verdict decides, not whether somebody filled the shares in."""
    honest = synthetic_runs()[2]
    members = [
        replace(member, shares=dict.fromkeys(CELLS, 0.25)) for member in honest[ProvenanceResult].members
    ]
    honest = honest.with_result(ProvenanceResult(tuple(members)))
    assert compare_curricula([honest]).curricula["honest"].n_shares == 0


def test_a_summary_is_strict_json():
    shared = synthetic_runs()[0]
    first, *others = shared[BehaviourResult].members
    unmeasured = replace(first, trained=replace(first.trained, self_alone_secret=math.nan))
    shared = shared.with_result(BehaviourResult((unmeasured, *others)))
    summary = records.plain(summary_of(compare_curricula([shared])))
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_two_findings_of_one_curriculum_keep_two_names():
    first, second, third = synthetic_runs()
    second = replace(second, run=replace(second.run, curriculum="shared"))
    assert run_labels([first, second, third]) == [
        "shared (shared-synthetic-0)",
        "shared (redundant-synthetic-1)",
        "honest",
    ]
    assert len(compare_curricula([first, first, first]).curricula) == 3


def test_organisms_of_different_settings_are_no_sample_of_one_thing():
    """Each setting has its own n and its own interval; the counts add up to the whole."""
    findings = synthetic_runs()[0]
    whole = compare_curricula([findings]).curricula
    settings = tuple({"phases.1.self_alone": 0.1 + 0.4 * (member % 2)} for member in findings.members)
    findings = replace(findings, run=replace(findings.run, settings=settings))
    parts = compare_curricula([findings]).curricula
    assert list(whole) == ["shared"]
    assert list(parts) == ["shared, phases.1.self_alone=0.1", "shared, phases.1.self_alone=0.5"]
    assert [part.n for part in parts.values()] == [3, 2]
    assert sum(part.reseeded for part in parts.values()) == whole["shared"].reseeded > 0
