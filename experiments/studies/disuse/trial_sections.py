"""Sections of the page of *disuse* on trials: which part of a mode was lost, and was it gone or
suppressed?"""

from collections.abc import Iterator

from markupsafe import Markup

from experiments.studies.disuse.headline import drive_text
from experiments.studies.disuse.plan import MECHANISMS
from experiments.studies.disuse.summary import DisuseSummary
from experiments.studies.disuse.trial_results import DriveTrial, PlantedCases, Trials
from experiments.studies.page import study_table
from reports.formats import DASH, interval_text, rate_text
from reports.section import Heading, PageTable, Paragraph, Section


def restoration_section(summary: DisuseSummary) -> Section:
    explanation = (
        "Patched in from the same organism as disuse began, in the same scenes: what the components that "
        "hand over self's gate write (output weights included, so that what they write of the secret comes "
        "back with them), and the residual stream at self's entry. Shares of the lost rate that come back "
        "(Shapley values of the two); what both together do not restore is the readout's. Beside them, with "
        "no patch: how often self, alone, still leaves its profession, and how often it still names its "
        "secret in reply to a question."
    )
    columns = (
        "mechanism",
        "drive",
        "n with 0.2 or more lost",
        "gate's components",
        "content",
        "readout",
        "leaves its profession",
        "names its secret",
    )
    rows = [
        (
            MECHANISMS[name].label,
            drive_text(trial.drive),
            trial.n_lost,
            interval_text(trial.mean.gate),
            interval_text(trial.mean.content),
            interval_text(trial.mean.readout),
            interval_text(trial.mean.leaves_profession),
            interval_text(trial.mean.names_secret),
        )
        for name, trial in _drive_trials(summary)
    ]
    blocks = Paragraph(explanation, soft=True), study_table(columns, rows, wide=True)
    return Section("Which part was lost", "parts", blocks, link="Which part")


def _drive_trials(summary: DisuseSummary) -> Iterator[tuple[str, DriveTrial]]:
    for name, trials in summary.trials.items():
        for trial in trials.drives:
            yield name, trial


def _planted_cases(summary: DisuseSummary) -> list[tuple[str, PlantedCases]]:
    return [
        (MECHANISMS[name].label, trials.planted) for name, trials in summary.trials.items() if trials.planted
    ]


def return_section(summary: DisuseSummary) -> Section:
    relearning = (
        "Steps until self behaves as taught again, against the same organisms before they were ever taught, "
        "put through the same disuse: how many times fewer (ratio of geometric means)."
    )
    saving_limits = Markup(
        "Planted: organisms whose last layer alone was trained to be honest for a while, all before it kept "
        "as it was (suppressed), and organisms whose gate's components and self embeddings were "
        "reinitialised and which were then trained to be honest for a little while (gone); savings against "
        "organisms that never had the mode and had the latter training. Where characters share the gate, "
        "<em>gone</em> takes it from them too, which slows relearning. Cases that still show the mode are "
        "not scored. An organism counts as suppressed where it saves more than {} times. Beside them, not "
        "scored: organisms trained to be honest as a whole, in which nobody knows what is left."
    ).format(summary.threshold)
    noise = (
        "Noise on the weights of the gate's components, then training on everything but the mode: what is "
        "back of what the noise took. Where it comes back, what shares its mechanism maintains it."
    )
    blocks = (
        Paragraph(relearning, soft=True),
        _relearning_table(summary),
        Heading("Does its gate still read the cues?"),
        *_gate_blocks(summary),
        Heading("What the saving can show"),
        Paragraph(saving_limits, soft=True),
        _planted_table(summary),
        Heading("After noise, does it come back by itself?"),
        Paragraph(noise, soft=True),
        _noise_table(summary),
    )
    return Section("Gone, or suppressed?", "return", blocks, link="What comes back")


