"""The program ``viewcast`` where its script is not on the PATH: ``python -m viewcast``."""

from viewcast.commands.program import program

if __name__ == "__main__":
    program()
