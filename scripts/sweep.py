"""Train a grid of runs, here or on a cluster: python scripts/sweep.py CURRICULUM.. --seeds 0 1 2 --grid
FLAG=V1,V2"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.sweep:sweep_command")
