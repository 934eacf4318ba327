"""Python's garbage collector in a program that imports much, works for seconds, and ends."""

import atexit
import gc

ALLOCATIONS = 100_000  # more objects made than freed, after which the youngest are looked through


def spare() -> None:
    """Let it look at objects less often, and not once more at the end of the program.

    The libraries of a night make a million objects that live until its end. Looking at them again
    and again takes two of ten seconds.
    """
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
