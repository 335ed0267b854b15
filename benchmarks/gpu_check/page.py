"""The page about GPUs: what was measured on which card?

docs/gpu.md is written from the files in docs/results/data.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu_check.plan import MOST_SECONDS, PARTS
from benchmarks.gpu_check.rows import (
    AnalysisRow,
    CurriculumRow,
    DeviceRow,
    FractionRow,
    GpuCheck,
    LimitRow,
    ParityRow,
    PyTorchRow,
    TrainingRow,
    check_from_plain,
)
from benchmarks.workers import ROOT
from curricula.errors import UserError
from organisms.storage import records

PAGE, DATA = ROOT / "docs/gpu.md", ROOT / "docs/results/data"
HEAD = f"""# On a GPU

What `make gpu-check` measures on a machine with a GPU, in at most {MOST_SECONDS / 60:.0f} minutes.
`python scripts/gpu_check.py --page` writes this page from the files `docs/results/data/gpu-CARD.json`; do not
edit it.

## How to run it

On a machine with a GPU and this repository's `.venv`: `make gpu-check`.

On a machine that reaches no package registry and has Python 3.12 with jax, flax, optax, orbax, safetensors,
pyarrow, scipy, matplotlib, jinja2, rich and torch alone, the check needs one library more: jaxtyping. Where
there is a network, `make gpu-wheels` puts it into `.wheels`, which git ignores. Take `.wheels` along with the
working tree (a tool that copies the working tree has to be told to carry this ignored path), and there:

```sh
make gpu-check PYTHON=python3
```

or, without make, `PYTHONPATH=.:.wheels python3 scripts/gpu_check.py`. The file goes to `docs/results/data`,
and a copy to the folder that the variable `OUT` names, if it is set. Commit the file together with the page
that is written from it.

`make gpu-check-short` runs every part at tiny sizes, on a CPU too. It writes
`runs/gpu-check/PLATFORM-short.json`, which says nothing about speed and is never read by this page.

| part | at most, s | what it measures |
|---|---:|---|
"""
PART_WORDS = {
    "limits": "the fastest large matrix product in float32, TensorFloat-32 and bfloat16",
    "reference": "the CPU's side of *parity*",
    "parity": "loss, parameters and effects beside the CPU's (tolerances: `benchmarks/gpu_check/parity.py`)",
    "training": "organism-steps a second at cpu and gpu scale with 4 to 4096 members, as memory allows",
    "pytorch": "PyTorch's, compiled: one organism at a time, and members stacked by torch.func.vmap",
    "curriculum": "1024 organisms through `shared`, not reseeded; tiny where cpu scale takes too long",
    "analysis": "patched forward passes a second, and the effects of all components",
}
UNMEASURED = """
## Results

