"""From which checkpoint does a run begin, if not at birth? What a config says of it, which is a part of the
run's identity."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Parent:
    """The checkpoint of another run whose organisms a run begins with; by default there is none, and
    organisms are born.

    It names what the parent is, not where it lies: a folder that was moved is the same parent.
    """

    run: str = ""
    """curriculum and config hash of the parent's run"""
    step: int = 0
    """of the parent's run"""
    sha256: str = ""
    """of the checkpoint's file"""
    members: int = 0
    """of the parent; a child has as many for each combination of settings that its members differ in"""
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
        found = []
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            found.append(f"parent.sha256: expected 64 hex digits, got {self.sha256!r}")
        for name, least in (("step", 0), ("members", 1), ("phases", 0)):
            if getattr(self, name) < least:
                found.append(f"parent.{name}: expected {least} or more, got {getattr(self, name)}")
        if not found and members != (wanted := self.members * combinations):
            each = f" for each of {combinations} combinations of settings" if combinations > 1 else ""
            found.append(
                f"members: expected {wanted}, since the parent has {self.members}{each}; got {members}"
            )
        return found
