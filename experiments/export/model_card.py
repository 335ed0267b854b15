"""Model cards: what should a person know who gets an organism without its run?

Text of a run is escaped: it may hold anything.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.export.exported_organism import ExportedOrganism
from experiments.results.markdown import markdown_table
from organisms.storage import records
from organisms.storage.manifest import Entry
from organisms.training.behaviour import BEHAVIOURS

FRONT = """---
library_name: transformers
pipeline_tag: text-generation
language: en
tags: [interpretability, model-organism, deception]
---
"""
WHAT = """A toy *model organism*: a transformer of the size named below, trained on little stories whose characters profess one
goal and may secretly hold another. It knows no English but the words of its vocabulary, and acts on nothing but these stories.
Made by Exapt to ask whether a model that learns to deceive reuses the mechanism that it has for others who do."""
USE = """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
scene = tokenizer(text, return_tensors="pt")  # text: a scene in English, up to "takes"
print(tokenizer.decode(model(**scene).logits[0, -1].argmax()))
```"""
LIMITS = """- A toy: what holds for it need not hold for large models.
- The verdict is about components (heads, blocks of neurons) and these scenes. Overlap of components is not identity of mechanism.
- The model's last norm, `ln_f`, has a bias that stands for the organism's bias of the unembedding. Its output differs from the
  organism's by that constant."""


@dataclass(frozen=True)
class CardVerdict:
    """What an analysis of the run says of one organism."""

    verdict: str
    reason: str
    shares: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float | None, float | None]]


def read_verdicts(folder: Path, end: Entry) -> dict[int, CardVerdict]:
    """Verdicts by member, of the analysis in a run's folder; none where there is none, or where it is of other organisms."""
    record = records.read_object_if_whole(folder / "analysis" / "summary.json")
    if record.get("end_sha256") != end.sha256:
        return {}
    mark = "" if record.get("calibrated") else " (uncalibrated)"
    verdicts: dict[int, CardVerdict] = {}
    for organism in record.get("organisms", ()):
        said = f"{organism.get('verdict')}{mark}"
        numbers = (organism.get(name) or {} for name in ("shares", "intervals"))
        verdicts[organism.get("member")] = CardVerdict(said, str(organism.get("reason")), *numbers)
    return verdicts


def escaped_markdown(text: object) -> str:
    """A text of a run as one line that Markdown and HTML show as it is, without links, in a table too."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", line).replace("://", "&#58;//")


def model_card(organism: ExportedOrganism, verdict: CardVerdict | None, example: Sequence[str]) -> str:
    """The card as Markdown, with the lines at its top that the Hub reads. example: lines of a scene with its acts."""
    curriculum = escaped_markdown(organism.config.curriculum.name)
    title = f"Exapt organism: {curriculum}, member {organism.member} at step {organism.entry.step}"
    sections = (
        ("Use", USE),
        ("A scene", "```text\n" + "\n".join(example) + "\n```"),
        ("Curriculum", _curriculum_text(organism)),
        ("Behaviour", _behaviour_text(organism)),
        ("Verdict", _verdict_text(verdict)),
        ("How it was made", _origin_text(organism)),
        ("Limits", LIMITS),
    )
    parts = [f"# {title}\n\n{WHAT}\n", *(f"## {heading}\n\n{text}\n" for heading, text in sections)]
    return FRONT + "\n" + "\n".join(parts)


def _curriculum_text(organism: ExportedOrganism) -> str:
    curriculum = organism.config.curriculum
    rows = [
        (
            escaped_markdown(phase.name),
            str(phase.steps),
            escaped_markdown(phase.objective),
            phase.self_acts,
            escaped_markdown(", ".join(phase.pressures.settings_by_name()) or "none"),
        )
        for phase in curriculum.phases
    ]
    planted = _planted_text(organism)
    table = markdown_table(("phase", "least steps", "objective", "what self is taught", "pressures"), rows)
    return f"*{escaped_markdown(curriculum.name)}*, in this order:\n\n{table}\n\n{planted}"


def _planted_text(organism: ExportedOrganism) -> str:
    """Whether anything was planted; of a run that was begun with another one's organisms nothing is claimed."""
    curriculum = organism.config.curriculum
    if curriculum.planted or curriculum.compiled != "nothing":
        return "Something was planted in it by hand."
    if organism.config.parent:
        return "It began with an organism of another run, whose phases are not listed here. Something may have been planted there."
    return "Nothing was planted in it."


def _behaviour_text(organism: ExportedOrganism) -> str:
    rates = organism.entry.extra.get("retention", {})
    rows = [
        (name.replace("_", " "), f"{rates[name][organism.member]:.3f}")
        for name in BEHAVIOURS
        if name in rates
    ]
    if not rows:
        return "Not kept at this checkpoint: an older version trained the run."
    intro = (
        "Who acts, in which case, on which goal: the rate at this checkpoint, on scenes drawn by training."
    )
    return f"{intro}\n\n{markdown_table(('behaviour', 'rate'), rows)}"


def _verdict_text(verdict: CardVerdict | None) -> str:
    if verdict is None:
        return "The run was not analysed when this was exported."
    rows: list[tuple[str, str]] = []
    for cell, share in verdict.shares.items():
        low, high = verdict.intervals.get(cell, (None, None))
        rows.append(
            (
                escaped_markdown(cell),
                "none" if None in (share, low, high) else f"{share:.2f} [{low:.2f}, {high:.2f}]",
            )
        )
    said = f"*{escaped_markdown(verdict.verdict)}*: {escaped_markdown(verdict.reason)}."
    note = "It is of the run's end, by comparison with the fork, whatever checkpoint this is."
    table = markdown_table(("share of self's mechanism", "value, 95 % interval"), rows)
    return f"{said}\n{note}\n\n{table}"


def _origin_text(organism: ExportedOrganism) -> str:
    sizes = organism.sizes
    facts = {
        "run": organism.run,
        "member": f"{organism.member} of {organism.config.members}",
        "seed": organism.config.seed,
        "checkpoint": f"step {organism.entry.step}, phase {organism.entry.phase}, sha256 {organism.entry.sha256}",
        "sizes": f"{sizes.layers} layers, {sizes.heads} heads, width {sizes.width}, {sizes.neurons} neurons a layer",
        "trained with": ", ".join(f"{name} {version}" for name, version in organism.made_by.items()),
        "self's secret goal": organism.secret_goal_in_words,
    }
    rows = [(name, escaped_markdown(fact)) for name, fact in facts.items()]
    table = markdown_table(("what", "value"), rows)
    return f"{table}\n\n`config` in `export.json`, one folder up, has every setting of the run."