*Unmeasured*: no card has been checked yet.
"""
Rows = Sequence[Sequence[str]]


def read_checks(folder: Path) -> list[GpuCheck]:
    """The checks of all cards, by file name. Raises UserError on a file that is no whole check of a GPU."""
    checks = []
    for path in sorted(folder.glob("gpu-*.json")):
        plain = records.read_object(path, "delete it, or check the card again")
        try:
            check = check_from_plain(plain)
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{path}: expected what gpu_check.py writes, got something else ({error})"
            ) from error
        if check.short or check.platform == "cpu":
            kind = "a short one" if check.short else "one"
            raise UserError(
                f"{path}: expected a whole check of a GPU, got {kind} on {check.platform}; delete it"
            )
        checks.append(check)
    return checks


def page_text(checks: Sequence[GpuCheck]) -> str:
    """The whole page."""
    parts = "".join(f"| {part.name} | {part.seconds:.0f} | {PART_WORDS[part.name]} |\n" for part in PARTS)
    return HEAD + parts + ("".join(map(_card, checks)) or UNMEASURED)


def _card(check: GpuCheck) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in check.versions.items() if version)
    devices = check.rows_of(DeviceRow)[0].devices
    blocks = [
        f"## {check.card}",
        f"`{check.command}`, {check.date}, {check.seconds:.0f} s, devices: {devices}; {versions}.",
        *[f"**Failed**: {failure}." for failure in check.failures],
        *[f"*Unmeasured*: {o.part}, since {o.left_out}." for o in check.parts if o.left_out],
        "### Parity",
        _table("quantity|precision|>difference|>tolerance", _parity(check)),
        "### Training",
        _table(
            "scale|members|>organism-steps/s|>of TensorFloat-32|>of bfloat16|>compiling, s|>GB|",
            _training(check),
        ),
        "Fractions are of the fastest large product: "
        + (
            ", ".join(
                f"{row.precision} {row.flops_per_second / 1e12:.1f} TFLOP/s"
                for row in check.rows_of(LimitRow)
            )
            or "*unmeasured*"
        )
        + ". Matrix products alone are counted.",
        "### PyTorch",
        _table("scale|members together|>organism-steps/s|>ready after, s|>ours over it|", _pytorch(check)),
        "### A whole curriculum",
        _table(
            "curriculum|scale|>organisms|>steps each|>s|>organism-steps/s|>criterion met|>self schemes|",
            _curriculum(check),
        ),
        "### Analysis",
        _table(
            "scale|>organisms|>patched passes/s|>one at a time/s|>effects, first, s|>effects, again, s",
            _analysis(check),
        ),
    ]
    return "\n" + "\n\n".join(blocks) + "\n"


def _table(columns: str, rows: Rows) -> str:
    """Markdown. columns: names between bars, with > before those of numbers."""
    if not rows:
        return "*Unmeasured.*"
    names = columns.split("|")
    lines = [
        [name.removeprefix(">") for name in names],
        ["---:" if name.startswith(">") else "---" for name in names],
        *rows,
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None, form: str = ",.0f") -> str:
    return "" if value is None else format(value, form)


def _parity(check: GpuCheck) -> Rows:
    return [
        (row.quantity, row.precision, f"{row.difference:.1e}", f"{row.tolerance:.0e}")
        for row in check.rows_of(ParityRow)
    ]


def _training(check: GpuCheck) -> Rows:
    fractions = {(f.scale, f.members, f.precision): f.fraction for f in check.rows_of(FractionRow)}
    return [
        (
            row.scale,
            str(row.members),
            _number(row.organism_steps_per_second),
            *(
                _number(fractions.get((row.scale, row.members, name)), ".2f")
                for name in ("tensorfloat32", "bfloat16")
            ),
            _number(row.compile_seconds),
            _number(row.memory_bytes and row.memory_bytes / 1e9, ".1f"),
            row.not_measured,
        )
        for row in check.rows_of(TrainingRow)
    ]


def _pytorch(check: GpuCheck) -> Rows:
    """ours over it: with the same members together; beside one organism at a time, our best of that scale."""
    rows = []
    for row in check.rows_of(PyTorchRow):
        ours = [
            training.organism_steps_per_second
            for training in check.rows_of(TrainingRow)
            if training.scale == row.scale and row.members in (1, training.members)
        ]
        best = max(filter(None, ours), default=None)
        rate = row.organism_steps_per_second
        ratio = best / rate if best and rate else None
        rows.append(
            (
                row.scale,
                str(row.members),
                _number(rate),
                _number(row.seconds_to_start),
                _number(ratio, ".1f"),
                row.not_measured,
            )
        )
    return rows


def _curriculum(check: GpuCheck) -> Rows:
    return [
        (
            row.curriculum,
            row.scale,
            str(row.organisms),
            str(row.steps),
            _number(row.seconds),
            _number(row.organism_steps_per_second),
            _number(row.criterion_met, ".2f"),
            _number(row.self_schemes, ".2f"),
            row.cut_short,
        )
        for row in check.rows_of(CurriculumRow)
    ]


def _analysis(check: GpuCheck) -> Rows:
    return [
        (
            row.scale,
            str(row.organisms),
            _number(row.patched_passes_per_second),
            _number(row.one_at_a_time_per_second),
            _number(row.effects_first_seconds, ".1f"),
            _number(row.effects_seconds, ".2f"),
        )
        for row in check.rows_of(AnalysisRow)
    ]
