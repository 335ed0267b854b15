"""Train and analyse what is missing, then compare: python scripts/compare.py [CURRICULUM|RUN ..]"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.compare:compare_command")
