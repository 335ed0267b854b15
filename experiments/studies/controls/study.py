"""How often are the verdicts right about organisms whose provenance was planted? The study *controls*.

Grows planted organisms of every truth and of two makes, analyses them blind, and only then reads what was
planted (`analysis.provenance.scoring`). An organism in which the planting did not take, by a check that knows
the lanes, is not scored: another is grown in its place, and counted. Nulls stand beside: the same organisms
before their first step, and with the two answers of every pair exchanged at random.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.patching.checkpoint import NULLS
from analysis.provenance import scoring
from analysis.provenance.verdict import ALIKE_CHOSEN_ON, APART, CHOSEN_ON, TABLE
from analysis.statistics import Interval, jsonable, mean_interval
from curricula.errors import UserError
from experiments.compare import Say, analyse_run, say_on_error_stream, train_missing
from experiments.studies.controls.page import page, plain_lines
from experiments.studies.former import Study, write
from experiments.survey import survey
from organisms.storage import records
from organisms.storage.run import read_run
from organisms.training.config import RunConfig

CURRICULA = (
    *("planted_reused", "planted_second_copy", "planted_repurposed"),
    *("planted_mixed_quarter", "planted_mixed", "planted_mixed_three_quarters", "planted_absent"),
    *("frozen_reused", "grafted_second_copy", "grafted_repurposed"),
    "planted_mixed_spare",
    "planted_other_rule",
)
"""curricula in the order that decides the seeds of their runs: what is added comes last"""
OTHER_RULE = "planted_other_rule"
"""the curriculum that has a rule for self of its own; it is in another world than all others, and scored
apart from them"""
MIXTURE, SHARES_OF_MIXTURE = "planted_mixed", 3
"""how the names of mixtures begin, and how many shares of reused and second copy are mixed: a truth's
organisms are divided by that"""
ROUNDS = 4
"""runs of one curriculum at most, until enough organisms are what they were planted to be"""
SEEDS_APART = 1000
"""seeds of runs from one seed of a study to the next"""


class Controls(Study):
    """Planted organisms of every truth and make."""

    def wanted(self, name: str) -> int:
        """Organisms of a curriculum: those that are mixed in different shares are one truth."""
        return -(-self.members // SHARES_OF_MIXTURE) if name.startswith(MIXTURE) else self.members

    def curricula(self) -> list[str]:
        """Those that can be planted in the study's world: where a cue may say nothing, or there is but one,
        self can have no rule of its own."""
        return [
            name
            for name in CURRICULA
            if name != OTHER_RULE or not self.config(name, 0).curriculum.world.validation_errors()
        ]

    def config(self, name: str, again: int) -> RunConfig:
        """The run of a planted curriculum in a round of growing; every run has a seed of its own, so that no
        two organisms are siblings."""
        index = CURRICULA.index(name)
        seed = self.seed * SEEDS_APART + 10 * index + again
        return self.run(name, self.wanted(name), seed)


def run_controls(
    study: Controls, out: Path, command: str, quiet: bool = False, say: Say = say_on_error_stream
) -> Path:
    """Grows, analyses and scores; what is there already is neither grown nor measured again. Returns the path
    of the study's summary.

    Raises Fault on wrong settings with nothing grown; Failure where the disk refuses.
    """
    _check(study)
    folders = _grow(study, out / "controls", quiet, say)
    rows: list[dict[str, Any]] = []
    for name, of_name in folders.items():
        for folder in of_name:
            say(f"{folder.name}: analysing")
            finding = analyse_run(folder, seed=1)
            found = scoring.scored(finding, scoring.read_truth(folder))
            missing = study.wanted(name) - sum(row["curriculum"] == name and row["took"] for row in rows)
            took = [row | {"curriculum": name} for row in found if row["took"]][:missing]
            rows += took + [row | {"curriculum": name} for row in found if not row["took"]]
    nulls = _nulls(folders, say)
    grown = {name: _grown(of, study.wanted(name)) for name, of in folders.items()}
    return write(study, out, summarise(study, rows, nulls, grown), command, page, plain_lines, say)


def _check(study: Controls) -> None:
    """Raises one Fault with everything that is wrong, before anything is grown."""
    found = []
    if study.members < 1:
        found.append(f"members: expected 1 or more, got {study.members}")
    if not 0 <= study.seed < 2**31 // SEEDS_APART:
        found.append(f"seed: expected 0 to {2**31 // SEEDS_APART - 1}, got {study.seed}")
    if found:
        raise UserError("; ".join(found))
    for name in study.curricula():
        study.config(name, 0).check()


def _grow(study: Controls, out: Path, quiet: bool, say: Say) -> dict[str, list[Path]]:
    """Folders of finished runs by curriculum, with at least ``members`` organisms each that are what they
    were planted to be."""
    folders: dict[str, list[Path]] = {name: [] for name in study.curricula()}
    for name in set(CURRICULA) - set(folders):
        say(f"{name}: left out, since self can have no rule of its own in this world")
    for again in range(ROUNDS):
        wanted = [name for name, of in folders.items() if _took(of) < study.wanted(name)]
        configs = [study.config(name, again) for name in wanted]
        if again and wanted:
            say(f"growing again, since planting failed too often: {', '.join(wanted)}")
        for name, folder in zip(wanted, train_missing(configs, out, quiet, say), strict=True):
            folders[name].append(folder)
    short = {name: _took(of) for name, of in folders.items() if _took(of) < study.wanted(name)}
    for name, took in short.items():
        say(
            f"{name}: only {took} organisms are what they were planted to be after {ROUNDS} runs of {study.wanted(name)}"
        )
    return folders


def _took(folders: Sequence[Path]) -> int:
    return sum(sum(scoring.read_truth(folder)["took"]) for folder in folders)


def _nulls(folders: Mapping[str, Sequence[Path]], say: Say) -> dict[str, dict[str, int]]:
    """Verdicts where there is nothing to find, by null, judged as if the behaviour were there; kept beside
    the runs that they were taken from."""
    found: dict[str, dict[str, int]] = {}
    for name in NULLS:
        for curriculum in ("planted_reused", "planted_second_copy"):
            folder = folders[curriculum][0]
            path = folder / "analysis" / f"null-{name}.json"
            run = read_run(folder)
            sha256 = run.entries()[-1].sha256
            known = records.read_object(path, "delete it to measure again") if path.exists() else {}
            if known.get("end_sha256") != sha256 or known.get("thresholds") != dict(TABLE):
                say(f"{folder.name}: null of {name} organisms")
                finding = survey(run, f"null {name}", seed=1, null=name)
                verdicts = [organism["verdict"] for organism in finding["organisms"]]
                known = {"end_sha256": sha256, "verdicts": verdicts, "thresholds": dict(TABLE)}
                records.write_whole(
                    path, records.pretty(records.plain(known)), folder / "analysis" / ".partial"
                )
            counts = found.setdefault(name, {})
            for verdict in known["verdicts"]:
                counts[verdict] = counts.get(verdict, 0) + 1
    return found


def _grown(folders: Sequence[Path], wanted: int) -> dict[str, int]:
    """Of one curriculum: organisms grown, those in which planting took, those that were wanted, and those
    whose characters were grown again."""
    took = [one for folder in folders for one in scoring.read_truth(folder)["took"]]
    again = sum(read_run(folder).summary()["reseeded"]["count"] for folder in folders)
    return {"grown": len(took), "took": sum(took), "wanted": wanted, "characters_grown_again": again}


def summarise(
    study: Controls,
    rows: Sequence[Mapping[str, Any]],
    nulls: Mapping[str, Mapping[str, int]],
    grown: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """What `summary.json` of the study says. rows: see `scoring.scored`. grown: see `_grown`."""
    took = [row for row in rows if row["took"]]
    scored, other = (
        [row for row in took if (row["curriculum"] == OTHER_RULE) == is_other] for is_other in (False, True)
    )
    same = [row for row in scored if row["planted_mechanism"] == "alike"]
    apart = [row for row in scored if row["verdict"] in APART]
    first, second = (
        [row for row in scored if (row["make"] == "routing") == is_first] for is_first in (True, False)
    )
    seeds = sorted({row["seed"] for row in rows})
    mixed = [row for row in first if row["truth"] == "mixed"]
    accuracy = scoring.accuracy(first)
    measures = {
        "accuracy": accuracy,
        "accuracy without absent, which planting checks by behaviour alone": scoring.accuracy(
            [row for row in first if row["truth"] != "absent"]
        ),
        "accuracy of the second make": scoring.accuracy(second),
        "repurposed told from second copy, where either is the verdict": scoring.told_apart(
            scored, ("repurposed", "second copy")
        ),
        "reused share of mixed against the goals dealt to lane A, mean absolute error": scoring.dealt_error(
            mixed
        ),
        "reused share of mixed against lanes patched whole, mean absolute error": scoring.reused_error(mixed),
        "share error of mixed": scoring.share_error(mixed),
        "share error of mixed, strict shares": scoring.share_error(mixed, "strict_shares"),
        "share error of all planted by routing, where measured": scoring.share_error(first),
        "localisation auroc of characters": _mean_auroc(first, "character"),
        "localisation auroc of self": _mean_auroc(first, "self"),
        "gate handed over along a direction, reused": _handed(scored, ("reused",), "value"),
        "the same, repurposed and second copy": _handed(scored, ("repurposed", "second copy"), "value"),
        "the same, newborns: the floor": _handed(scored, scoring.IN_ONE_CELL, "null"),
        "told to compute alike, where the same components serve both": scoring.told_so(
            same, "mechanism", "alike"
        ),
        "told as second copy, by another mechanism, where self's lane learned another rule": scoring.told_so(
            other, "told", "second copy, by another mechanism"
        ),
        "the same words where verdicts put self apart and its lane learned the same rule": scoring.told_so(
            apart, "mechanism", "another"
        ),
        "cmd": mean_interval(row["cmd"] for row in first if row["circuit_found"]),
        "cmd that the effects' spread leaves": mean_interval(
            row["cmd_of_spread"] for row in first if row["circuit_found"]
        ),
        "cmd of random circuits": mean_interval(row["null_cmd"] for row in first if row["circuit_found"]),
    }
    return {
        "study": "controls",
        "n": len(took),
        "seeds": seeds,
        "chosen_on_these": sorted(CHOSEN_ON.intersection(seeds)),
        "alike_chosen_on_these": sorted(ALIKE_CHOSEN_ON.intersection(seeds)),
        "shares_of_mixed_measured": sum(row["shares"]["reused"] is not None for row in mixed),
        "mixed": len(mixed),
        "findings": {name: jsonable(value) for name, value in measures.items()},
        "accuracy": jsonable(accuracy),
        "confusion": scoring.confusion(first),
        "confusion_of_the_second_make": scoring.confusion(second),
        "confusion_of_another_rule": scoring.confusion(other),
        "undecided": sum(row["verdict"] == "undecided" for row in took),
        "corroboration": scoring.hits([row for row in scored if row["truth"] in scoring.IN_ONE_CELL]),
        "mechanisms": scoring.mechanisms(took),
        "nulls": nulls,
        "planting_failed": _failed(rows),
        "confusion_where_planting_failed": scoring.confusion([row for row in rows if not row["took"]]),
        "grown": grown,
        "thresholds": dict(TABLE),
        "organisms": list(rows),
    }


def _handed(rows: Iterable[Mapping[str, Any]], truths: tuple[str, ...], name: str) -> Interval:
    """What a trained direction hands from characters to self in organisms of some truths, or its floor."""
    lines = (row["corroboration"].get("interchange_direction", {}) for row in rows if row["truth"] in truths)
    return mean_interval(line.get(name) for line in lines)


def _mean_auroc(rows: Iterable[Mapping[str, Any]], role: str) -> Interval:
    return mean_interval((row["auroc"] or {}).get(role) for row in rows)


def _failed(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        if not row["took"]:
            found.setdefault(row["curriculum"], []).append(f"{row['run']} {row['member']}: {row['why_not']}")
    return found
