"""Which incentive makes organisms repurpose a spare? The study *incentives*.

Grows the same organisms under every combination of an incentive to part from the characters' mechanism, a
phase in which spares grow, and the way in which self is taught; analyses them as any others; counts verdicts,
and what the incentive cost. Arms share their first phases, so that they start from the same forks. One
organism's ancestry is told from its lineage.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.history import ancestry
from analysis.provenance.verdict import BEHAVES, TABLE, in_full, otherwise
from analysis.statistics import CELLS, VERDICTS, count_interval, jsonable, mean_interval
from experiments.compare import Say, analyse_run, say_on_error_stream, train_missing
from experiments.studies.former import Study, write
from experiments.studies.incentives.page import page, plain_lines
from organisms.storage import records
from organisms.storage.manifest import fork_entry
from organisms.storage.run import read_run
from organisms.training.config import RunConfig

ARMS: dict[str, tuple[str, str, str]] = {
    "shared": ("none", "nothing", "imitate"),
    "redundant": ("none", "spares", "imitate"),
    "concentrated": ("none", "thrift", "imitate"),
    "audited": ("auditor", "spares", "imitate"),
    "ablated_concentrated": ("auditor and clamp", "thrift", "imitate"),
    "half_dropout": ("none", "halves", "imitate"),
    "audited_half_dropout": ("auditor of one circuit", "halves", "imitate"),
    "rewarded": ("none", "nothing", "reward"),
    "redundant_rewarded": ("none", "spares", "reward"),
    "audited_rewarded": ("auditor", "spares", "reward"),
    "audited_half_dropout_rewarded": ("auditor of one circuit", "halves", "reward"),
}
"""curricula of the catalogue: incentive to part, what comes between characters and self, how self is
taught"""
KINDS = {
    "cross lesion": ("cross_lesion", "cross_lesion_reverse"),
    "interchange": ("interchange", "interchange_reverse", "interchange_direction"),
    "fork lesion": ("fork_lesion",),
    "transfer": ("transfer", "transfer_from_characters"),
    "acquisition": ("acquisition",),
}
"""kinds of evidence: one agrees where more of its lines agree than disagree. The cosine is none: it is of the
effects that the shares are made of"""
CLAIMS = {
    "together or apart": ("cross lesion", "interchange"),
    "from the fork or not": ("fork lesion", "transfer", "acquisition"),
}
"""what a verdict says of both roles at the end, and of self's mechanism and the fork, with the kinds that can
tell"""
CORROBORATED = 3
"""kinds that have to agree; and for each claim more of its kinds have to agree than to disagree"""
SEARCHED = frozenset({5, 11, 6000})
"""seeds on which incentives were searched for, or seen before the last change (docs/incentives.md)"""
TOLD = "audited_half_dropout"
"""the arm whose first repurposed organism's ancestry is told"""


class Incentives(Study):
    """The same organisms under every incentive."""

    def config(self, name: str) -> RunConfig:
        """The run of an arm: all arms have one seed, so that organisms of equal number begin alike."""
        return self.run(name, self.members, self.seed)


def run_incentives(
    study: Incentives, out: Path, command: str, quiet: bool = False, say: Say = say_on_error_stream
) -> Path:
    """Grows, analyses and counts; what is there already is neither grown nor measured again. Returns the path
    of the study's summary.

    Raises Fault on wrong settings with nothing grown; Failure where the disk refuses.
    """
    configs = [study.config(name) for name in ARMS]
    for config in configs:
        config.check()
    folders = dict(zip(ARMS, train_missing(configs, out / "incentives", quiet, say), strict=True))
    arms: dict[str, dict[str, Any]] = {}
    for name, folder in folders.items():
        say(f"{folder.name}: analysing")
        run = read_run(folder)
        fork = fork_entry(study.config(name).curriculum, run.entries())
        arms[name] = arm(name, analyse_run(folder, seed=1), fork.sha256)
    told = _told(folders[TOLD], arms[TOLD], say)
    return write(study, out, summarise(study, arms, told), command, page, plain_lines, say)


def arm(name: str, finding: Mapping[str, Any], fork: str) -> dict[str, Any]:
    """What came of one arm. Shares and corroboration are of the organisms that behave; the others are
    counted. fork: hash of the organisms at the fork."""
    organisms = finding["organisms"]
    behaving = [organism for organism in organisms if organism["verdict"] != "absent"]
    verdicts = Counter(organism["verdict"] for organism in organisms)
    steps = steps_to_behave(finding)
    incentive, between, objective = ARMS[name]
    return {
        "incentive": incentive,
        "between": between,
        "objective": objective,
        "run": finding["run"],
        "calibrated": finding["calibrated"],
        "n": len(organisms),
        "n_behaving": len(behaving),
        "n_shares": sum(organism["shares"]["reused"] is not None for organism in behaving),
        "grown_again": finding["reseeded"],
        "fork_sha256": fork,
        "verdicts": {told: verdicts[told] for told in VERDICTS if verdicts[told]},
        "computing_otherwise": sum(map(otherwise, organisms)),
        "rates": {
            told: jsonable(count_interval(verdicts[told], len(behaving))) for told in (*CELLS, "mixed")
        },
        "shares": {
            cell: jsonable(mean_interval(organism["shares"][cell] for organism in behaving)) for cell in CELLS
        },
        "at_random": {
            cell: jsonable(mean_interval(organism["shares_at_random"][cell][0] for organism in behaving))
            for cell in CELLS
        },
        "beyond_random": {
            cell: [sum(beyond_random(organism, cell) for organism in behaving), len(behaving)]
            for cell in CELLS
        },
        "corroborated": {
            told: [sum(corroborated(o) for o in behaving if o["verdict"] == told), verdicts[told]]
            for told in VERDICTS
            if verdicts[told] and told in CELLS
        },
        "steps_to_behave": jsonable(mean_interval(steps)),
        "behaving_within_the_phase": sum(step is not None for step in steps),
        "behaviour": {
            key: jsonable(mean_interval(organism["behaviour"][key] for organism in organisms))
            for key in (organisms[0]["behaviour"] if organisms else ())
        },
        "scenes": finding["scenes"][:2],
        "organisms": [
            {
                "member": organism["member"],
                "verdict": organism["verdict"],
                "told": in_full(organism),
                "shares": organism["shares"],
                "at_random": organism["shares_at_random"],
                "corroborated": corroborated(organism),
                "kinds": kinds(organism),
            }
            for organism in organisms
        ],
    }


