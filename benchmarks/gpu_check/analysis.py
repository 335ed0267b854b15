"""Analysis on the card: how many patched forward passes a second, and what do effects cost?"""

import time
from collections.abc import Iterator

import jax

from benchmarks.gpu_check.plan import Settings
from benchmarks.gpu_check.rows import AnalysisRow, Row
from benchmarks.patching import Patching


def measure_analysis(settings: Settings) -> Iterator[Row]:
    """One row. The organisms are untrained, which changes no duration; products are in full float32."""
    scale, organisms = settings.sizes.analysis
    seconds = settings.sizes.turn_seconds
    patching = Patching(scale, organisms, settings.seed)
    durations = []
    for _ in range(2):
        start = time.perf_counter()
        jax.block_until_ready(patching.measurer.shapley_effects("character", "watched"))
        durations.append(time.perf_counter() - start)
    batched, alone = patching.measure_batched(seconds), patching.measure_one_at_a_time(seconds)
    yield AnalysisRow(
        scale,
        organisms,
        batched["interventions"] / batched["seconds"],
        alone["interventions"] / alone["seconds"],
        *durations,
    )
