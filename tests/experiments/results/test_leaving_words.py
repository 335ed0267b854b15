"""Do the data bear what docs/leaving.md says in words, README of it, and docs/worlds.md of gpu scale? Where a test fails here,
the words are to be written anew."""

from statistics import mean

from altered_results import AlteredData, kept_record
from kept_words import holds, is_above, is_below

from analysis.thresholds import BEHAVES
from experiments.results.blocks.leaving import KeptAblations, KeptArm, KeptReinitialisation, KeptSwap
from experiments.studies.ablations.arms import ABLATION_ARMS
from experiments.studies.swap.paired import PRIMARY
from reports.sections.reinitialisation import place_and_slowdown

DATA = AlteredData()
ABLATIONS, SWAP = DATA.read("ablations", KeptAblations), DATA.read("swap", KeptSwap)
LOST = {row.part: row.difference for row in ABLATIONS.differences}
CHANGES = {change.name: change.mean for change in SWAP.changes}
WITH_OVERLAP = [arm for arm in ABLATION_ARMS if "overlap" in arm.parts]
READING, EFFECTS = "reading", "effects"


def arms_of(*parts: str) -> list[KeptArm]:
    """Arms that have some parts."""
    return [ABLATIONS.arm(arm.name) for arm in ABLATION_ARMS if {*parts} <= {*arm.parts}]


def by_cast(arm: KeptArm, kind: str) -> int:
    return sum(organism.parting.get(kind) == "by cast" for organism in arm.read_organisms())


def test_self_reuses_where_nothing_drives_it():
    for verdicts in (ABLATIONS.arm("none").verdicts, SWAP.arms["nobody.none"].verdicts):
        assert verdicts["reused"] / sum(verdicts.values()) > 0.9


def test_verdicts_of_an_auditor_s_organisms_are_uncalibrated():
    assert kept_record("ablations")["calibrated"] is False


def test_the_overlap_cost_is_what_it_takes():
    """Without it no organism is repurposed, and most of the share goes with it."""
    assert is_above(LOST["overlap"], 0.5)
    for arm in ABLATION_ARMS:
        count = ABLATIONS.arm(arm.name).verdicts.get("repurposed", 0)
        assert (count > 0) == ("overlap" in arm.parts)


def test_half_dropout_adds_to_the_share_and_makes_the_spare():
    assert is_above(LOST["half_dropout"], 0)
    for arm in WITH_OVERLAP:
        if "half_dropout" in arm.parts:
            _, low, _ = ABLATIONS.interval(f"took_spare.{arm.name}")
            assert is_below(ABLATIONS.interval(f"took_spare.{arm.without('half_dropout').name}"), low)


def test_the_monitor_lowers_the_share_a_little():
    assert is_below(LOST["monitor"], 0)
    assert is_above(LOST["monitor"], -0.2)


def test_self_goes_elsewhere_where_its_components_are_drawn_anew_and_no_slower():
    record = DATA.read("reinitialisation", KeptReinitialisation)
    place, slower = place_and_slowdown([member for member in record.members if member], record.limit)
    assert is_below(place, 0)
    assert is_below(slower, 1)


def test_beside_self_what_reads_the_cues_goes_some_of_the_way_and_what_carries_the_gate_stays():
    for with_dropout in (False, True):
        moved = {
            kind: [
                value
                for arm in arms_of("overlap")
                if (arm.between == "half dropout") == with_dropout
                for value in arm.moved(kind)
            ]
            for kind in (READING, EFFECTS)
        }
        assert 0.1 < mean(moved[READING]) < 0.6
        assert abs(mean(moved[EFFECTS])) < 0.05


def test_by_what_reads_the_cues_many_part_by_cast_and_by_what_carries_the_gate_none():
    arms = arms_of("overlap")
    assert sum(by_cast(arm, READING) for arm in arms) > 0.25 * sum(arm.n for arm in arms)
    assert sum(by_cast(arm, EFFECTS) for arm in arms) == 0


def test_self_changes_sides_with_the_overlap_cost_and_without():
    assert SWAP.primary.name == PRIMARY
    for cost in ("overlap", "self_side", "none"):
        assert is_below(CHANGES[f"self_in_watched_half.{cost}"], -0.5)


def test_characters_follow_self_unless_the_cost_pushes_them():
    assert is_above(CHANGES["character_in_watched_half.overlap"], 0)
    for cost in ("self_side", "none"):
        assert is_below(CHANGES[f"character_in_watched_half.{cost}"], 0)


def test_a_sham_moves_self_out_of_its_components_and_not_out_of_the_first_half():
    assert is_below(CHANGES["self_in_sham.overlap"], 0)
    assert holds(CHANGES["self_in_first_half_by_sham.overlap"], 0)


def test_a_push_parts_the_roles_and_a_monitor_alone_does_not():
    for name, arm in SWAP.arms.items():
        assert (arm.verdicts.get("repurposed", 0) > 0) == name.endswith(".overlap")


def test_the_organism_of_gpu_scale_behaves_is_reused_and_less_so_by_the_strict_definition():
    (organism,) = kept_record("gpu_scale")["organisms"]
    assert organism["verdict"] == "reused"
    assert min(organism["behaviour"].values()) >= BEHAVES
    assert organism["strict_reused_share"] < organism["reused_share"][1]
    assert kept_record("gpu_scale")["calibrated"] is False
