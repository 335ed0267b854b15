"""The mark of the code that draws pages: was a report drawn by the code that is here now?

It is a hash of whatever a page may depend on besides what was measured: this project's code, its templates, and the versions
of the libraries that draw. Another mark does *not* show that the page would look otherwise.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("curricula", "organisms", "analysis", "reports", "experiments")
"""folders whose code may decide what a page shows"""
SUFFIXES = frozenset({".py", ".jinja"})
LIBRARIES = ("matplotlib", "jinja2")
DIGITS = 12


@cache
def drawing_mark() -> str:
    """The mark of the code that is here, as hexadecimal digits."""
    return mark_of(Path(__file__).parents[1])


def mark_of(root: Path) -> str:
    """The mark of the packages in a folder."""
    digest = hashlib.sha256("".join(f"{name} {version(name)} " for name in LIBRARIES).encode())
    for package in PACKAGES:
        files = (path for path in (root / package).rglob("*") if path.suffix in SUFFIXES)
        for path in sorted(files):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:DIGITS]
