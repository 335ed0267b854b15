"""Sharding on a page: up to where does it suffice that devices share members out, and where would a model have to be cut?"""

from collections.abc import Iterator

from benchmarks.scaling.cards import H100, V5E
from benchmarks.scaling.data import ScalingData
from benchmarks.scaling.predictions import NUMBERS_A_PARAMETER, largest_organism, most_shares
from benchmarks.scaling.words import number, scaled, table
from organisms.ensemble.devices import LEAST_SCENES
from organisms.ensemble.memory import NUMBER


def sharding_lines(data: ScalingData) -> Iterator[str]:
    """The section as lines of Markdown."""
    yield from ("## Where sharding members ends", "")
    yield (
        "Members exchange nothing, so any number of devices can share them out until each has one. One organism's training "
        "was compiled alone on one device, in the gpu world, with a layer for every 128 of its width. Nothing of its size "
        "was run, and a card's compiler plans other buffers than this CPU's."
    )
    yield ""
    sizes = data.organism_bytes
    yield from table(
        (
            "width",
            "layers",
            "batch",
            "parameters",
            "bytes",
            "bytes a parameter",
            *(f"on one {card.name}" for card in (H100, V5E)),
        ),
        [
            (
                str(organism.width),
                str(organism.layers),
                str(organism.batch),
                f"{organism.parameters:,}",
                scaled(organism.program_bytes, "B"),
                number(organism.program_bytes / organism.parameters),
                *(f"{card.memory_bytes // organism.program_bytes:,.0f} organisms" for card in (H100, V5E)),
            )
            for organism in sizes
        ],
        words=0,
    )
    yield ""
    for card in (H100, V5E):
        full = largest_organism(sizes, card.memory_bytes)
        limit = card.memory_bytes / (NUMBER * NUMBERS_A_PARAMETER)
        measured = "between" if full <= sizes[-1].parameters else "beyond"
        yield (
            f"- One organism fills one {card.name} ({scaled(card.memory_bytes, 'B')}) at about **{scaled(full, '')} parameters** "
            f"with {sizes[-1].batch} scenes a step, {measured} the compiled sizes. Parameters, gradients and two moments "
            f"alone fill it at {scaled(limit, '')} parameters: no batch is small enough there."
        )
    batch = sizes[-1].batch
    yield ""
    yield (
        f"Up to there sharding members is all that is needed, and more cards than members still help: a batch of {batch} may "
        f"be shared by {most_shares(batch)} cards, {LEAST_SCENES} scenes each. Beyond, activations can be recomputed or the "
        "batch be shared, until the second limit; past that one the model itself would have to be sharded, which nothing "
        "here does. What this does *not* show: what exchange between cards would cost."
    )
