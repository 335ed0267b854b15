"""Measure speed against PyTorch and against this machine's limits: python scripts/bench.py"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("benchmarks.command:bench_command")
