"""Is a slowdown what the steps say, and does the line speak where it can, and only there?"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.patching.results import CircuitsResult, EffectsResult
from analysis.provenance.corroboration import FROM_THE_FORK, agreement
from analysis.relearning import acquisition
from analysis.relearning.finetune import CHUNK
from analysis.relearning.relearning import BUDGET, LANES, LIMIT
from curricula.errors import UserError
from experiments.analyse import AnalysisOptions, analyse_run
from organisms.ensemble.config import named_config
from organisms.model.sites import components

CLAIMS = replace(FROM_THE_FORK, above_refutes=False)


@pytest.fixture(scope="module")
def config():
    return named_config("shared", "tiny", members=2)


@pytest.fixture(scope="module")
def acquired(tiny_run, findings):
    return acquisition.measure_acquisition(tiny_run, findings[EffectsResult], findings[CircuitsResult], 1)


def runs_of(line):
    return {arm.arm: arm.runs for arm in line.steps}


def test_each_organism_has_a_line_whose_arms_ablate_what_they_name(acquired, findings):
    cores, names = findings[CircuitsResult].find("fork", "character").core, findings.run.components
    assert len(acquired.lines) == 2
    for line, core in zip(acquired.lines, cores, strict=True):
        runs = runs_of(line)
        assert list(runs) == ["intact", "lesioned", "random", "spare", "naive"]
        assert [len(steps) for steps in runs.values()] == [1, 2, 2, 1, 0]
        assert line.absent == {"naive": acquisition.NO_NAIVE}
        assert line.ablated["lesioned"] == (tuple(names[n] for n in sorted(core)),)
        for random in line.ablated["random"]:
            assert len(random) == len(core)
            assert set(random) != set(line.ablated["lesioned"][0])


def test_arms_keep_within_their_limits_and_what_is_whole_learns(acquired):
    for line, spent in zip(acquired.lines, acquired.organism_steps, strict=True):
        assert spent <= BUDGET
        every = [steps for arm in line.steps for steps in arm.runs]
        assert spent == sum(line.censored_at if steps is None else steps for steps in every)
        assert all(steps is None or 2 * CHUNK <= steps <= LIMIT for steps in every)
        assert runs_of(line)["intact"][0] is not None


def test_without_the_characters_mechanism_the_intent_takes_longer(acquired):
    """In the organism whose gate was one head's; the other random head does not matter, and nor does what
    self came to use besides."""
    line = acquired.lines[0]
    assert len(line.ablated["lesioned"][0]) == 1
    assert line.value > line.low > line.null_high
    assert max(runs_of(line)["random"]) < min(runs_of(line)["lesioned"])
    assert agreement("reused", CLAIMS, line) == "agrees"


def lanes(lesioned, random):
    """Steps of one organism's lanes, of which two arms matter."""
    of = {"lesioned": iter(lesioned), "random": iter(random)}
    return [next(of[lane.arm]) if lane.arm in of else 7.0 for lane in LANES]


def numbers_of(line):
    return line.value, line.low, line.high, line.null, line.null_high, line.under


def slowdown_of(*rows, given_up=150, comparable=True):
    steps = np.array([lanes(*row) for row in rows], float)
    return acquisition.slowdowns(steps, np.full(len(rows), given_up), np.full(len(rows), comparable))


def test_a_slowdown_is_a_ratio_of_geometric_means():
    """(40 * 160) over (20 * 80) is 2 squared; noise from two differences of log 4 each."""
    (found,) = slowdown_of(((40, 160), (20, 80)))
    wide = stats.t.ppf(0.975, 2) * np.log(4) / np.sqrt(2)
    assert found.value == pytest.approx(2)
    assert np.log([found.low, found.high]) == pytest.approx(np.log(2) + np.array([-wide, wide]))
    assert found.null_high == pytest.approx(2)


def test_noise_is_pooled_over_organisms_and_never_less_than_the_reading():
    quiet, loud = slowdown_of(((50, 50), (50, 50)), ((100, 50), (50, 50)))
    pooled = np.log(2) ** 2 / 2 / 4
    assert np.log(quiet.high) == pytest.approx(stats.t.ppf(0.975, 4) * np.sqrt(pooled))
    assert loud.value == pytest.approx(np.sqrt(2))
    (still,) = slowdown_of(((50, 50), (50, 50)))
    assert np.log(still.high) == pytest.approx(stats.t.ppf(0.975, 2) * CHUNK / np.sqrt(12) / 50)
    assert still.null_high == acquisition.LEAST_SLOWDOWN


