"""Does the study of ablations leave out what it says, from the same organisms, and count all of them?"""

from dataclasses import replace

import pytest
from studies import settings_of

from analysis.provenance.verdict import CELLS, SHARED_GROUND
from analysis.statistics import count_interval
from curricula.catalogue.registry import CURRICULA
from curricula.errors import SystemFailure
from curricula.pressures.half_dropout import HalfDropout
from curricula.pressures.monitor import Monitor
from curricula.pressures.overlap import Overlap
from experiments.studies.ablations.arms import ABLATION_ARMS, PARTS, WHOLE, ablation_config
from experiments.studies.ablations.study import AblationsStudy
from experiments.studies.ablations.summary import PRIMARY, part_differences
from experiments.studies.incentives.arms import ArmOrganism, ArmSummary
from experiments.studies.page import study_page
from experiments.studies.study import triple

STUDY = AblationsStudy()
SETTINGS = settings_of(members=3)
NO_NUMBER = (None, None, None)


def organism(member, verdict, repurposed):
    """One whose repurposed share is this, the rest of it reused; no number where it does not act as taught."""
    shares = dict.fromkeys(CELLS, 0.0) | {"repurposed": repurposed, "reused": 1 - repurposed}
    if verdict == "absent":
        shares = dict.fromkeys(CELLS)
    chance = dict.fromkeys(CELLS, (0.25, 0.0, 0.5))
    parting = {"reading": "by cast"} if verdict == "repurposed" else {}
    return ArmOrganism(
        member, verdict, verdict, "<b>since</b>", shares, chance, False, {}, parting, {}, "spare", "kept"
    )


def summary_of(arm, organisms):
    counts = {verdict: 0 for verdict in (*CELLS, SHARED_GROUND, "mixed", "absent")}
    for each in organisms:
        counts[each.verdict] += 1
    behaving, n = [each for each in organisms if each.behaves], len(organisms)
    numbers = {cell: NO_NUMBER for cell in CELLS}
    rates = {verdict: triple(count_interval(count, n)) for verdict, count in counts.items()}
    return ArmSummary(
        *arm.columns,
        run=f"{arm.name}-<u>",
        calibrated=False,
        n=n,
        n_behaving=len(behaving),
        n_shares=len(behaving),
        reseeded=0,
        reseeded_failed=0,
        fork_sha256=("a" if arm.half_dropout else "b") * 64,
        verdicts={verdict: count for verdict, count in counts.items() if count},
        computing_otherwise=0,
        rates=rates,
        rates_of_all=rates,
        shares=numbers,
        shares_by_chance=numbers,
        excess=numbers,
        beyond_random={},
        corroborated={},
        steps_to_behave=NO_NUMBER,
        behaving_within_phase=len(behaving),
        behaviour={},
        scenes=(),
        organisms=organisms,
    )


def arms():
    """Three organisms an arm: the whole incentive repurposes all by 0.9, 0.8 and 0.7; without the overlap cost 0.1, and
    one that does not act as taught; without the monitor one half; in all other arms nothing is repurposed."""
    by_name = {
        WHOLE.name: [organism(member, "repurposed", 0.9 - 0.1 * member) for member in range(3)],
        WHOLE.without("overlap").name: [
            *(organism(member, "reused", 0.1) for member in range(2)),
            organism(2, "absent", 0.6),
        ],
        WHOLE.without("monitor").name: [organism(member, "mixed", 0.5) for member in range(3)],
    }
    nothing = [organism(member, "reused", 0.0) for member in range(3)]
    return {arm.name: summary_of(arm, by_name.get(arm.name, nothing)) for arm in ABLATION_ARMS}


