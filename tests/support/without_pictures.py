"""Runs a script whose training draws no pictures for TensorBoard, as those that the command server forks: their programs take
seconds to compile."""

import runpy
import sys
from pathlib import Path

from command_server import WithoutPictures

if __name__ == "__main__":
    sys.argv[:] = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    sys.meta_path.insert(0, WithoutPictures())
    runpy.run_path(sys.argv[0], run_name="__main__")
