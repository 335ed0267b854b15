"""What a person sees is what was logged: asked of a real TensorBoard server over HTTP."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import organisms.logging.tensorboard
from curricula.errors import UserError
from organisms.logging.tensorboard import TensorBoardLogger

WAIT_SECONDS = 60
RUNS: dict[str, dict[str, Any]] = {
    "a": {"members": 3, "curriculum": "honest", "pressure": 0.5},
    "b": {"members": 3, "watched": True},
    "c": {"seed": 7, "limit": float("inf")},
}
TAGS = {
    "a": ["loss_nats"],
    "b": ["loss_nats", "behaviour/self_alone"],
    "c": ["loss_nats", "behaviour/self_alone", "share/copy"],
}
FINAL = {"a": 0.25, "b": 0.5, "c": 1.0}
PICTURE = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


def member_values(run: str, step: int) -> np.ndarray:
    """Three members with mean `step` + 2, lowest `step` + 0 and highest `step` + 5, moved by 100 a run."""
    return np.array([0.0, 5.0, 1.0], dtype=np.float32) + step + 100 * "abc".index(run)


class Server:
    """A TensorBoard server on a loopback port of the system's choice."""

    def __init__(self, folder: Path, load_fast: str = "false"):
        self.log = folder.parent / (folder.name + ".server.log")
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--host", "127.0.0.1"]
        command += ["--port", "0", f"--load_fast={load_fast}", "--reload_interval", "1"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": ""}
            )
        self.open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        self.address = self.wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+/", self.log.read_text()))[0]

    def wait_for(self, ask: Callable[[], Any]) -> Any:
        """The first true answer."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if answer := ask():
                return answer
            time.sleep(0.2)
        pytest.fail(f"TensorBoard did not answer as expected:\n{self.log.read_text()}")

    def raw(self, route: str, body: Mapping[str, Any] | None = None, **query: object) -> bytes:
        address = f"{self.address}data/{route}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        with self.open(request, timeout=WAIT_SECONDS) as answer:
            return answer.read()

    def ask(self, route: str, body: Mapping[str, Any] | None = None, **query: object) -> Any:
        return json.loads(self.raw(route, body, **query))

    def points(self, run: str, tag: str) -> list[tuple[int, float]]:
        return [(step, value) for _, step, value in self.ask("plugin/scalars/scalars", run=run, tag=tag)]

    def wait_for_tag(self, run: str, tag: str) -> None:
        self.wait_for(lambda: tag in self.ask("plugin/scalars/tags").get(run, {}))

    def statuses(self) -> dict[str, str]:
        return {group["name"]: group["sessions"][0]["status"] for group in self.sessions()}

    def sessions(self) -> list[Any]:
        columns: list[dict[str, Any]] = [
            {"hparam": column["name"]} for column in self.ask("plugin/hparams/experiment", {})["hparamInfos"]
        ]
        statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
        body = {"startIndex": 0, "sliceSize": 100, "allowedStatuses": statuses, "colParams": columns}
        return self.ask("plugin/hparams/session_groups", body)["sessionGroups"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


def log(monitor: TensorBoardLogger, run: str, steps: list[int], tags: list[str]) -> None:
    for step in steps:
        monitor.scalars(step, {tag: member_values(run, step) for tag in tags})


@pytest.fixture(scope="module", params=["false", "auto"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three finished runs: `a` unbroken, `b` resumed after an exception, `c` with a tag that comes late.

    Asked of both readers that TensorBoard has: `false` is in Python; `auto`, the default, in Rust where that
    installs.
    """
    folder = tmp_path_factory.mktemp("runs")
    for run, hyperparameters in RUNS.items():
        place = folder / run / "tensorboard"
        if run == "b":
            with (
                contextlib.suppress(KeyboardInterrupt),
                TensorBoardLogger(place, hyperparameters, 4, quiet=True) as monitor,
            ):
                monitor.phase(0, "world")
                log(monitor, run, [0, 1, 2], TAGS[run])
                monitor.scalars(3, {"loss_nats": np.full(3, -1000.0)})
                raise KeyboardInterrupt
        purge_step = 2 if run == "b" else None
        with TensorBoardLogger(place, hyperparameters, 4, purge_step, quiet=True) as monitor:
            monitor.phase(purge_step or 0, "lying")
            log(monitor, run, [2] if run == "b" else [0, 1, 2], ["loss_nats"])
            log(monitor, run, [3], TAGS[run])
            monitor.text(3, "scene", "Did *he* [lie]?")
            monitor.image(3, "attention", PICTURE)
            monitor.close({"self alone": FINAL[run], "unmeasured": float("nan")})
    server = Server(folder, request.param)
    try:
        for run in RUNS:
            server.wait_for_tag(f"{run}/tensorboard", "final/self_alone")
        yield server
    finally:
        server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("run", ["a", "c"])
