"""A measurement that no built-in one is like, with a row and a section, as a user's file would bring it."""

from dataclasses import dataclass

from experiments.measurements.protocol import Measurement
from reports.section import Paragraph, Section
from reports.tables import Row


@dataclass(frozen=True)
class Curiosity:
    """A result that no built-in measurement gives."""


class CuriosityMeasurement(Measurement[Curiosity]):
    name = "curiosity"
    result = Curiosity

    def measure(self, run, results):
        return Curiosity()

    def rows(self, findings):
        yield Row(2, "curious", float("nan"), high=0.5, n=3)

    def section(self, findings):
        return Section("Curiosity", "curiosity", (Paragraph(f"{len(findings)} runs <b>"),), ("All of it.",))
