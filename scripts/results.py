"""Write the figures of docs/*.md anew from the studies' summaries: python scripts/results.py"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.results:results_command")
