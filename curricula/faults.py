"""What may a person have got wrong, and what may a machine have failed to do? Scripts turn the two into exit 2 and exit 1."""


class Fault(Exception):
    """Something a person can put right: a wrong argument, config or input. Scripts print it and exit 2.

    The text says in one or two lines what was expected, what came and what to do.
    """


class Failure(Exception):
    """Something the machine could not do (a full disk, say); what was committed before is intact. Scripts exit 1."""
