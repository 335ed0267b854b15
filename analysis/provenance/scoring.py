"""How often is the analysis right about organisms whose provenance is known?

The one module of the analysis that reads what was planted. It compares what the analysis said, blind, with
the truth beside the run: verdicts, shares, where the effects sit, and what each line of corroboration says.
*undecided* counts as wrong. A score holds for organisms planted like these; it does not show that unplanted
ones are judged as well.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from analysis.provenance.corroboration import FROM_THE_FORK, SAME_MECHANISM, EvidenceLine, agreement
from analysis.provenance.verdict import in_full
from analysis.statistics import CELLS, VERDICTS, Interval, count_interval, mean_interval
from curricula.world.world import World
from organisms.storage import records
from organisms.storage.run import TRUTH
from organisms.training.config import read_config

IN_ONE_CELL = ("reused", "second copy", "repurposed")
"""truths that put all of self's gate into one cell"""


def read_truth(folder: Path) -> dict[str, Any]:
    """What was planted in a run. Raises Fault where nothing was."""
    return records.read_object(folder / TRUTH, "grow a planted curriculum, as planted_reused")


def scored(finding: Mapping[str, Any], truth: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One record for each organism of a run: what was planted, whether it took, and what the analysis made of
    it."""
    found = []
    components, world = finding["components"], read_config(finding["config"]).curriculum.world
    for organism in finding["organisms"]:
        member = organism["member"]
        lane = np.isin(components, truth["lane_a"][member])
        planted = truth["truth"]
        found.append(
            {
                "run": finding["run"],
                "seed": finding["seed"],
                "member": member,
                "make": truth["make"],
                "truth": planted,
                "took": truth["took"][member],
                "why_not": truth["why_not"][member],
                "verdict": organism["verdict"],
                "reason": organism["reason"],
                "shares": organism["shares"],
                "strict_shares": organism["strict_shares"],
                "planted_shares": planted_shares(truth, member),
                "dealt": truth["dealt"][member] if "dealt" in truth else None,
                "auroc": _localisation(finding, member, lane, planted)
                if truth["make"] == "routing"
                else None,
                "cmd": finding["circuits"]["end self"]["cmd"][member],
                "null_cmd": mean_interval(finding["circuits"]["end self"]["null_cmd"][member])[0],
                "cmd_of_spread": cmd_of_spread(
                    np.array(finding["effects"]["end"]["self"]["watched"]["value"][member], float),
                    np.array(finding["circuits"]["end self"]["sizes"]),
                ),
                "circuit_found": finding["circuits"]["end self"]["found"][member],
                "corroboration": organism["corroboration"],
                "told": in_full(organism),
                "mechanism": organism["mechanism"]["says"] if organism["mechanism"] else None,
                "planted_mechanism": planted_mechanism(planted, world),
            }
        )
    return found


def planted_mechanism(truth: str, world: World) -> str | None:
    """Does what serves self compute as what serves characters, by construction? *alike* where it is the same;
    *another* where it is a lane of its own, in a world whose rule for self is another; None where nothing is
    known: two lanes may learn one rule in two ways."""
    if world.self_rule != "same":
        return "another" if truth == "second copy" else None
    return "alike" if truth == "reused" else None


def planted_shares(truth: Mapping[str, Any], member: int) -> dict[str, float] | None:
    """The four shares that were planted: self's gate as the lanes carry it, each lane in the cell that its
    history gives it. None where self has no gate. What learned by self's embeddings alone is reused whole."""
    if truth["make"] == "freezing":
        return {cell: float(cell == "reused") for cell in CELLS}
    if truth["truth"] == "absent":
        return None
    of_self = truth["shares"]["end"]["self"]
    cell_of_b = "repurposed" if truth["spare"] else "second copy"
    shares: dict[str, float] = {cell: 0.0 for cell in CELLS}
    shares["reused"] = of_self["lane_a"][member]
    shares[cell_of_b] = of_self["lane_b"][member]
    return shares


def _localisation(
    finding: Mapping[str, Any], member: int, lane: Bool[np.ndarray, " component"], planted: str
) -> dict[str, float] | None:
    """AUROC of components' effects for telling the lane that was given to a role from the other, for each
    role that has one lane."""
    given = {"character": lane}
    if planted in IN_ONE_CELL:
        given["self"] = lane if planted == "reused" else ~lane
    found = {}
    for role, of_lane in given.items():
        effect = np.array(finding["effects"]["end"][role]["watched"]["value"][member], float)
        if np.isfinite(effect).all():
            found[role] = auroc(effect, of_lane)
    return found


def auroc(score: Float[np.ndarray, " component"], positive: Bool[np.ndarray, " component"]) -> float:
    """Chance that a random positive scores above a random negative, ties counted half (Mann & Whitney 1947,
    through scipy)."""
    ranked = stats.mannwhitneyu(score[positive], score[~positive]).statistic
    return float(ranked / (positive.sum() * (~positive).sum()))


def cmd_of_spread(effect: Float[np.ndarray, " component"], sizes: Int[np.ndarray, " size"]) -> float | None:
    """The CMD of a circuit whose components, best first, each add their own effect and no more: what is left
    even of a perfect ranking where an effect is spread over many of few components (k equal ones of n: k /
    2n). None where effects were not measured."""
    above = np.sort(effect.clip(0))[::-1]
    if not np.isfinite(effect).all() or not above.sum():
        return None
    reached = np.append(0.0, above.cumsum() / above.sum())[sizes]
    return float(np.trapezoid(1 - reached, sizes / sizes[-1]))


def confusion(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How often each truth got each verdict."""
    truths = dict.fromkeys(row["truth"] for row in rows)
    counts = {truth: Counter(row["verdict"] for row in rows if row["truth"] == truth) for truth in truths}
    return {truth: {v: of[v] for v in VERDICTS if of[v]} for truth, of in counts.items()}


def accuracy(rows: Sequence[Mapping[str, Any]]) -> Interval:
    """Share of organisms whose verdict is what was planted, with its Wilson interval; *undecided* is
    wrong."""
    return count_interval(sum(row["verdict"] == row["truth"] for row in rows), len(rows))


def told_apart(rows: Sequence[Mapping[str, Any]], truths: tuple[str, str]) -> Interval:
    """Of organisms of either truth that got one of the two as verdict, the share that got its own."""
    named = [row for row in rows if row["truth"] in truths and row["verdict"] in truths]
    return accuracy(named)


def mechanisms(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """What was told of whether self's circuit computes alike, by curriculum, of organisms in which both
    circuits were found."""
    told = [row for row in rows if row["mechanism"] is not None]
    names = dict.fromkeys(row["curriculum"] for row in told)
    return {
        name: dict(Counter(row["mechanism"] for row in told if row["curriculum"] == name)) for name in names
    }


def told_so(rows: Sequence[Mapping[str, Any]], name: str, words: str) -> Interval:
    """Of organisms, the share of which something was told in these words. name: what of them is told, *told*
    (the verdict in full) or *mechanism*."""
    return count_interval(sum(row[name] == words for row in rows), len(rows))


def share_error(rows: Sequence[Mapping[str, Any]], name: str = "shares") -> Interval:
    """Mean over organisms of the share that would have to move to another cell for measured and planted
    shares to agree (half of the summed absolute differences)."""
    errors = []
    for row in rows:
        planted, measured = row["planted_shares"], row[name]
        if planted is None or measured["reused"] is None:
            continue
        errors.append(sum(abs(measured[cell] - planted[cell]) for cell in CELLS) / 2)
    return mean_interval(errors)


def reused_error(rows: Sequence[Mapping[str, Any]]) -> Interval:
    """Mean over organisms of how far the reused share found lies from what lane A carries of self's gate."""
    known = [row for row in rows if row["planted_shares"] is not None and row["shares"]["reused"] is not None]
    return mean_interval(abs(row["shares"]["reused"] - row["planted_shares"]["reused"]) for row in known)


def dealt_error(rows: Sequence[Mapping[str, Any]]) -> Interval:
    """Mean over organisms of how far the reused share found lies from the share of self's goals that lane A
    was given: what was planted, by construction, where `reused_error` takes it from another measurement. Runs
    grown before that was recorded do not count."""
    known = [row for row in rows if row["dealt"] is not None and row["shares"]["reused"] is not None]
    return mean_interval(abs(row["shares"]["reused"] - row["dealt"]) for row in known)


def hits(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each line of corroboration, how often it is right about what was *planted* where it speaks.

    p: Fisher's exact test of whether what a line says depends on what was planted; better than chance where
    it holds at 0.05 after Holm's correction over lines. A line that always says the same may well be right in
    most organisms, and tells nothing. by_truth: right, wrong and silent among organisms of each truth, since
    a line can be right in most by those that are easy for it. Acquisition is left out: it reads the fork,
    which planting does not decide.
    """
    found, truths = {}, Counter(row["truth"] for row in rows)
    for line in dict.fromkeys(line for row in rows for line in row["corroboration"] if line != "acquisition"):
        claims = FROM_THE_FORK if line.startswith(("fork", "transfer")) else SAME_MECHANISM
        yes = claims.above
        of = [row for row in rows if line in row["corroboration"]]
        words = [agreement(row["truth"], claims, _line(row["corroboration"][line])) for row in of]
        above = [
            (row["truth"] in yes, (word == "agrees") == (row["truth"] in yes))
            for row, word in zip(of, words, strict=True)
            if word != "silent"
        ]
        said = Counter((row["truth"], word) for row, word in zip(of, words, strict=True))
        right = sum(expected == seen for expected, seen in above)
        table = [[above.count((expected, seen)) for seen in (True, False)] for expected in (True, False)]
        chance = float(np.asarray(stats.fisher_exact(table, alternative="greater"))[1]) if above else None
        found[line] = {
            "right": right,
            "spoken": len(above),
            "of": len(rows),
            "rate": count_interval(right, len(above)),
            "p_if_independent": chance,
            "better_than_chance": False,
            "by_truth": {
                truth: {
                    "right": said[truth, "agrees"],
                    "wrong": said[truth, "disagrees"],
                    "silent": of_truth - said[truth, "agrees"] - said[truth, "disagrees"],
                }
                for truth, of_truth in truths.items()
            },
        }
    tested = sorted(
        (of["p_if_independent"], line) for line, of in found.items() if of["p_if_independent"] is not None
    )
    for n, (chance, line) in enumerate(tested):
        if chance * (len(tested) - n) >= 0.05:
            break
        found[line]["better_than_chance"] = True
    return found


def _line(line: Mapping[str, Any]) -> EvidenceLine:
    optional = ("null", "null_high", "bar", "under", "within")
    return EvidenceLine(
        line["value"], line["low"], line["high"], **{name: line.get(name) for name in optional}
    )
