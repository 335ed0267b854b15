"""Run a named study: python scripts/study.py NAME"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.study:study_command")
