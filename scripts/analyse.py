"""Measure a finished run and give each organism a verdict: python scripts/analyse.py RUN"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.analyse:analyse_command")
