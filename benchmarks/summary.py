"""What do the measurements come to? Rates, ratios and fractions of limits, each under a name that says what
it is.

Rates are medians over rounds of each round's median; ``_best`` rates are of the one fastest call. A ratio or
fraction is of medians where both sides took turns, and of a median against the best that was ever seen where
the other side is the machine's limit.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.clocks import least_of_rounds, median_of_rounds
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


def row(raw: Raw, peaks: Mapping[str, Raw]) -> dict[str, Any]:
    """One scale with one number of members.

    model_flops: 6 x parameters x tokens; plain: all products with the last layer at every position; executed:
    the products that the program does, the last layer being computed at decisions only. Fractions of the
    first kind count what is left out as done, the ``executed_`` ones do not.
    """
    found: dict[str, Any] = {name: raw.get(name) for name in COPIED}
    rates = _rates(raw.get("growth", []))
    own = median_of_rounds(raw.get("products", []))
    peak = peaks.get(raw.get("precision", ""), max(peaks.values(), key=lambda of: of["flops_per_second"]))
    limits = {"peak": peak["flops_per_second"], "own_products": own and raw["plain_flops_a_step"] / own}
    rate = rates["organism_steps_per_second"]
    found |= rates | {
        "milliseconds_an_organism_step": 1e3 / rate if rate else None,
        "calls": sum(map(len, raw.get("growth", []))),
        "rounds": len(raw.get("growth", [])),
        "large_product_flops_per_second": limits["peak"],
        "own_products_flops_per_second": limits["own_products"],
    }
    for prefix in ("", "executed_"):
        done = raw.get(f"{prefix or 'model_'}flops_a_step")
        for name, limit in limits.items():
            found[f"{prefix}fraction_of_{name}"] = rate * done / limit if rate and done and limit else None
    pytorch = {
        variant: _rates(taken) | dict(raw["variants"][variant])
        for variant, taken in raw.get("pytorch", {}).items()
    }
    unpruned = {variant: of for variant, of in pytorch.items() if not variant.startswith("pruned")}
    return found | {
        "pytorch": pytorch,
        "ratio_to_pytorch": _ratio(rate, pytorch),
        "ratio_to_pytorch_unpruned": _ratio(rate, unpruned),
    }


def _rates(rounds: Sequence[Sequence[float]]) -> dict[str, float | None]:
    usual, least = median_of_rounds(rounds), least_of_rounds(rounds)
    return {
        "organism_steps_per_second": usual and 1 / usual,
        "organism_steps_per_second_best": least and 1 / least,
    }


def _ratio(rate: float | None, rivals: Mapping[str, Raw]) -> float | None:
    """Of our rate to that of the fastest rival."""
    if not rate or not rivals:
        return None
    return rate / max(of["organism_steps_per_second"] for of in rivals.values())


def analysis(raw: Raw) -> dict[str, Any]:
    """Interventions a second, batched and one at a time. ratio: to the faster of the ways that make them one
    at a time."""
    rate = {name: _interventions(raw[name]) for name in ("batched", "one", "hooks")}
    one_at_a_time = max(filter(None, (rate["one"], rate["hooks"])))
    hooks = [of["largest_difference_nats"] for of in raw["hooks"]]
    return {
        "scale": raw["scale"],
        "members": raw["members"],
        "interventions_per_second": rate["batched"],
        "one_at_a_time_per_second": rate["one"],
        "pytorch_hooks_per_second": rate["hooks"],
        "ratio": rate["batched"] / one_at_a_time if rate["batched"] else None,
        "largest_difference_nats": max(of["largest_difference_nats"] for of in raw["one"]),
        "largest_difference_from_hooks_nats": max(hooks, default=None),
        "mean_absolute_effect_nats": raw["mean_absolute_effect_nats"],
    }


def _interventions(rounds: Sequence[Raw]) -> float | None:
    return median(of["interventions"] / of["seconds"] for of in rounds) if rounds else None


def summary(raw: Raw, about: Mapping[str, Any]) -> dict[str, Any]:
    """What `summary.json` says. The single numbers are of the reference: cpu scale with 8 members; null where
    that was not measured."""
    rows = [row(cell, raw["peaks"]) for cell in raw["cells"]]
    reference = next((of for of in rows if (of["scale"], of["members"]) == REFERENCE), {})
    ratios = [of["ratio_to_pytorch"] for of in rows if of["ratio_to_pytorch"] is not None]
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
