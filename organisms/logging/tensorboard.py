"""TensorBoard: how is a run doing, for a person who watches it?

TensorBoard (one TensorBoard run per ensemble, whatever the number of members) and a progress display on
standard error. Nothing is ever printed on standard output. It does *not* show single members, and TensorBoard
thins what it keeps (about 1000 points and 10 images a tag): never analyse from events.

What TensorBoard does that shaped this module (tensorboard 2.21, found by asking its server):

- The first session log of a run only says that later ones are restarts: unless the first process wrote one
too, the `purge_step` of the second hides nothing. So every process writes one.
- It keeps the *first* metadata that it reads for a tag, and session records are metadata: a session that
failed would stay failed after a resumed process finished it. So a failed ending has its own event file, which
resuming empties.
- It shows the *last* custom-scalars layout of a run and merges those of all runs, but loses charts where a
category is absent from the first run. So there is one category, and a layout lists every tag that the run has
had.
- Without an `experiment` record the HParams table has a column for each hyperparameter and scalar tag of any
run.
"""

import contextlib
import json
import math
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from time import time

import numpy as np
from google.protobuf.message import Message
from jaxtyping import Num, UInt8
from tensorboardX import FileWriter, summary
from tensorboardX.proto.api_pb2 import Status  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.proto.plugin_hparams_pb2 import (
    HParamsPluginData,  # pyright: ignore[reportAttributeAccessIssue]
    SessionEndInfo,  # pyright: ignore[reportAttributeAccessIssue]
    SessionStartInfo,  # pyright: ignore[reportAttributeAccessIssue]
)
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata  # pyright: ignore[reportAttributeAccessIssue]

from curricula.errors import UserError
from organisms.logging.progress import Display
from organisms.storage.records import SCHEMA, SCHEMA_NUMBER

Scalar = int | float | str | bool

CATEGORY = "Mean and spread over members"
FEW_MEMBERS = 10
FLUSH_SECONDS = 2  # in a thread: whoever watches sees the first metrics as soon as there are any
SEEN = "seen.json"  # the tags and phases of earlier processes of this run
FAILED = ".failed"  # ends the name of the event file that holds a failed ending