def _relearning_table(summary: DisuseSummary) -> PageTable:
    columns = (
        "mechanism",
        "n at half at the end",
        "times fewer steps",
        "failed",
        "never-taught that failed",
    )
    rows = [(MECHANISMS[name].label, *_relearning_cells(trials)) for name, trials in summary.trials.items()]
    return study_table(columns, rows)


def _relearning_cells(trials: Trials) -> tuple[str | int, ...]:
    saving = trials.relearning
    if saving is None:
        return 0, DASH, DASH, DASH
    return saving.n, interval_text(saving.factor), saving.failed, saving.never_failed


def _gate_blocks(summary: DisuseSummary) -> tuple[Paragraph | PageTable, ...]:
    explanation = Markup(
        "The present activations of the gate's components, before their output weights, patched into the "
        "same organism as disuse began: how far its act follows, as a share of what its own cues do; beside "
        "it the same from itself (<em>within</em>), and the most that any of 19 random sets of the same "
        "layers and kinds hands over. A gate is intact where half of <em>within</em> or more is left, and "
        "random sets hand over less than that. Of organisms that lost 0.2 of their rate or more, which are "
        "more than those that fell to half. Half of a signal may be too little to turn an act, and what the "
        "components write may have changed; where characters share the mechanism it may be intact for "
        "their sake."
    )
    columns = "mechanism", "drive", "intact, of those with a state", "handed over", "within", "at random"
    groups = [
        (MECHANISMS[name].label, drive_text(trial.drive), trial.gates)
        for name, trial in _drive_trials(summary)
        if trial.n_lost
    ]
    for label, planted in _planted_cases(summary):
        groups += [(label, _kind_text(kind), gates) for kind, gates in planted.gates.items()]
    rows = [
        (
            label,
            condition,
            f"{gates.intact} of {gates.decided}",
            interval_text(gates.transfer),
            interval_text(gates.within),
            interval_text(gates.random),
        )
        for label, condition, gates in groups
    ]
    blocks = Paragraph(explanation, soft=True), study_table(columns, rows, wide=True)
    counts = ", ".join(
        f"{planted.by_gate.right} of {planted.by_gate.n} ({label})"
        for label, planted in _planted_cases(summary)
    )
    if not counts:
        return blocks
    meaning = (
        f"Planted cases are classified as what they are in {counts}. It shows that the measurement works, "
        "and no more: in suppressed ones everything before the last layer is what it was, bit for bit, and "
        "in those that are gone the gate, as it is located on other pairs, was reinitialised."
    )
    return (*blocks, Paragraph(meaning))


def _kind_text(kind: str) -> str:
    return "trained honest" if kind == "trained_honest" else f"planted: {kind}"


def _planted_table(summary: DisuseSummary) -> PageTable:
    columns = (
        "mechanism",
        "suppressed: times fewer",
        "gone: times fewer",
        "classified as what they are",
        "could not be hidden",
        "chance that a suppressed one saves more",
        "trained honest: times fewer",
    )
    rows = []
    for label, planted in _planted_cases(summary):
        factors = {kind: interval_text(saving.factor) for kind, saving in planted.savings.items()}
        suppressed, gone, whole = (factors[kind] for kind in ("suppressed", "gone", "trained_honest"))
        score = planted.by_saving
        rows.append(
            (
                label,
                suppressed,
                gone,
                f"{score.right} of {score.n}",
                planted.not_hidden,
                rate_text(score.suppressed_saves_more),
                whole,
            )
        )
    return study_table(columns, rows, wide=True)


def _noise_table(summary: DisuseSummary) -> PageTable:
    columns = "mechanism", "in training", "n", "before", "after the noise", "back", "not broken"
    rows = [
        (
            MECHANISMS[name].label,
            rest,
            arm.n,
            interval_text(arm.rate_before),
            interval_text(arm.rate_after),
            interval_text(arm.returned),
            trials.noise.not_broken,
        )
        for name, trials in summary.trials.items()
        if trials.noise
        for rest, arm in trials.noise.arms.items()
    ]
    return study_table(columns, rows, wide=True)