def test_bands_are_mean_lowest_and_highest_member(server: Server, run: str):
    expected = [member_values(run, step) for step in range(4)]
    for name, reduce in {"mean": np.mean, "low": np.min, "high": np.max}.items():
        points = server.points(f"{run}/tensorboard", f"loss_nats/{name}")
        assert [step for step, _ in points] == [0, 1, 2, 3]
        np.testing.assert_allclose(
            [value for _, value in points], [reduce(values) for values in expected], rtol=1e-6
        )


def test_a_large_ensemble_s_band_is_the_10th_and_90th_percentile():
    band = organisms.logging.tensorboard._band("loss", np.arange(101))
    assert band == {"mean": 50.0, "low": 10.0, "high": 90.0}
    assert organisms.logging.tensorboard._band("loss", np.arange(10)) == {
        "mean": 4.5,
        "low": 0.0,
        "high": 9.0,
    }
    assert all(
        np.isnan(value)
        for value in organisms.logging.tensorboard._band("loss", np.array([1.0, np.nan])).values()
    )
    with pytest.raises(ValueError, match=r"'loss'.*\(2, 3\)"):
        organisms.logging.tensorboard._band("loss", np.ones((2, 3)))


def test_every_tag_of_any_run_has_a_margin_chart(server: Server):
    """Run `c` alone has `share/copy`, and logs it after its first layout was written."""
    (category,) = server.ask("plugin/custom_scalars/layout")["category"]
    charts = {chart["title"]: chart["margin"]["series"] for chart in category["chart"]}
    tags = ["loss_nats", "behaviour/self_alone", "share/copy"]
    assert charts == {
        tag: [{"value": f"{tag}/mean", "lower": f"{tag}/low", "upper": f"{tag}/high"}] for tag in tags
    }


def test_runs_with_different_hyperparameters_share_one_table(server: Server):
    experiment = server.ask("plugin/hparams/experiment", {})
    assert {column["name"] for column in experiment["hparamInfos"]} == {
        name for run in RUNS.values() for name in run
    }
    assert "final/self_alone" in {column["name"]["tag"] for column in experiment["metricInfos"]}
    groups = {group["name"]: group for group in server.sessions()}
    assert set(groups) == {f"{run}/tensorboard" for run in RUNS}
    for run, hyperparameters in RUNS.items():
        group = groups[f"{run}/tensorboard"]
        finite = {name: "inf" if value == float("inf") else value for name, value in hyperparameters.items()}
        assert group["hparams"] == finite
        # True is not 1.
        assert [isinstance(group["hparams"][name], bool) for name in finite] == [
            name == "watched" for name in finite
        ]
        metrics = {value["name"]["tag"]: value["value"] for value in group["metricValues"]}
        assert metrics["final/self_alone"] == FINAL[run]
        assert metrics["final/unmeasured"] == "NaN"
        assert metrics["loss_nats/mean"] == pytest.approx(member_values(run, 3).mean())
        (session,) = group["sessions"]
        assert session["endTimeSecs"] >= session["startTimeSecs"] > 0


