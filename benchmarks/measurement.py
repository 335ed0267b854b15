"""A bench under way: in what order is everything measured? Cell by cell, and in a cell in turn: ours, the
model's own products, each variant of PyTorch, again.

What is measured at the same time of the same machine can be compared; what is returned is as it was read off
the clocks, and `benchmarks.summary` makes numbers of it.
"""

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.plan import Plan
from benchmarks.workers import OutOfMemory, Worker
from curricula.catalogue.building_blocks import Scale
from curricula.errors import SystemFailure

Raw = dict[str, Any]
Say = Callable[[str], None]
PRODUCT_SECONDS = 0.3
"""what a call of the model's own products should take"""


class Measurement:
    """One bench under way."""

    def __init__(self, plan: Plan, folder: Path, say: Say):
        self.plan, self.folder, self.report, self.start = plan, folder, say, time.monotonic()
        self.peaks: dict[str, Any] = {}
        self.machine: Raw = {}
        self.profile: list[Raw] | None = None

    def say(self, text: str) -> None:
        seconds = int(time.monotonic() - self.start)
        self.report(f"{seconds // 60:02d}:{seconds % 60:02d} {text}")

    def run(self) -> Raw:
        """Everything that the plan asks for, as it was measured."""
        with Worker("limits") as limits:
            self.machine = limits.call("describe")
            self.find_peaks(limits)
            cells = [cell for scale in self.plan.scales for cell in self.scale(scale, limits)]
            analysis = self.analysis()
            self.find_peaks(limits)  # again: the machine may have been busier the first time
        return {
            "machine": self.machine,
            "peaks": self.peaks,
            "cells": cells,
            "analysis": analysis,
            "profile": self.profile,
        }

    @property
    def peak(self) -> float:
        return max(peak["flops_per_second"] for peak in self.peaks.values())

    def find_peaks(self, limits: Worker) -> None:
        """The best large matrix product so far, by precision."""
        rate = lambda peak: peak["flops_per_second"]  # noqa: E731
        measured = limits.call("large", sizes=self.plan.matrices, seconds=self.plan.seconds / 2)
        for precision, peak in measured.items():
            self.peaks[precision] = max(peak, self.peaks.get(precision, peak), key=rate)
        best = ", ".join(f"{name} {rate(peak) / 1e9:.0f} GFLOP/s" for name, peak in self.peaks.items())
        self.say(f"{self.machine['device']}: best large matrix product {best}")

    def scale(self, scale: Scale, limits: Worker) -> list[Raw]:
        """The cells of a scale, PyTorch staying at hand from one to the next."""
        with self.pytorch_worker(scale, limits) as (baseline, variants):
            return [
                self.cell(scale, members, baseline, variants)
                for members in self.plan.members_on(self.machine["platform"])
            ]

    @contextmanager
    def pytorch_worker(self, scale: Scale, limits: Worker) -> Iterator[tuple[Worker | None, dict[str, Raw]]]:
        """PyTorch's worker and what each of its variants reported when it was ready; None and nothing where
        there is no PyTorch."""
        if not self.has_pytorch():
            yield None, {}
            return
        path = self.folder / f"{scale}.npz"
        limits.call("write_material", path=path, scale=scale, seed=self.plan.seed)
        with Worker("pytorch", path=path, device=self.torch_device) as baseline:
            variants: dict[str, Raw] = {}
            about = baseline.call("describe")
            for variant in about.pop("variants"):
                try:
                    variants[variant] = about | baseline.call("prepare", variant=variant)
                except (SystemFailure, OutOfMemory) as error:
                    self.say(f"{scale}: PyTorch {variant} is left out: {error}")
                else:
                    self.say(
                        f"{scale}: PyTorch {variant} ready in {variants[variant]['seconds_to_start']:.1f} s"
                    )
            yield baseline, variants

    def has_pytorch(self) -> bool:
        return self.plan.pytorch and importlib.util.find_spec("torch") is not None

    @property
    def torch_device(self) -> str:
        return "cuda" if self.machine["platform"] in ("gpu", "cuda") else "cpu"

    def cell(self, scale: Scale, members: int, baseline: Worker | None, variants: dict[str, Raw]) -> Raw:
        """One scale with one number of members. Where memory does not suffice, the reason instead."""
        raw: Raw = {"scale": scale, "members": members}
        try:
            settings = {
                "scale": scale,
                "members": members,
                "seed": self.plan.seed,
                "flops_per_second": self.peak,
            }
            with Worker("training", **settings) as ours:
                raw |= ours.call("first", started=ours.started) | ours.call("peak_memory")
                self.say(f"{scale} x {members}: first chunk after {raw['seconds_to_first_chunk']:.1f} s")
                raw |= self.rounds(raw, ours, baseline, variants)
                if self.plan.profile and self.plan.profiled(self.machine["platform"]) == (scale, members):
                    self.profile = ours.call("profile", folder=self.plan.profile)
        except OutOfMemory as error:
            self.say(f"{scale} x {members}: does not fit into memory: {error}")
            return {"scale": scale, "members": members, "not_measured": str(error)}
        return raw

    def rounds(self, raw: Raw, ours: Worker, baseline: Worker | None, variants: dict[str, Raw]) -> Raw:
        """Every contestant in turn, round by round: seconds a step of an organism [round][call]."""
        training: list[list[float]] = []
        products: list[list[float]] = []
        pytorch: dict[str, list[list[float]]] = {variant: [] for variant in variants}
        step: Raw = {}
        for number in range(self.plan.rounds_for(raw["first_call_seconds"])):
            training.append(ours.call("measure", seconds=self.plan.seconds))
            if not number:
                step = ours.call("steady_memory") | ours.call("describe")
                self.start_products(raw["members"], step, ours)
            products.append(ours.call("measure_products", seconds=self.plan.seconds / 2))
            for variant, durations in pytorch.items():
                assert baseline
                durations.append(baseline.call("measure", variant=variant, seconds=self.plan.seconds / 2))
        fastest = {variant: min(map(min, durations)) for variant, durations in pytorch.items()}
        variants_text = "".join(f", PyTorch {variant} {1e3 * fastest[variant]:.2f}" for variant in fastest)
        self.say(
            f"{raw['scale']} x {raw['members']}: best {1e3 * min(map(min, training)):.2f} ms an organism-step{variants_text}"
        )
        return step | {"training": training, "products": products, "pytorch": pytorch, "variants": variants}

    def start_products(self, members: int, step: Raw, ours: Worker) -> None:
        """Compiles the model's own products, for so many members and steps that a call takes a while but not
        long."""
        if (
            self.machine["platform"] == "cpu"
        ):  # there members are taken one by one, so more of them only take longer
            members = min(members, self.machine["devices"])
        steps = PRODUCT_SECONDS * self.peak / 2 / (members * step["plain_flops_a_step"])
        ours.call(
            "start_products",
            members=members,
            steps=max(1, min(100, round(steps))),
            precision=step["precision"],
        )

    def analysis(self) -> Raw:
        """Batched patching, one at a time, and PyTorch's hooks, in turn."""
        plan, path = self.plan, self.folder / "patching.npz"
        scale: Scale = "cpu" if "cpu" in plan.scales else plan.scales[0]
        raw: Raw = {"scale": scale, "members": plan.analysis_members, "batched": [], "one": [], "hooks": []}
        with ExitStack() as workers:
            ours = workers.enter_context(
                Worker("patching", scale=scale, members=plan.analysis_members, seed=plan.seed)
            )
            raw |= ours.call("describe")
            hooks = None
            if self.has_pytorch():
                ours.call("write_material", path=path)
                hooks = workers.enter_context(Worker("hooks", path=path, device=self.torch_device))
            for _ in range(plan.rounds):
                raw["batched"].append(ours.call("measure_batched", seconds=plan.seconds))
                raw["one"].append(ours.call("measure_one_at_a_time", seconds=plan.seconds / 2))
                if hooks:
                    raw["hooks"].append(hooks.call("measure", seconds=plan.seconds / 2))
        self.say("analysis measured")
        return raw
