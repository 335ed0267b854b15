"""Check a machine with a GPU: parity with the CPU, speed beside PyTorch and the card's limits: python scripts/gpu_check.py"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("benchmarks.gpu_check.command:gpu_check_command")
