"""Devices: how is work over members laid out on them? Every choice that depends on the backend is made here.

Members are independent, so a device takes its share of them and exchanges nothing with the others. On a CPU a device is a core:
it takes its members one after the other, since small matrix products leave nothing to gain from batching and
much to lose (members one by one on two single cores trained at twice the rate of all members in one program over
both; `scripts/bench.py` measures it). On a GPU or TPU a device takes its members together. Only where there
are fewer members than devices is a member's batch shared out as well, which changes the last bits of its
sums.
"""

import hashlib
import os
import platform
import threading
from collections.abc import Callable
from math import gcd
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from curricula.errors import SystemFailure, UserError
from organisms.ensemble.compiler_options import AS_EVER, TO_MEASURE, CompilerOptions, on_a_cpu
from organisms.ensemble.processes import Processes
from organisms.ensemble.side_by_side import one_at_a_time

Result = TypeVar("Result")
MEMBER, BATCH = "member", "batch"
LEAST_SCENES = 16
"""a device's share of one member's batch is not made smaller than this"""
LEAST_COMPILE_SECONDS = 0.05
"""programs that compile faster are not worth keeping"""
TOGETHER = 1024
"""members that a GPU takes in one product at most"""
POLL_SECONDS = 0.25
SAY_AGAIN_SECONDS = 30
"""between two lines that say for whom a process waits"""


def claim_cores() -> None:
    """Makes every core that this process may use a device of its own, unless JAX_NUM_CPU_DEVICES says
    otherwise. Before JAX is first used."""
    if "JAX_NUM_CPU_DEVICES" not in os.environ:
        jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))


def keep_programs(keep: bool = True) -> None:
    """Keeps compiled programs for the next process, in JAX_COMPILATION_CACHE_DIR or else in the user's cache
    folder; where it can be written.

    Each kind of processor has a folder of its own, since JAX does not tell its programs apart by what their
    processor can do.
    """
    jax.config.update("jax_enable_compilation_cache", keep)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.environ.get("JAX_COMPILATION_CACHE_DIR") or os.path.join(
        home, "exapt", "programs", _processor()
    )
    if not keep or folder.startswith("~"):
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_COMPILE_SECONDS)


def _processor() -> str:
    """A name that processors share if they can do the same."""
    try:
        with open("/proc/cpuinfo") as file:
            features = next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        features = platform.processor()
    return hashlib.sha256(f"{platform.machine()} {features}".encode()).hexdigest()[:12]


def require_devices() -> None:
    """Raises UserError where JAX finds no device of the kind that the environment asks for."""
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # which of them depends on the kind
        reason = (str(error).splitlines() or ["none of that kind"])[0][:120]
        raise UserError(
            f"JAX_PLATFORMS={os.environ.get('JAX_PLATFORMS', '')}: expected a device of this kind, jax finds none here "
            f"({reason or 'none of that kind'}); unset it, or install what drives the device, as pip install -e '.[cuda]'"
        ) from error


def meet(processes: Processes, report: Callable[[str], None]) -> None:
    """Joins the other processes, and says for whom it waits. Raises SystemFailure where they do not come.

    It waits in a thread of its own, so that an interrupt ends it.
    """
    errors: list[BaseException] = []

    def initialise() -> None:
        try:
            jax.distributed.initialize(processes.coordinator, processes.count, processes.index)
        except BaseException as error:
            errors.append(error)

    waiting = threading.Thread(target=initialise, daemon=True)
    waiting.start()
    seconds = 0.0
    while waiting.is_alive():
        waiting.join(POLL_SECONDS)
        seconds += POLL_SECONDS
        if waiting.is_alive() and (seconds == 1.0 or seconds % SAY_AGAIN_SECONDS == 0):
            report(f"waiting for {processes.others} ({seconds:.0f} s)")
    for error in errors:
        first = (str(error).splitlines() or [type(error).__name__])[0][:160]
        if processes.coordinator is None:
            raise UserError(
                f"--distributed: no cluster tells who the others are ({first}); add --coordinator, --processes, --process"
            ) from error
        raise SystemFailure(
            f"{processes.others} did not come: {first}; start all processes with the same --coordinator"
        ) from error
    require_devices()