def test_what_never_got_there_bounds_the_slowdown_on_one_side():
    nan = float("nan")
    above, below, neither = slowdown_of(((100, nan), (50, 50)), ((50, 50), (nan, 50)), ((nan, 50), (nan, 50)))
    assert above.value == pytest.approx(np.sqrt(100 * 150) / 50)
    assert above.low < above.value < above.high == np.inf
    assert below.low == 0 < below.value < below.high < 1
    assert all(np.isnan(value) for value in numbers_of(neither))
    (unlike,) = slowdown_of(((100, 100), (50, 50)), comparable=False)
    assert all(np.isnan(value) for value in numbers_of(unlike))


def test_one_slow_random_draw_is_no_evidence_that_nothing_was_slowed():
    """Random arms of 20 and 80 steps, lesioned ones of 40 and 40, among organisms without noise: nothing can
    be told of this one."""
    loud, *quiet = slowdown_of(((40, 40), (20, 80)), *[((40, 40), (40, 40))] * 7)
    assert loud.high < loud.null_high
    assert [agreement(verdict, CLAIMS, loud) for verdict in ("reused", "second copy")] == ["silent", "silent"]
    assert {agreement("reused", CLAIMS, line) for line in quiet} <= {"silent", "disagrees"}


SLOWED, NOT_SLOWED, OPEN = (
    acquisition.SlowdownLine(1.2, low, high, null_high=1.25)
    for low, high in ((1.5, np.inf), (0.9, 1.1), (1.1, 1.4))
)


@pytest.mark.parametrize(
    ("verdict", "line", "expected"),
    [
        ("reused", SLOWED, "agrees"),
        ("repurposed", SLOWED, "agrees"),
        ("reused", NOT_SLOWED, "disagrees"),
        ("second copy", NOT_SLOWED, "agrees"),
        ("second copy", SLOWED, "silent"),
        ("migrated", SLOWED, "silent"),
        ("migrated", NOT_SLOWED, "agrees"),
        ("reused", OPEN, "silent"),
        ("mixed", SLOWED, "silent"),
        ("absent", SLOWED, "silent"),
        ("reused", acquisition.SlowdownLine(*[float("nan")] * 5), "silent"),
    ],
)
def test_a_slowdown_speaks_for_the_fork_and_never_against_a_copy(verdict, line, expected):
    assert agreement(verdict, CLAIMS, line) == expected


def test_arms_that_can_not_be_are_listed_as_absent(config):
    size = len(components(config.organism))
    excess, none = np.zeros(size), acquisition.ablated_arms([], np.zeros(size), config.organism, 1)
    no_spare = acquisition.ablated_arms([1], np.full(size, np.nan), config.organism, 1)
    assert list(none[0]) == ["intact"]
    assert set(none[1]) == {"lesioned", "random", "spare", "naive"}
    assert list(no_spare[0]) == ["intact", "lesioned", "random"]
    assert no_spare[1]["spare"] == acquisition.NO_SPARE
    assert "naive" in acquisition.ablated_arms([], excess, config.organism, 1, naive=True)[0]


def test_the_spare_is_what_serves_self_beyond_characters(config):
    numbers = np.arange(len(components(config.organism)))
    excess = (numbers == 4) - 0.1 * (numbers == 1) + 0.1 * (numbers == 6)
    arms, _ = acquisition.ablated_arms([1, 2], excess, config.organism, 1)
    assert np.flatnonzero(arms["spare"][0]).tolist() == [4, 6]


def test_a_run_with_schemers_or_of_other_sizes_is_no_naive_one(tiny_run, config):
    with pytest.raises(UserError, match="expected no schemers before self is taught"):
        acquisition.require_naive(tiny_run, config)
    with pytest.raises(UserError, match="expected the world and the sizes"):
        acquisition.require_naive(tiny_run, named_config("shared", "cpu"))


def test_a_naive_run_without_acquisition_is_an_error(tiny_run):
    with pytest.raises(UserError, match="add --acquisition"):
        analyse_run(tiny_run.folder, AnalysisOptions(naive=tiny_run.folder))
