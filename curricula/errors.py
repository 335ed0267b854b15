"""What may a person have got wrong, and what may a machine have failed to do? Scripts turn the two into exit
2 and exit 1."""

from pathlib import Path


class UserError(Exception):
    """Something a person can put right: a wrong argument, config or input. Scripts print it and exit 2.

    The text says in one or two lines what was expected, what came and what to do.
    """


class SystemFailure(Exception):
    """Something the machine could not do (a full disk, say); what was committed before is intact. Scripts
    exit 1."""


class Stopped(SystemFailure):
    """Told to stop, and stopped with everything saved, in all processes at once."""


class Incomplete(SystemFailure):
    """Some of what was asked for could not be done, and a summary says so. Scripts print its path all the
    same, and exit 1."""

    def __init__(self, text: str, summary: Path):
        super().__init__(text)
        self.summary = summary