def test_texts_and_images_are_served(server: Server):
    for run in RUNS:
        run = f"{run}/tensorboard"
        (text,) = server.ask("plugin/text/text", run=run, tag="scene/text_summary")
        assert text["step"] == 3
        assert "Did <em>he</em> [lie]?" in text["text"]
        phases = server.ask("plugin/text/text", run=run, tag="phase/text_summary")
        assert "<strong>lying</strong>" in phases[-1]["text"]
        (image,) = server.ask("plugin/images/images", run=run, tag="attention", sample=0)
        assert image["step"] == 3
        png = server.raw("plugin/images/individualImage", **dict(urllib.parse.parse_qsl(image["query"])))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), PICTURE)


def test_a_resumed_run_hides_what_it_replays_and_ends_as_succeeded(server: Server):
    run = "b/tensorboard"
    assert server.points(run, "loss_nats/mean") == [(0, 102), (1, 103), (2, 104), (3, 105)]
    assert server.points(run, "phase") == [(0, 0), (1, 0), (2, 1), (3, 1)]
    assert server.statuses()[run] == "STATUS_SUCCESS"


@pytest.mark.slow
def test_an_exception_ends_the_session_as_failed_and_resuming_reopens_it(tmp_path: Path):
    """One server sees failed, paused and resumed runs come in while it is running."""
    for run in ["failed", "resumed"]:
        monitor = TensorBoardLogger(tmp_path / "runs" / run, {"seed": 1}, 4, quiet=True)
        with contextlib.suppress(SystemExit), monitor:
            monitor.scalars(1, {"loss": np.ones(2)})
            raise SystemExit(1)
    with TensorBoardLogger(tmp_path / "runs" / "paused", {"seed": 1}, 4, quiet=True) as monitor:
        monitor.scalars(1, {"loss": np.ones(2)})
    with TensorBoardLogger(
        tmp_path / "runs" / "resumed", {"seed": 1}, 4, purge_step=2, quiet=True
    ) as monitor:
        monitor.scalars(2, {"another": np.ones(2)})
    expected = {"failed": "STATUS_FAILURE", "paused": "STATUS_UNKNOWN", "resumed": "STATUS_UNKNOWN"}
    server = Server(tmp_path / "runs")
    try:
        server.wait_for(lambda: set(server.ask("plugin/scalars/tags")) == set(expected))
        server.wait_for_tag("resumed", "another/mean")
        assert server.statuses() == expected
        # While the server runs, which has read the failed ending and waits at the end of its file.
        with TensorBoardLogger(
            tmp_path / "runs" / "failed", {"seed": 1}, 4, purge_step=1, quiet=True
        ) as monitor:
            monitor.scalars(1, {"late": np.ones(2)})
            monitor.close({})
        server.wait_for_tag("failed", "late/mean")
        # Charts of earlier processes stay.
        (category,) = server.ask("plugin/custom_scalars/layout")["category"]
        assert [chart["title"] for chart in category["chart"]] == ["loss", "late", "another"]
    finally:
        server.stop()


def test_a_folder_with_events_is_not_written_to_by_accident(tmp_path: Path):
    TensorBoardLogger(tmp_path / "run", {}, 4, quiet=True).close({})
    with pytest.raises(UserError, match="purge_step"):
        TensorBoardLogger(tmp_path / "run", {}, 4, quiet=True)


def test_hyperparameters_that_tensorboard_would_drop_are_named(tmp_path: Path):
    wrong: dict[str, Any] = {"phases": (1, 2), "parent": None, "seed": 1}
    with pytest.raises(TypeError, match=r"(?s)phases.*\(1, 2\).*parent.*None"):
        TensorBoardLogger(tmp_path / "run", wrong, 4, quiet=True)
    assert not (tmp_path / "run").exists()


def test_watching_needs_neither_jax_nor_tensorflow():
    """Where they are missing, as these are, it works all the same."""
    missing = "dict.fromkeys(['jax', 'tensorflow', 'torch'])"
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.modules.update({missing}); import organisms.logging.tensorboard",
        ],
        check=True,
    )
