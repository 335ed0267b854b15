"""``python -m exapt``: the console command where it is not on the path."""

from exapt.command import console_command

if __name__ == "__main__":
    console_command()
