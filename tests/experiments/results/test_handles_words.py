"""Do the data bear what README and docs/handles.md say of handles in words?"""

from altered_results import AlteredData

from experiments.results.blocks.handles import KeptHandles, prediction_text
from experiments.studies.handles.rates import PREDICTED_HOLDS, PRIMARY, PRIMARY_LOCATION, HandleKind

SUMMARY = AlteredData().read("handles", KeptHandles)
SILENT = PRIMARY_LOCATION.replace(" ", "_")
PREDICTED_GROUPS = [(rate.source, rate.provenance) for rate in SUMMARY.rates if rate.handle == "location"]


def predicted(handle: HandleKind) -> dict[tuple[str, str], str]:
    """What became of the prediction of a handle, by group."""
    rates = [rate for rate in SUMMARY.rates if rate.handle == handle and rate.predicted]
    return {(rate.source, rate.provenance): prediction_text(rate).partition(":")[0] for rate in rates}


def mean(name: str) -> float:
    value, _, _ = SUMMARY.interval(name)
    assert value is not None
    return value


def test_locations_do_as_predicted_in_every_group():
    found = predicted("location")
    assert set(found) == {
        (source, name) for source in ("planted", "incentivised") for name in PREDICTED_HOLDS
    }
    assert set(found.values()) == {"as predicted in most"}
    assert SUMMARY.primary.name == PRIMARY
    assert SUMMARY.primary.value[1] > 0.5


def test_probes_read_second_copies_and_honest_organisms_too():
    assert predicted("probe")["planted", "second copy"] == "against it in most"
    assert mean("planted.second_copy.probe.fork.actor.auroc") > 0.6
    for group in ("negative.honest", "negative.honest_interference"):
        assert mean(f"{group}.probe.fork.actor.auroc") > 0.7


def test_directions_move_what_is_reused_and_what_they_do_to_a_repurposed_self_is_open():
    found = predicted("direction")
    assert {found[source, "reused"] for source in ("planted", "incentivised")} == {"as predicted in most"}
    assert {found[source, "repurposed"] for source in ("planted", "incentivised")} == {"open"}


def test_a_second_copy_loses_less_than_by_random_sets():
    for source in ("planted", "incentivised"):
        group = f"{source}.second_copy.lesion.fork.{SILENT}"
        assert mean(group) < 0.05 < mean(f"{group}.random")


def test_cores_by_patching_take_less_of_a_repurposed_self():
    for source in ("planted", "incentivised"):
        group = f"{source}.repurposed.lesion.fork"
        assert mean(f"{group}.core") < mean(f"{group}.{SILENT}")
        assert mean(f"{group}.core.covers") < mean(f"{group}.{SILENT}.covers")


def test_honest_organisms_named_reused_have_next_to_no_gate():
    assert SUMMARY.by_both_locations["negative.honest"]["reused"] > 0
    for group in ("negative.honest", "negative.honest_interference"):
        assert mean(f"{group}.lesion.self.{SILENT}.nats") < 2
    assert mean(f"incentivised.reused.lesion.self.{SILENT}.nats") > 10