class Layout(NamedTuple):
    """Which devices take which members, and how many share one member's batch."""

    mesh: Mesh
    one_by_one: bool
    """does a device take its members one after the other?"""

    @classmethod
    def of(cls, members: int, batch: int = 1) -> "Layout":
        """The layout for this many members of this many scenes a step, on all devices that can be kept busy.

        Several processes must have at least as many members as devices, a whole number a device; see
        `device_count_errors`.
        """
        devices = np.array(jax.devices())
        together = min(members, len(devices))
        share = max(
            n
            for n in range(1, len(devices) // together + 1)
            if batch % n == 0 and (n == 1 or batch // n >= LEAST_SCENES)
        )
        used = devices[: together * share].reshape(together, share)
        return cls(Mesh(used, (MEMBER, BATCH), axis_types=(AxisType.Auto,) * 2), devices[0].platform == "cpu")

    @property
    def shares(self) -> int:
        """Devices that share one member's batch."""
        return self.mesh.shape[BATCH]

    def over_members(
        self,
        function: Callable[..., Any],
        donate: tuple[int, ...] = (),
        together: int = TOGETHER,
        options: CompilerOptions = AS_EVER,
    ) -> Any:
        """The function of one member as a compiled one of all: every argument and result has a leading member
        axis.

        A number of members that the devices do not divide is filled up with repeated ones, whose results are
        dropped. donate: arguments whose memory the results may take. together: members that a GPU takes at
        once at most. options: of the compiler, on a CPU; what measures runs on several devices one at a time.
        """
        width = self.mesh.shape[MEMBER]
        spec = PartitionSpec(MEMBER)

        def share(*arguments: Any) -> Any:
            at_once = (
                None
                if self.one_by_one or together == 1
                else min(together, len(jax.tree.leaves(arguments)[0]))
            )
            return jax.lax.map(lambda member: function(*member), arguments, batch_size=at_once)

        spread = jax.shard_map(share, mesh=self.mesh, in_specs=spec, out_specs=spec, check_vma=False)

        def all_members(*arguments: Any) -> Any:
            members = len(jax.tree.leaves(arguments)[0])
            filled = jnp.arange(-(-members // width) * width) % members
            even = len(filled) == members
            results = spread(*(arguments if even else jax.tree.map(lambda leaf: leaf[filled], arguments)))
            results = results if even else jax.tree.map(lambda leaf: leaf[:members], results)
            return jax.lax.with_sharding_constraint(results, self.sharding(members))

        program = jax.jit(all_members, donate_argnums=donate, compiler_options=on_a_cpu(options))
        return one_at_a_time(program) if options == TO_MEASURE and self.mesh.size > 1 else program

    def over_rows(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function of one member and some rows as a compiled one of all: arguments [member, ...],
        [member, row, ...], .. give results [member, row, ...]: a measurement. The rows must be
        computed apart, so that a member's can be shared out evenly where the devices do not divide the members.
        """

        # a part is as much as a device should hold at once
        per_part = self.over_members(function, together=1)

        def all_rows(members: Any, *rows: Any) -> Any:
            count, amount = jax.tree.leaves(rows)[0].shape[:2]
            parts = gcd(amount, self.mesh.shape[MEMBER])
            member_of_part = jnp.arange(count * parts) // parts
            cut = jax.tree.map(
                lambda leaf: leaf.reshape(count * parts, amount // parts, *leaf.shape[2:]), rows
            )
            results = per_part(jax.tree.map(lambda leaf: leaf[member_of_part], members), *cut)
            return jax.tree.map(lambda leaf: leaf.reshape(count, amount, *leaf.shape[2:]), results)

        program = jax.jit(all_rows, compiler_options=on_a_cpu(TO_MEASURE))
        return one_at_a_time(program) if self.mesh.size > 1 else program

    def sharding(self, members: int) -> NamedSharding:
        """Where arrays [member, ...] live between two programs: shared out if the devices divide the members,
        else on every device."""
        even = members % self.mesh.shape[MEMBER] == 0
        return NamedSharding(self.mesh, PartitionSpec(MEMBER) if even else PartitionSpec())

    def place(self, tree: Any) -> Any:
        """Arrays [member, ...] that every process has, put where `sharding` says."""

        def put(leaf: Any) -> jax.Array:
            leaf = np.asarray(leaf)
            return jax.make_array_from_callback(
                leaf.shape, self.sharding(len(leaf)), lambda index: leaf[index]
            )

        return jax.tree.map(put, tree)


def device_count_errors(members: int) -> list[str]:
    """What stands against training this many members on several processes; nothing on one."""
    devices = jax.device_count()
    if jax.process_count() == 1 or members % devices == 0:
        return []
    near = max(1, round(members / devices)) * devices
    return [
        f"members: expected a multiple of the {devices} devices of all processes, got {members}; give {near}"
    ]


def fetch(tree: Any) -> Any:
    """The tree as NumPy arrays, on every process."""
    if jax.process_count() > 1:
        return multihost_utils.process_allgather(tree, tiled=True)
    return jax.device_get(tree)


def first_process() -> bool:
    """Is this the one process that writes?"""
    return jax.process_index() == 0


def after_first(do: Callable[[], Result]) -> Result | None:
    """What the first process does while the others wait; None on those. Raises UserError there where the first
    one fails."""
    if jax.process_count() == 1:
        return do()
    result, error = None, None
    if first_process():
        try:
            result = do()
        except BaseException as caught:
            error = caught
    failed = bool(multihost_utils.broadcast_one_to_all(np.int32(error is not None)))
    if error:
        raise error
    if failed:
        raise SystemFailure("the first process could not go on; it says why")
    return result


def require_same(text: str) -> None:
    """Raises UserError, in every process, where not all processes give the same text."""
    if jax.process_count() == 1:
        return
    digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8)
    differs = np.int32((multihost_utils.broadcast_one_to_all(digest) != digest).any())
    if np.asarray(multihost_utils.process_allgather(differs)).any():
        raise UserError(
            "--distributed: the processes were given different commands; give each the same settings and --out"
        )


def from_first(claim: bool) -> bool:
    """What the first process claims."""
    return claim if jax.process_count() == 1 else bool(multihost_utils.broadcast_one_to_all(np.int32(claim)))


def leave() -> None:
    """Parts from the other processes, once all of them have come to an end."""
    if jax.distributed.is_initialized():
        jax.distributed.shutdown()
