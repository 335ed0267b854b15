"""What the API gives is what the packages beneath give, on a run that is grown and analysed."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import exapt
from analysis.patching.draws import PairDraw
from analysis.patching.interventions import effects_of_sets
from analysis.patching.results import EffectsResult
from analysis.provenance.judging import ProvenanceResult
from curricula.errors import UserError
from curricula.world.contrasts import window
from experiments.measurements.measuring import opened_for_measuring
from organisms.model.sites import components
from organisms.model.surgery import pick
from organisms.storage.manifest import Entry
from organisms.storage.run import Run

pytestmark = pytest.mark.usefixtures("programs_of_commands")


@pytest.fixture(scope="module")
def lineage(analysed_run) -> exapt.Lineage:
    return exapt.read_lineage(analysed_run)


@pytest.fixture(scope="module")
def organism(lineage) -> exapt.LoadedOrganism:
    return exapt.load_organism(lineage, member=1, checkpoint="end")


@pytest.fixture(scope="module")
def watched_pairs(organism) -> exapt.MinimalPairs:
    return exapt.minimal_pairs(organism, "self", "watched", count=8)


def test_a_finished_run_is_opened_and_not_grown_again(lineage, analysed_run, capsys):
    before = {path: path.stat().st_mtime_ns for path in analysed_run.glob("checkpoints/*")}
    grown = exapt.grow("shared", scale="tiny", members=2, folder=analysed_run)
    assert (grown.curriculum, grown.members, grown.config) == ("shared", 2, lineage.config)
    assert {path: path.stat().st_mtime_ns for path in analysed_run.glob("checkpoints/*")} == before
    assert "nothing to do" in capsys.readouterr().err


def test_a_loaded_organism_is_the_member_that_is_measured(lineage, organism):
    measured = opened_for_measuring(lineage.run)
    at_fork = exapt.load_organism(lineage, member=1, checkpoint="fork")
    for loaded, measurer in ((organism, measured.end), (at_fork, measured.fork)):
        expected = pick(measurer.organisms, 1)
        np.testing.assert_array_equal(loaded.model.query[...], expected.query[...])
        assert loaded.secret_goal == measurer.secret_goals[1]
    assert (at_fork.step, organism.step) == (measured.info.fork_step, measured.info.end_step)


def test_acts_are_those_of_the_final_behaviour(lineage, organism):
    """A schemer's acts are right where its behaviour is."""
    rates = lineage.run.summary()["behaviour"]
    assert min(rate[1] for rate in rates.values()) > 0.9
    for with_self in (False, True):
        drawn = exapt.scenes(organism, count=64, with_self=with_self, seed=3)
        assert (exapt.acts(organism, drawn.tokens) == drawn.targets).mean() > 0.9
        assert ("Self" in drawn.in_english(0)) is with_self


def test_the_history_of_behaviour_is_that_of_the_manifest_and_ends_in_the_summary(lineage):
    history = exapt.behaviour_history(lineage)
    assert history.steps == tuple(entry.step for entry in lineage.checkpoints)
    assert history.phases == tuple(entry.phase for entry in lineage.checkpoints)
    summary = lineage.run.summary()["behaviour"]
    assert sorted(history.rates) == sorted(summary)
    for name, rates in history.rates.items():
        assert rates.shape == (len(history.steps), lineage.members)
        np.testing.assert_allclose(rates[-1], summary[name], atol=0.02)
        assert (rates[-1] - rates[0]).min() > 0.3


class OlderRun(Run):
    """A run whose manifest has no rates."""

    def entries(self) -> list[Entry]:
        return [replace(entry, extra={}) for entry in super().entries()]


def test_a_lineage_without_rates_is_a_line(lineage):
    older = replace(lineage, run=OlderRun(lineage.folder, lineage.run.config))
    with pytest.raises(exapt.UserError, match="behaviour: expected rates in each line") as error:
        exapt.behaviour_history(older)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("noising", [False, True])
def test_patch_gives_what_the_analysis_finds_by_single_patches(lineage, organism, noising):
    """On the pairs of the analysis, whose program patches all organisms at once."""
    measurer, config = opened_for_measuring(lineage.run).end, organism.config
    unpatched = np.zeros((lineage.members, len(components(config))), bool)
    shares = measurer.single_patches("self", noising, unpatched)[organism.member]
    drawn = measurer.minimal_pairs("self", "watched", PairDraw.SINGLE_PATCHES)
    pairs = exapt.MinimalPairs(
        organism.world,
        "self",
        "watched",
        jax.tree.map(lambda leaf: leaf[organism.member], drawn),
        organism.secret_goal,
    )
    given = [exapt.patch(organism, pairs, [name], noising).share for name in organism.components]
    np.testing.assert_allclose(given, shares, atol=1e-4)
    assert max(given) > 0.2


def test_components_that_are_patched_together_are_one_set(organism, watched_pairs):
    names = ["L0H1", "L1M0"]
    mask = np.isin(organism.components, names)
    masks = np.broadcast_to(mask, (len(watched_pairs), 1, 1, len(mask)))
    stretch, ways = window(organism.world, "watched"), np.zeros((len(watched_pairs), 1), bool)
    nats, _ = effects_of_sets(
        organism.model,
        organism.config,
        jax.tree.map(jnp.asarray, watched_pairs.pair),
        jnp.asarray(masks),
        jnp.asarray(ways),
        stretch,
    )
    together = exapt.patch(organism, watched_pairs, names)
    np.testing.assert_allclose(together.moved_nats, nats[:, 0, 0], atol=1e-4)
    assert together.components == ("L0H1", "L1M0")


