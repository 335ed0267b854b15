"""Arguments and results of every call are checked as tests run, by jaxtyping with beartype: their shapes, and their types.

Imported before any module of this project. Of the packages whose types pyright checks strictly, modules that name no shape are
left as they are: they read and write configs and records, and checking these calls too took a tenth of the tests' time.
"""

import sys
from pathlib import Path

from jaxtyping import install_import_hook

ROOT = Path(__file__).parents[2]
STRICT = ("curricula", "organisms")
"""packages whose types pyright checks strictly"""
OTHERS = ("analysis", "reports", "experiments", "benchmarks", "exapt")
NAMES_SHAPES = "from jaxtyping import"


def modules_with_shapes() -> list[str]:
    """The full names of those of the strict packages."""
    files = [file for package in STRICT for file in sorted((ROOT / package).rglob("*.py"))]
    return [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in files
        if NAMES_SHAPES in file.read_text()
    ]


CHECKED = (*modules_with_shapes(), *OTHERS)
if early := [name for name in sys.modules if name.partition(".")[0] in (*STRICT, *OTHERS)]:
    raise ImportError(
        f"expected to come before any module of this project, but imported were: {', '.join(early)}"
    )
install_import_hook(CHECKED, "beartype.beartype")
