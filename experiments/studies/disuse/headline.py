"""The headline of the study *disuse*: three lines for a reader who reads no further."""

import math

from analysis.statistics import FEW_ORGANISMS, Interval, numbers
from experiments.studies.disuse.plan import DRIVES, MECHANISMS, PASSIVE, STRONGEST
from experiments.studies.disuse.summary import DisuseSummary
from reports.formats import DASH, interval_text

NULL_WITHIN = 0.02
"""how far the rate may stray from its start where nothing pulls on it"""


def half_life_text(interval: Interval, last: float, n: int) -> str:
    """``120 [80, 200]``; ``more than 600`` where most organisms kept the mode; an interval that is open above
    is marked so. last: time of the last reading. n: organisms."""
    value, low, high = interval
    if not n:
        return DASH
    if not math.isfinite(value):
        return f"more than {last:.3g}"
    if n == 1:
        return f"{value:.3g}"
    ends = [
        "?" if not math.isfinite(low) else f"{low:.3g}",
        "open" if not math.isfinite(high) else f"{high:.3g}",
    ]
    return f"{value:.3g} [{', '.join(ends)}]"


def drive_text(drive: str) -> str:
    """The name of a drive in words."""
    return drive.replace("_", " ")


def disuse_headline(summary: DisuseSummary) -> list[str]:
    """Three lines: what disuse did, what keeps or brings back the mode, and how far to trust it."""
    return [_decay_line(summary), _return_line(summary), _trust_line(summary)]


def _decay_line(summary: DisuseSummary) -> str:
    by_drive = []
    for drive in DRIVES.values():
        counts = ", ".join(
            f"{MECHANISMS[name].label} {retained[drive].dead} of {retained[drive].n}"
            for name, retained in summary.drives.items()
        )
        by_drive.append(f"{drive_text(drive)}: {counts}")
    return (
        f"Organisms whose mode fell to half of its rate within {summary.steps} steps of disuse, by drive: "
        f"{'; '.join(by_drive)}. Whether sharing protects is the question of the study bitrot."
    )


def _return_line(summary: DisuseSummary) -> str:
    sentences = [_exercise_sentence(summary)]
    relearned = [
        f"{MECHANISMS[name].label} {interval_text(saving.factor)} times (n = {saving.n})"
        for name, trials in summary.trials.items()
        if (saving := trials.relearning)
    ]
    if relearned:
        sentences.append(
            "Where it was lost, relearning it took fewer steps than never-taught organisms took by "
            f"{'; '.join(relearned)}."
        )
    intact = [
        f"{MECHANISMS[name].label} {trial.gates.intact} of {trial.gates.decided}"
        for name, trials in summary.trials.items()
        for trial in trials.drives
        if trial.drive == STRONGEST and trial.n_lost
    ]
    if intact:
        sentences.append(
            "Where 0.2 of its rate or more was lost under both drives, the gate that read the cues for it is "
            f"intact in {', '.join(intact)}."
        )
    returned = []
    for name, trials in summary.trials.items():
        if trials.noise and trials.noise.arms:
            arms = [f"{interval_text(arm.returned)} with {rest}" for rest, arm in trials.noise.arms.items()]
            returned.append(f"{MECHANISMS[name].label} {', '.join(arms)}")
    if returned:
        sentences.append(
            f"After noise on its gate, and never shown again, the mode came back by: {'; '.join(returned)}."
        )
    return " ".join(sentences)


def _exercise_sentence(summary: DisuseSummary) -> str:
    parts = []
    for name, exercise in summary.exercise.items():
        rate, low, high = exercise.keeping
        smallest = f"{rate:g}" if math.isfinite(rate) else "none tried"
        above = f"{high:g}" if math.isfinite(high) else "more than was tried"
        parts.append(f"{MECHANISMS[name].label} {smallest} (between {low:g} and {above})")
    return f"Smallest exercise rate that keeps it under both drives: {'; '.join(parts)}."


def _trust_line(summary: DisuseSummary) -> str:
    sentences = _null_sentences(summary)
    planted = [trials.planted for trials in summary.trials.values() if trials.planted]
    if planted:
        right, n = sum(part.by_saving.right for part in planted), sum(part.by_saving.n for part in planted)
        failed = sum(part.not_hidden for part in planted)
        sentences.append(
            f"Planted cases of a gone and a suppressed mode are classified as what they are in {right} of "
            f"{n} by relearning ({failed} more could not be hidden)."
        )
    few = [
        MECHANISMS[name].label
        for name, retained in summary.drives.items()
        if retained[PASSIVE].n < FEW_ORGANISMS
    ]
    if few:
        sentences.append(f"Fewer than {FEW_ORGANISMS} organisms, too few for a claim: {', '.join(few)}.")
    verdicts = "; ".join(
        f"{curriculum} {', '.join(f'{n} {verdict}' for verdict, n in counts.items())}"
        for curriculum, counts in summary.verdicts.items()
    )
    sentences.append(f"Verdicts as disuse began: {verdicts}.")
    left_out = ", ".join(f"{curriculum} {n}" for curriculum, n in summary.left_out.items() if n)
    if left_out:
        sentences.append(
            f"Left out, since they never had the mode or have it by another mechanism: {left_out}."
        )
    return " ".join(sentences)


def _null_sentences(summary: DisuseSummary) -> list[str]:
    """How far rates strayed where nothing pulls on the mode."""
    sentences = []
    strayed = {
        name: distance
        for name, retained in summary.drives.items()
        if (distance := retained[PASSIVE].furthest_from_start) is not None
    }
    if strayed:
        worst = max(strayed, key=lambda name: strayed[name])
        stays = "stays" if strayed[worst] <= NULL_WITHIN else "does not stay"
        sentences.append(
            f"With training at its floor and no drive retention {stays} within {NULL_WITHIN} of its start "
            f"(furthest: {strayed[worst]:.2f}, {MECHANISMS[worst].label})."
        )
    still = numbers(
        retention.furthest_from_start
        for by_decay in summary.decay_only.values()
        for decay, retention in by_decay.items()
        if not float(decay)
    )
    if still:
        sentences.append(f"Without gradients and decay it strays by {max(still):.2f}.")
    return sentences
