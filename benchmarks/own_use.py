"""What a process has used, and what those have that it started."""

import resource
from pathlib import Path

KIB = 2**10


def peak_mib() -> float:
    """The largest MiB of this process; ``getrusage`` would count what the parent had as well."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) / KIB


def cpu_of_children() -> float:
    """CPU seconds of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