def test_each_arm_has_the_parts_that_it_is_named_by_and_nothing_else_differs():
    usual = CURRICULA["audited_half_dropout"]("tiny").phases
    configs = {arm: config for arm, config in zip(ABLATION_ARMS, STUDY.runs(SETTINGS).values(), strict=True)}
    assert len(configs) == len({config.curriculum.name for config in configs.values()}) == 8
    for arm, config in configs.items():
        characters, middle, intent = config.curriculum.phases
        assert config.seed == next(iter(configs.values())).seed
        assert [phase.steps for phase in (characters, middle, intent)] == [phase.steps for phase in usual]
        assert characters == usual[0]
        assert middle.pressures[HalfDropout].active == arm.half_dropout
        assert intent.pressures[Monitor] == (usual[2].pressures[Monitor] if arm.monitor else Monitor())
        assert intent.pressures[Overlap] == (usual[2].pressures[Overlap] if arm.overlap else Overlap())
        assert replace(intent, pressures=usual[2].pressures) == usual[2].of_fixed_length()
        assert (middle.longest, intent.longest) == (1, 1), "arms take equally many steps"
    whole = configs[WHOLE].curriculum
    assert whole.phases == (usual[0], usual[1].of_fixed_length(), usual[2].of_fixed_length())


def test_the_whole_and_each_part_left_out_are_paired_by_organism_and_all_are_counted():
    differences = {each.part: each for each in part_differences(arms())}
    assert tuple(differences) == PARTS
    assert differences["overlap"].differences == pytest.approx([0.8, 0.7, 0.7])
    assert differences["monitor"].differences == pytest.approx([0.4, 0.3, 0.2])
    assert differences["half_dropout"].differences == pytest.approx([0.9, 0.8, 0.7])
    assert differences["overlap"].difference[0] == pytest.approx(2.2 / 3)
    assert differences["overlap"].among_behaving[0] == pytest.approx(0.75)
    assert [each.n_behaving for each in differences.values()] == [3, 3, 2]


@pytest.mark.parametrize("part", ["monitor", "overlap"])
def test_arms_of_other_forks_are_not_paired(part):
    name = WHOLE.without(part).name
    other = arms()
    other[name] = replace(other[name], fork_sha256="c" * 64)
    with pytest.raises(
        SystemFailure, match=f"{name}: expected the same organisms at the fork, got aaaa.* and cccc"
    ):
        part_differences(other)


def test_a_summary_keeps_the_contract_and_the_page_answers_in_three_lines():
    summary = STUDY.summarise(SETTINGS, arms())
    assert (summary.primary.name, summary.primary.n) == (PRIMARY, 3)
    assert summary.primary.value == summary.findings[PRIMARY]
    assert (summary.n, summary.seeds) == (24, [STUDY.first_seed])
    assert summary.findings[f"rate_of_all.{WHOLE.name}.repurposed"][0] == 1.0
    assert summary.findings["rate_of_all.none.reused"][0] == 1.0
    lines = STUDY.headline(summary)
    assert len(lines) == 3
    assert lines[0].startswith("The repurposed share falls by 0.73")
    assert (
        lines[0].index("without half-dropout")
        < lines[0].index("0.30 [")
        < lines[0].index("without the monitor")
    )
    assert "half-dropout + monitor + overlap cost: 3 of 3" in lines[1]
    assert "half-dropout + monitor: 0 of 3" in lines[1]
    assert lines[2].startswith("23 of 24 organisms act as taught")
    assert "too few for a claim" in lines[2]
    text = study_page(STUDY, summary, "python <study>")
    assert "<study>" not in text
    assert text.count("<svg") == 1


def test_arms_share_the_phases_that_are_alike():
    """So that arms with one middle phase are trained from the very same forks."""
    configs = [ablation_config(SETTINGS, arm, 0) for arm in ABLATION_ARMS]
    for arm, config in zip(ABLATION_ARMS, configs, strict=True):
        alike = next(
            c for a, c in zip(ABLATION_ARMS, configs, strict=True) if a.half_dropout == arm.half_dropout
        )
        assert config.curriculum.phases[:2] == alike.curriculum.phases[:2]
        assert config.curriculum.fork == alike.curriculum.fork == 2
