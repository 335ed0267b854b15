"""The process of a part: see `benchmarks.gpu_check.process`."""

import json
import sys

from benchmarks.gpu_check.plan import Settings
from benchmarks.gpu_check.process import serve_part

serve_part(sys.argv[1], Settings(**json.loads(sys.argv[2])))
