"""The parent: from which checkpoint of another run does a run begin? It is a part of the run's identity."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Parent:
    """The checkpoint of another run whose organisms a run begins with; by default there is none, and
    organisms begin untrained.

    It names what the parent is, not where it lies: a folder that was moved is the same parent.
    """

    run: str = ""
    """curriculum and config hash of the parent's run"""
    step: int = 0
    """step of the parent's run"""
    sha256: str = ""
    """sha256 of the checkpoint's file"""
    members: int = 0
    """number of the parent's; a child has as many for each combination of settings that its members differ in"""
    phases: int = 0
    """phases begun before, over the whole line of descent: they number the child's, so that no two phases of
    a line draw the same scenes"""

    def __bool__(self) -> bool:
        """Is there one?"""
        return bool(self.run)

    def validation_errors(self, members: int, combinations: int) -> list[str]:
        """Everything that is wrong with it for a run of so many members and combinations of settings, a line
        each."""
        if not self:
            return [] if self == Parent() else ["parent: expected a run with its step and sha256, got no run"]
        errors: list[str] = []
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            errors.append(f"parent.sha256: expected 64 hex digits, got {self.sha256!r}")
        for name, minimum in (("step", 0), ("members", 1), ("phases", 0)):
            if getattr(self, name) < minimum:
                errors.append(f"parent.{name}: expected {minimum} or more, got {getattr(self, name)}")
        if not errors and members != (expected := self.members * combinations):
            per_setting = f" for each of {combinations} combinations of settings" if combinations > 1 else ""
            errors.append(
                f"members: expected {expected}, since the parent has {self.members}{per_setting}; got {members}"
            )
        return errors
