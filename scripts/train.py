"""Train an ensemble of organisms under a curriculum: python scripts/train.py CURRICULUM"""

from experiments.command_line.process import main

if __name__ == "__main__":
    main("experiments.commands.train:train_command")