class TensorBoardLogger:
    """Writes one run's TensorBoard events and shows its progress. Only one process of a run (process 0) may
    own one.

    As a context manager: after `close(metrics)` the session has succeeded; an exception ends it as failed; a
    block left with neither (a run that pauses, to be resumed) leaves it open.

    `folder` is `<run>/tensorboard`. A restarted run gives `purge_step`, the first step that it will log
    again: TensorBoard hides what earlier processes logged at that step and later. `quiet` silences progress
    and messages.

    Raises:
        UserError: the folder already holds events and no `purge_step` was given. TypeError: hyperparameters that
        are not int, float, str or bool; TensorBoard would drop them without a word.
    """

    def __init__(
        self,
        folder: Path,
        hyperparameters: Mapping[str, Scalar],
        total_steps: int,
        purge_step: int | None = None,
        quiet: bool = False,
    ):
        start = _session_start(hyperparameters)
        earlier = sorted(folder.glob("*tfevents*"))
        if earlier and purge_step is None:
            raise UserError(
                f"expected a new folder for TensorBoard events, but {folder} holds some: "
                "give the run another folder, or purge_step to continue this one"
            )
        for file in earlier:
            if file.name.endswith(FAILED):
                file.write_bytes(b"")  # not removed: a running TensorBoard may have it open
        self._folder = folder
        self._seen: dict[str, list[str]] = {"tags": [], "phases": []}
        if (folder / SEEN).exists():
            with contextlib.suppress(
                ValueError, TypeError
            ):  # a damaged one: its tags are seen again as they come
                noted = json.loads((folder / SEEN).read_text())
                self._seen = {kind: [str(name) for name in noted.get(kind, [])] for kind in self._seen}
        self._writer = _open_events(folder)
        self._writer.add_event(Event(session_log=SessionLog(status=SessionLog.START)), purge_step or 0)
        self._writer.add_summary(start, 0)
        self._write_layout()
        self._step = purge_step or 0
        self._phase: str | None = None
        self._phase_start = 0
        self._is_closed = False
        self._display = Display(total_steps, quiet)
        self.message(f"TensorBoard: tensorboard --logdir {shlex.quote(str(folder.parent.parent))}")

    def scalars(self, step: int, values: Mapping[str, Num[np.ndarray, " member"]]) -> None:
        """Writes `<tag>/mean`, `<tag>/low` and `<tag>/high` over members, and the index of the phase, if one
        has begun.

        Low and high are the smallest and largest member of an ensemble of at most ten, and the 10th and 90th
        percentile of a larger one, where the extremes would grow with the number of members. A member that is
        NaN makes all three NaN, so that it is noticed.
        """
        flat: dict[str, float] = {}
        tags = {_clean(tag): array for tag, array in values.items()}
        for tag, array in tags.items():
            flat |= {f"{tag}/{name}": number for name, number in _band(tag, array).items()}
        if self._phase is not None and step > self._phase_start:
            flat["phase"] = float(self._seen["phases"].index(self._phase))
        self._remember("tags", tags)
        self._add(_scalar_summary(flat), step)

    def text(self, step: int, tag: str, markdown: str) -> None:
        """Writes a text; TensorBoard lists it as `<tag>/text_summary`."""
        self._add(summary.text(_clean(tag), markdown), step)

    def image(self, step: int, tag: str, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        """Writes a picture."""
        self._add(summary.image(_clean(tag), picture, dataformats="HWC"), step)

    def phase(self, step: int, name: str) -> None:
        """Marks the start of a phase, or that a restarted run is in it.

        The scalar `phase` is the number of phases begun before this one; a name that the run has seen keeps
        its number.
        """
        self._phase, self._phase_start = name, step
        self._remember("phases", [name])
        index = self._seen["phases"].index(name)
        self._add(summary.text("phase", f"Step {step}: phase {index}, **{name}**"), step)
        self._add(_scalar_summary({"phase": float(index)}), step)

    def progress(self, step: int, line: Mapping[str, float]) -> None:
        """Shows that `step` steps of `total_steps` are done, with a few numbers."""
        self._display.progress(step, self._phase, line)

    def expect(self, total_steps: int) -> None:
        """From here on, progress is towards this many steps."""
        self._display.expect(total_steps)

    def message(self, text: str) -> None:
        """Shows a line above the progress bar."""
        self._display.message(text)

    def close(self, metrics: Mapping[str, float]) -> None:
        """Ends the session as succeeded. `metrics` become the columns `final/<name>` of the HParams table."""
        if self._is_closed:
            return
        final = {f"final/{_clean(name)}": float(value) for name, value in metrics.items()}
        self._add(_scalar_summary(final), self._step)
        self._writer.add_summary(_session_end("STATUS_SUCCESS"), 0)
        self._shut()

    def __enter__(self) -> "TensorBoardLogger":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._is_closed:
            return
        self._shut()
        if kind is not None:
            ending = _open_events(self._folder, FAILED)
            ending.add_summary(_session_end("STATUS_FAILURE"), 0)
            ending.close()

    def _add(self, content: Message, step: int) -> None:
        self._step = max(self._step, int(step))
        self._writer.add_summary(content, step)

    def _shut(self) -> None:
        self._is_closed = True
        self._display.close()
        self._writer.close()

    def _remember(self, kind: str, names: Mapping[str, object] | list[str]) -> None:
        """Adds new tags or phases to those of this run, for this process's layout and for later processes."""
        new = [name for name in names if name not in self._seen[kind]]
        if not new:
            return
        self._seen[kind] += new
        aside = self._folder / (SEEN + ".new")
        aside.write_text(json.dumps({SCHEMA: SCHEMA_NUMBER} | self._seen))
        os.replace(aside, self._folder / SEEN)
        if kind == "tags":
            self._write_layout()

    def _write_layout(self) -> None:
        if self._seen["tags"]:
            bands = {
                tag: ["Margin", [f"{tag}/mean", f"{tag}/low", f"{tag}/high"]] for tag in self._seen["tags"]
            }
            self._writer.add_summary(summary.custom_scalars({CATEGORY: bands}), 0)


def _open_events(folder: Path, suffix: str = "") -> FileWriter:
    # tensorboardX names files by the second and overwrites; TensorBoard reads them in the order of names. So a count.
    count = len(list(folder.glob("*tfevents*")))
    return FileWriter(folder, flush_secs=FLUSH_SECONDS, filename_suffix=f".{count:05d}{suffix}")


def _clean(name: str) -> str:
    """The tag as tensorboardX would write it, so that layouts agree with scalars: `second copy` is
    `second_copy`."""
    return re.sub(r"[^-/\w.]", "_", name).lstrip("/")


def _band(tag: str, array: np.ndarray) -> dict[str, float]:
    array = np.asarray(array, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"scalars: expected one number a member for {tag!r}, but the array has shape {array.shape}"
        )
    if np.isnan(array).any():
        return dict.fromkeys(("mean", "low", "high"), math.nan)
    with np.errstate(invalid="ignore"):  # infinities of both signs
        low, high = np.percentile(array, [0, 100] if array.size <= FEW_MEMBERS else [10, 90])
        return {"mean": float(array.mean()), "low": float(low), "high": float(high)}


def _scalar_summary(values: Mapping[str, float]) -> Message:
    return Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])


def _session_start(hyperparameters: Mapping[str, object]) -> Message:
    scalars = {name: value for name, value in hyperparameters.items() if isinstance(value, Scalar)}
    wrong = [f"{name} is {value!r}" for name, value in hyperparameters.items() if name not in scalars]
    if wrong:
        raise TypeError(
            f"hyperparameters: expected int, float, str or bool, but {'; '.join(wrong)}: flatten them"
        )
    info = SessionStartInfo(start_time_secs=time())
    for name, value in scalars.items():
        if isinstance(value, bool):
            info.hparams[name].bool_value = value
        elif isinstance(value, str) or not math.isfinite(value):  # the table's JSON cannot hold infinity
            info.hparams[name].string_value = str(value)
        else:
            info.hparams[name].number_value = value
    return _hparams_summary("session_start_info", HParamsPluginData(session_start_info=info))


def _session_end(status: str) -> Message:
    info = SessionEndInfo(status=Status.Value(status), end_time_secs=time())
    return _hparams_summary("session_end_info", HParamsPluginData(session_end_info=info))


def _hparams_summary(name: str, content: Message) -> Message:
    data = SummaryMetadata.PluginData(plugin_name="hparams", content=content.SerializeToString())
    return Summary(value=[Summary.Value(tag=f"_hparams_/{name}", metadata=SummaryMetadata(plugin_data=data))])
