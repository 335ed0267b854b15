"""Results of handles: what do a location, a probe and a direction that were made from characters do on self?"""

from dataclasses import dataclass

from analysis.handles.locations import LocationKind, LocationLesion
from analysis.handles.makers import CharacterMaker, HandleMaker
from analysis.handles.steering import Steering
from analysis.handles.token_reading import TokenReading
from analysis.handles.transfer_probe import ProbeTransfer, ReadToken


@dataclass(frozen=True)
class MemberHandles:
    """The handles of one organism."""

    lesions: tuple[LocationLesion, ...]
    probes: tuple[ProbeTransfer, ...]
    steering: tuple[Steering, ...]

    def lesion(self, maker: HandleMaker, kind: LocationKind = "core") -> LocationLesion:
        """The lesion of a location."""
        return next(lesion for lesion in self.lesions if (lesion.maker, lesion.kind) == (maker, kind))

    def probe(self, maker: CharacterMaker, token: ReadToken = "actor") -> ProbeTransfer:
        """The probe from characters of a checkpoint."""
        return next(probe for probe in self.probes if (probe.maker, probe.token) == (maker, token))

    def steered(self, maker: HandleMaker) -> Steering:
        """What a direction does."""
        return next(steering for steering in self.steering if steering.maker == maker)


@dataclass(frozen=True)
class HandleResult:
    """Handles of all members, and a scene of the first one, read token by token."""

    members: tuple[MemberHandles, ...]
    readings: tuple[TokenReading, ...]