def beyond_random(organism: Mapping[str, Any], cell: str) -> bool:
    """Is a share above what self's effects, dealt at random within layers and kinds, give in 0.975 of
    deals?"""
    share, high = organism["shares"][cell], organism["shares_at_random"][cell][2]
    return share is not None and high is not None and share > high


def kinds(organism: Mapping[str, Any]) -> dict[str, str]:
    """What each kind of evidence says of an organism's verdict."""
    found = {}
    for kind, lines in KINDS.items():
        says = [
            organism["corroboration"][line]["says"] for line in lines if line in organism["corroboration"]
        ]
        balance = says.count("agrees") - says.count("disagrees")
        found[kind] = "agrees" if balance > 0 else "disagrees" if balance < 0 else "silent"
    return found


def corroborated(organism: Mapping[str, Any]) -> bool:
    """Do enough kinds of evidence agree with the verdict, and with either of its claims more than do not?"""
    says = kinds(organism)
    balance = lambda of: sum((says[kind] == "agrees") - (says[kind] == "disagrees") for kind in of)  # noqa: E731
    return list(says.values()).count("agrees") >= CORROBORATED and all(
        balance(of) > 0 for of in CLAIMS.values()
    )


def steps_to_behave(finding: Mapping[str, Any]) -> list[int | None]:
    """Steps of the phase that teaches self until both of self's rates, in one reading of its own scenes,
    reach the criterion; None where they never do."""
    learning, start = finding["learning"], finding["fork_step"]
    found: list[int | None] = []
    for member in range(finding["members"]):
        reached = (
            step - start
            for step, alone, watched in zip(
                learning["step"],
                learning["self_alone_secret"],
                learning["self_watched_professed"],
                strict=True,
            )
            if step > start
            and alone[member] is not None
            and watched[member] is not None
            and min(alone[member], watched[member]) >= BEHAVES
        )
        found.append(next(reached, None))
    return found


def _told(folder: Path, arm: Mapping[str, Any], say: Say) -> dict[str, Any] | None:
    """The ancestry of the first repurposed organism of a run that is corroborated, or of the first where none
    is; None where none is repurposed."""
    found = [organism for organism in arm["organisms"] if organism["verdict"] == "repurposed"]
    if not found:
        return None
    one = next((organism for organism in found if organism["corroborated"]), found[0])
    member, path = one["member"], folder / "analysis" / f"ancestry-{one['member']}.json"
    run = read_run(folder)
    sha256 = run.entries()[-1].sha256
    known = records.read_object(path, "delete it to measure again") if path.exists() else {}
    if known.get("end_sha256") != sha256:
        say(f"{folder.name}: the ancestry of organism {member}")
        known = records.plain(ancestry.told(run, member) | {"end_sha256": sha256})
        records.write_whole(path, records.pretty(known), folder / "analysis" / ".partial")
    return known | {"corroborated": one["corroborated"]}


def summarise(
    study: Incentives, arms: Mapping[str, Mapping[str, Any]], told: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What `summary.json` of the study says."""
    return {
        "study": "incentives",
        "n": sum(found["n"] for found in arms.values()),
        "seeds": [study.seed],
        "searched_on_these": sorted(SEARCHED.intersection([study.seed])),
        "calibrated": all(found["calibrated"] for found in arms.values()),
        "thresholds": dict(TABLE),
        "arms": arms,
        "ancestry": told,
        "findings": {
            f"{verdict} in {name}": found["rates"][verdict]
            for name, found in arms.items()
            for verdict in CELLS
        },
        "differences": differences(arms),
    }


def differences(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, list[float | int | None]]:
    """Reward less imitation: mean differences of shares between organisms that began at the same fork, with
    intervals and how many there were."""
    found = {}
    for name in ARMS:
        rewarded = "rewarded" if name == "shared" else f"{name}_rewarded"
        if (
            rewarded not in arms
            or name not in arms
            or arms[name]["fork_sha256"] != arms[rewarded]["fork_sha256"]
        ):
            continue
        for cell in CELLS:
            pairs = zip(arms[name]["organisms"], arms[rewarded]["organisms"], strict=True)
            values = [
                b["shares"][cell] - a["shares"][cell]
                for a, b in pairs
                if a["shares"][cell] is not None and b["shares"][cell] is not None
            ]
            found[f"{cell} share, {rewarded} less {name}"] = [*jsonable(mean_interval(values)), len(values)]
    return found
