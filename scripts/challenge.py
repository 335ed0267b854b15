"""Make and score sealed packs of planted organisms: python scripts/challenge.py make"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.challenge:challenge_command")
