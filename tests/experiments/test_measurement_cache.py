"""Results are kept by measurement: what changes makes its own result invalid, and no other."""

from dataclasses import dataclass

import pytest

from analysis.provenance.corroboration import SAME_MECHANISM, Evidence, EvidenceLine
from curricula.errors import UserError
from experiments.measurements import registry
from experiments.measurements.cache import ResultCache, measurement_keys
from experiments.measurements.protocol import Measurement
from experiments.measurements.registry import register_measurement, registered_measurements


@dataclass(frozen=True)
class Counted:
    value: float


@dataclass(frozen=True)
class Doubled:
    value: float


@dataclass(frozen=True)
class Unrelated:
    value: float


class Counting(Measurement[Counted]):
    name, result, settings = "counting", Counted, {"bar": 1.0}

    def measure(self, run, results):
        return Counted(1.0)

    def evidence(self, findings):
        yield Evidence("counting", SAME_MECHANISM, (EvidenceLine(0.9, 0.8, 1.0, null_high=0.1),) * 2)


class Doubling(Measurement[Doubled]):
    name, result, requires = "doubling", Doubled, (Counted,)

    def measure(self, run, results):
        return Doubled(2 * results[Counted].value)


def keys(measurements, seed=1, hashes=("a", "b")):
    return measurement_keys(measurements, seed, hashes)


@pytest.fixture
def only_these(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTERED", {})


def test_a_new_measurement_leaves_the_others_valid():
    class New(Counting):
        name, result = "new", Unrelated

    assert keys([Counting(), Doubling()]) == {
        name: key for name, key in keys([Counting(), Doubling(), New()]).items() if name != "new"
    }


def test_a_changed_threshold_invalidates_its_measurement_and_what_requires_it(monkeypatch):
    class Other(Measurement[Unrelated]):
        name, result = "other", Unrelated

        def measure(self, run, results):
            return Unrelated(0.0)

    measurements = [Counting(), Doubling(), Other()]
    before = keys(measurements)
    monkeypatch.setattr(Counting, "settings", {"bar": 2.0})
    after = keys(measurements)
    assert [name for name in before if before[name] != after[name]] == ["counting", "doubling"]


def test_another_seed_or_checkpoint_invalidates_everything():
    first = keys([Counting()])
    assert keys([Counting()], seed=2) != first != keys([Counting()], hashes=("a", "c"))


def test_a_result_is_read_where_it_is_valid_and_only_there(tmp_path):
    cache = ResultCache(tmp_path, {"counting": "1"})
    assert cache.read(Counting(), None) is None
    cache.write(Counting(), None, Counted(3.0))
    assert cache.read(Counting(), None) == Counted(3.0)
    assert cache.read(Counting(), "other inputs") is None
    assert ResultCache(tmp_path, {"counting": "2"}).read(Counting(), None) is None


def test_a_name_registered_twice_names_both(only_these):
    register_measurement(Counting)
    with pytest.raises(UserError, match=r"registered twice, by .*Counting and .*Counting"):
        register_measurement(Counting)


def test_a_result_registered_twice_names_both(only_these):
    class Same(Counting):
        name = "same"

    register_measurement(Counting)
    with pytest.raises(UserError, match="Counted is the result of Counting"):
        register_measurement(Same)


def test_what_is_required_has_to_be_registered_before(only_these):
    with pytest.raises(UserError, match="requires Counted"):
        register_measurement(Doubling)
    register_measurement(Counting)
    register_measurement(Doubling)
    assert [each.name for each in registered_measurements()] == ["counting", "doubling"]