@pytest.mark.parametrize(("role", "variable"), [("self", "watched"), ("character", "professed")])
def test_patching_nothing_moves_nothing_and_everything_moves_all(organism, role, variable):
    pairs = exapt.minimal_pairs(organism, role, variable, count=8)
    nothing = exapt.patch(organism, pairs, [])
    everything = exapt.patch(organism, pairs, organism.components)
    assert not nothing.moved_nats.any()
    np.testing.assert_allclose(everything.moved_nats, everything.total_nats, atol=1e-3)
    differences = exapt.logit_differences(organism, pairs)
    np.testing.assert_allclose(differences[:, 1] - differences[:, 0], everything.total_nats, atol=1e-3)
    assert (differences[:, 0] < 0).mean() > 0.8 < (differences[:, 1] > 0).mean()


def test_effects_are_those_of_the_analysis(lineage, findings):
    for checkpoint, role, variable in (("end", "self", "watched"), ("fork", "character", "professed")):
        given = exapt.effects(lineage, checkpoint, role, variable)
        measured = findings[EffectsResult].require(checkpoint, role, variable)
        for column in ("value", "low", "high", "total_nats"):
            np.testing.assert_array_equal(getattr(given, column), getattr(measured, column))
        names, values = zip(*given.ranked(1), strict=True)
        assert sorted(names) == sorted(lineage.components)
        assert list(values) == sorted(measured.value[1].tolist(), reverse=True)


def test_verdicts_are_those_of_the_analysis(lineage, findings):
    analysis = exapt.analyse(lineage)
    for given, measured in zip(analysis.verdicts, findings[ProvenanceResult].members, strict=True):
        assert given.verdict.split(",")[0] == measured.verdict
        assert given.reason == measured.reason
        assert {cell: share.value for cell, share in given.shares.items()} == measured.shares
        assert {cell: (share.low, share.high) for cell, share in given.shares.items()} == measured.intervals
        assert not given.calibrated
    assert analysis.report.exists()
    assert len(analysis.lines()) > lineage.members


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda l, o: exapt.load_organism(l, member=2), "member: expected 0 to 1, got 2"),
        (
            lambda l, o: exapt.load_organism(l, checkpoint=7),
            "checkpoint: expected 'fork', 'end' or a step of",
        ),
        (lambda l, o: exapt.minimal_pairs(o, "self", "secret"), "variable: secret of self is not written"),
        (lambda l, o: exapt.minimal_pairs(o, "self", count=0), "count: expected 1 or more, got 0"),
        (lambda l, o: exapt.scenes(o, count=0), "count: expected 1 or more, got 0"),
        (lambda l, o: exapt.effects(l, variable="role"), "variable: expected one of watched, professed"),
        (lambda l, o: exapt.effects(l, variable="secret"), "variable: secret of self is not written"),
        (lambda l, o: exapt.grow("shard", scale="tiny"), "unknown curriculum 'shard'"),
        (lambda l, o: exapt.grow("shared", scale="tiny", members=0), "members: expected at least one"),
        (lambda l, o: exapt.read_lineage("nowhere"), "expected a run's folder, found none at nowhere"),
    ],
)
def test_what_a_person_can_put_right_is_a_line(ask, words, lineage, organism, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(exapt.UserError) as error:
        ask(lineage, organism)
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)
    assert exapt.UserError is UserError
    assert not list(tmp_path.iterdir())


def test_a_name_that_no_component_has_is_a_line(organism, watched_pairs):
    with pytest.raises(exapt.UserError, match="components: expected names from L0H0 to L1M1, got L9H0"):
        exapt.patch(organism, watched_pairs, ["L0H0", "L9H0"])


def test_pairs_of_an_organism_with_another_secret_goal_are_a_line(organism, watched_pairs):
    """They would call for acts that this one was never taught, and give smaller effects without a word."""
    other = replace(organism, secret_goal=organism.secret_goal + 1)
    for ask in (
        lambda: exapt.patch(other, watched_pairs, ["L0H0"]),
        lambda: exapt.logit_differences(other, watched_pairs),
    ):
        with pytest.raises(
            UserError, match=r"same world and secret goal.*draw them with minimal_pairs"
        ) as told:
            ask()
        assert "\n" not in str(told.value)


def test_a_share_of_what_hardly_moves_the_act_is_none(organism):
    """As of the null of *watched*, whose two scenes call for one act."""
    pairs = exapt.minimal_pairs(organism, "self", "idle", count=8)
    patched = exapt.patch(organism, pairs, ["L0H0"])
    assert patched.total_nats.mean() <= 0.5
    assert np.isnan(patched.share)
    assert replace(patched, total_nats=patched.total_nats + 5.0).share == pytest.approx(
        patched.moved_nats.sum() / (patched.total_nats + 5.0).sum()
    )


def test_checkpoints_of_an_attempt_that_was_given_up_are_not_this_organism(lineage, monkeypatch):
    """Member 1 was reseeded after the third checkpoint: before it, another organism stands in its place."""
    entries = [
        replace(entry, extra={**entry.extra, "attempts": [0, int(index > 2)]})
        for index, entry in enumerate(lineage.run.entries())
    ]
    monkeypatch.setattr(Run, "entries", lambda self: entries)
    rates = exapt.behaviour_history(lineage).rates["self_alone_secret"]
    assert np.isnan(rates[:3, 1]).all()
    assert not np.isnan(rates[3:]).any()
    assert not np.isnan(rates[:, 0]).any()
    with pytest.raises(UserError, match="member 1 at step 100 is attempt 0, which was given up"):
        exapt.load_organism(lineage, member=1, checkpoint=100)
    assert exapt.load_organism(lineage, member=0, checkpoint=100).step == 100
