"""Progress: where does a line for people go?"""

import sys
from collections.abc import Callable

Say = Callable[[str], None]


def say_on_error_stream(text: str) -> None:
    """A line for people; standard output carries the path of the summary alone."""
    print(text, file=sys.stderr, flush=True)
