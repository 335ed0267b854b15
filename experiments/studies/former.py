"""What studies that are not yet on the protocol share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from curricula.catalogue.building_blocks import WORLDS, Scale
from curricula.config_json import to_plain
from curricula.world.world import World
from experiments.compare import Say
from organisms.model.config import OrganismConfig
from organisms.storage import records
from organisms.storage.run import config_hash
from organisms.training.config import RunConfig, named_config


@dataclass(frozen=True)
class Study:
    """A study before it is run."""

    scale: Scale
    world: World
    organism: OrganismConfig
    members: int = 8
    """organisms of each kind"""
    seed: int = 0
    steps: int | None = None

    def run(self, name: str, members: int, seed: int) -> RunConfig:
        """A named curriculum in the study's world, at its sizes. What a curriculum has otherwise than the
        world of its scale, it has so here as well."""
        found = named_config(name, self.scale, members, seed, self.steps)
        usual, own = asdict(WORLDS[self.scale]), asdict(found.curriculum.world)
        world = replace(self.world, **{name: value for name, value in own.items() if value != usual[name]})
        return replace(found, curriculum=replace(found.curriculum, world=world), organism=self.organism)


def write(
    study: Study,
    out: Path,
    summary: Mapping[str, Any],
    command: str,
    page: Callable[[Mapping[str, Any]], str],
    plain_lines: Callable[[Mapping[str, Any]], Sequence[str]],
    say: Say,
) -> Path:
    """Writes a study's summary and page, says its plain lines, and returns the path of the summary. Raises
    Failure where the disk refuses."""
    folder = out / f"{summary['study']}-{config_hash(to_plain(study))}"
    report, path = folder / "report.html", folder / "summary.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        summary = records.plain(dict(summary) | {"report": str(report), "command": command})
        records.write_whole(report, page(summary).encode(), folder / ".partial")
        records.write_whole(path, records.pretty(summary), folder / ".partial")
    except OSError as error:
        raise records.could_not_write(folder, error) from error
    for line in plain_lines(summary):
        say(line)
    say(f"report: {report}")
    return path
