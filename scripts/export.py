"""Write organisms of a run for other tools: python scripts/export.py RUN"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.export:export_command")
