"""The summary of a bench: what do the measurements come to? Rates, ratios and fractions of limits, each under
a name that says what it is.

Rates are medians over rounds of each round's median; ``_best`` rates are of the one fastest call. A ratio or
fraction is of medians where both sides took turns, and of a median against the best that was ever seen where
the other side is the machine's limit.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.clocks import median_of_rounds, shortest_of_rounds
from benchmarks.plan import REFERENCE

Raw = Mapping[str, Any]
COPIED = (
    "scale",
    "members",
    "batch",
    "parameters",
    "chunk_steps",
    "compile_seconds",
    "seconds_to_first_chunk",
    "peak_memory_bytes",
    "steady_memory_bytes",
    "checkpoint_bytes",
    "precision",
    "model_flops_a_step",
    "plain_flops_a_step",
    "executed_flops_a_step",
    "not_measured",
)


def measured_row(raw: Raw, peaks: Mapping[str, Raw]) -> dict[str, Any]:
    """One scale with one number of members.

    model_flops: 6 x parameters x tokens; plain: all products with the last layer at every position; executed:
    the products that the program does, the last layer being computed at decisions only. Fractions of the
    first kind count what is left out as done, the ``executed_`` ones do not.
    """
    summed: dict[str, Any] = {name: raw.get(name) for name in COPIED}
    rates = _rates(raw.get("training", []))
    products = median_of_rounds(raw.get("products", []))
    peak = peaks.get(raw.get("precision", ""), max(peaks.values(), key=lambda peak: peak["flops_per_second"]))
    limits = {
        "peak": peak["flops_per_second"],
        "own_products": products and raw["plain_flops_a_step"] / products,
    }
    rate = rates["organism_steps_per_second"]
    summed |= rates | {
        "milliseconds_an_organism_step": 1e3 / rate if rate else None,
        "calls": sum(map(len, raw.get("training", []))),
        "rounds": len(raw.get("training", [])),
        "large_product_flops_per_second": limits["peak"],
        "own_products_flops_per_second": limits["own_products"],
    }
    for prefix in ("", "executed_"):
        flops = raw.get(f"{prefix or 'model_'}flops_a_step")
        for name, limit in limits.items():
            summed[f"{prefix}fraction_of_{name}"] = rate * flops / limit if rate and flops and limit else None
    pytorch = {
        variant: _rates(rounds) | dict(raw["variants"][variant])
        for variant, rounds in raw.get("pytorch", {}).items()
    }
    unpruned = {variant: row for variant, row in pytorch.items() if not variant.startswith("pruned")}
    return summed | {
        "pytorch": pytorch,
        "ratio_to_pytorch": _ratio(rate, pytorch),
        "ratio_to_pytorch_unpruned": _ratio(rate, unpruned),
    }


def _rates(rounds: Sequence[Sequence[float]]) -> dict[str, float | None]:
    typical, shortest = median_of_rounds(rounds), shortest_of_rounds(rounds)
    return {
        "organism_steps_per_second": typical and 1 / typical,
        "organism_steps_per_second_best": shortest and 1 / shortest,
    }


def _ratio(rate: float | None, variants: Mapping[str, Raw]) -> float | None:
    """Our rate over that of PyTorch's fastest variant."""
    if not rate or not variants:
        return None
    return rate / max(variant["organism_steps_per_second"] for variant in variants.values())


def analysis(raw: Raw) -> dict[str, Any]:
    """Interventions a second, batched and one at a time. ratio: to the faster of the ways that make them one
    at a time."""
    rate = {name: _interventions(raw[name]) for name in ("batched", "one", "hooks")}
    one_at_a_time = max(filter(None, (rate["one"], rate["hooks"])))
    hooks = [one_round["largest_difference_nats"] for one_round in raw["hooks"]]
    return {
        "scale": raw["scale"],
        "members": raw["members"],
        "interventions_per_second": rate["batched"],
        "one_at_a_time_per_second": rate["one"],
        "pytorch_hooks_per_second": rate["hooks"],
        "ratio": rate["batched"] / one_at_a_time if rate["batched"] else None,
        "largest_difference_nats": max(one_round["largest_difference_nats"] for one_round in raw["one"]),
        "largest_difference_from_hooks_nats": max(hooks, default=None),
        "mean_absolute_effect_nats": raw["mean_absolute_effect_nats"],
    }


def _interventions(rounds: Sequence[Raw]) -> float | None:
    return (
        median(one_round["interventions"] / one_round["seconds"] for one_round in rounds) if rounds else None
    )


def summary(raw: Raw, about: Mapping[str, Any]) -> dict[str, Any]:
    """The contents of `summary.json`. The single numbers are of the reference: cpu scale with 8 members; null
    where that was not measured."""
    rows = [measured_row(cell, raw["peaks"]) for cell in raw["cells"]]
    reference = next((row for row in rows if (row["scale"], row["members"]) == REFERENCE), {})
    ratios = [row["ratio_to_pytorch"] for row in rows if row["ratio_to_pytorch"] is not None]
    return {
        "ratio_to_pytorch": reference.get("ratio_to_pytorch"),
        "smallest_ratio": min(ratios, default=None),
        "fraction_of_peak": reference.get("fraction_of_peak"),
        "fraction_of_own_products": reference.get("fraction_of_own_products"),
        "executed_fraction_of_peak": reference.get("executed_fraction_of_peak"),
        "executed_fraction_of_own_products": reference.get("executed_fraction_of_own_products"),
        "analysis": analysis(raw["analysis"]),
        **raw["machine"],
        "large_products": raw["peaks"],
        **about,
        "rows": rows,
        "profile": raw["profile"],
    }
