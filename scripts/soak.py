"""Kill commands at random moments and compare what they leave with what undisturbed ones leave: python scripts/soak.py"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("benchmarks.soak_command:soak_command")
