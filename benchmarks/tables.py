"""Tables of a bench: what does a person read on the terminal? The same numbers as `summary.json`, a row a
line."""

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]
WIDTH = 165
VARIANTS = (
    "eager",
    "compiled",
    "reduce_overhead",
    "pruned_eager",
    "pruned_compiled",
    "pruned_reduce_overhead",
)


def text(summary: Mapping[str, Any]) -> str:
    """The whole summary as tables and a few lines."""
    out = StringIO()
    console = Console(file=out, width=WIDTH, highlight=False)
    console.print(_speed(summary["rows"]))
    console.print(_limits(summary["rows"]))
    console.print("\n".join(_lines(summary)))
    if summary["profile"]:
        console.print(_profile(summary["profile"]))
    return out.getvalue().rstrip()


def _table(title: str, rows: Sequence[Row], columns: Mapping[str, Callable[[Row], Any]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in ("scale", "operations") else "right")
    for row in rows:
        table.add_row(*[_plain(value(row)) for value in columns.values()])
    return table


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def _speed(rows: Sequence[Row]) -> Table:
    def rate(variant: str) -> Callable[[Row], float | None]:
        return lambda row: row["pytorch"].get(variant, {}).get("organism_steps_per_second")

    measured = [variant for variant in VARIANTS if any(variant in row["pytorch"] for row in rows)]
    columns: dict[str, Callable[[Row], Any]] = {
        "scale": lambda row: row["scale"],
        "members": lambda row: row["members"],
        "ours": lambda row: row["organism_steps_per_second"],
        "best": lambda row: row["organism_steps_per_second_best"],
        "ms a step": lambda row: row["milliseconds_an_organism_step"],
        **{f"torch {variant.replace('_', ' ')}": rate(variant) for variant in measured},
        "ratio": lambda row: row["ratio_to_pytorch"],
        "to unpruned": lambda row: row["ratio_to_pytorch_unpruned"],
        "chunk": lambda row: row["chunk_steps"],
        "calls": lambda row: row["calls"],
    }
    return _table("Training: organism-steps a second (medians; ratio to the fastest PyTorch)", rows, columns)


def _limits(rows: Sequence[Row]) -> Table:
    scaled = lambda name, unit: lambda row: row[name] and row[name] / unit  # noqa: E731
    columns: dict[str, Callable[[Row], Any]] = {
        "scale": lambda row: row["scale"],
        "members": lambda row: row["members"],
        "of peak": lambda row: row["fraction_of_peak"],
        "executed": lambda row: row["executed_fraction_of_peak"],
        "of own products": lambda row: row["fraction_of_own_products"],
        "executed ": lambda row: row["executed_fraction_of_own_products"],
        "own GFLOP/s": scaled("own_products_flops_per_second", 1e9),
        "precision": lambda row: row["precision"],
        "compile s": lambda row: row["compile_seconds"],
        "first chunk s": lambda row: row["seconds_to_first_chunk"],
        "memory MB": scaled("steady_memory_bytes", 1e6),
        "with compiling": scaled("peak_memory_bytes", 1e6),
        "checkpoint MB": scaled("checkpoint_bytes", 1e6),
    }
    title = "Limits: fractions by 6 x parameters x tokens, and (executed) by what the program does; cost in time and memory"
    return _table(title, rows, columns)


def _lines(summary: Mapping[str, Any]) -> list[str]:
    analysis, say = summary["analysis"], _plain
    products = [
        f"{name} {product['flops_per_second'] / 1e9:,.0f} GFLOP/s at {product['size']}"
        for name, product in summary["large_products"].items()
    ]
    hooks = analysis["pytorch_hooks_per_second"]
    return [
        f"Limit: {', '.join(products)} ({summary['device']})",
        f"Analysis: {say(analysis['interventions_per_second'])} interventions a second; one at a time "
        f"{say(analysis['one_at_a_time_per_second'])}, with PyTorch's hooks {say(hooks)}; ratio {say(analysis['ratio'])}, "
        f"largest difference {say(analysis['largest_difference_nats'])} nats "
        f"of effects of {say(analysis['mean_absolute_effect_nats'])} on average",
        f"At cpu scale with 8 members: {say(summary['ratio_to_pytorch'])} times PyTorch, {say(summary['fraction_of_peak'])} of the limit, "
        f"{say(summary['fraction_of_own_products'])} of the model's own products; smallest ratio of all rows {say(summary['smallest_ratio'])}",
    ]


def _profile(groups: Sequence[Row]) -> Table:
    columns: dict[str, Callable[[Row], Any]] = {
        "operations": lambda group: group["operations"],
        "ms an organism-step": lambda group: group["milliseconds_an_organism_step"],
        "share": lambda group: group["share_of_operations"],
    }
    return _table(
        "Profile of one chunk: the costliest groups of operations, added up over devices", groups, columns
    )
