"""A worker process of the bench: see `benchmarks.workers`."""

import sys

from benchmarks.workers import serve

serve(sys.argv[1])
