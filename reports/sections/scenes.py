"""Scenes in the report: what did organisms do in a few scenes, in English?

They are examples. What they do *not* show: rates, which stand under behaviour.
"""

from collections.abc import Sequence

from analysis.findings import RunFindings
from reports.scene_pictures import ScenesResult
from reports.section import Block, Card, Cards, Heading, Paragraph, Section
from reports.sections.runs import runs_with

SHOWN_SCENES = 6
"""scenes shown of a run"""


def scenes_section(findings: Sequence[RunFindings]) -> Section | None:
    """The first scenes of every run."""
    blocks: list[Block] = []
    for label, run in runs_with(findings, ScenesResult):
        cards = tuple(Card(scene.title, scene.lines) for scene in run[ScenesResult].scenes[:SHOWN_SCENES])
        blocks += [Heading(label), Cards(cards) if cards else Paragraph("None recorded.", soft=True)]
    return Section("A few scenes", "scenes", tuple(blocks), link="Scenes", rank=26)
