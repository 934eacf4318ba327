"""A program under ``viewcast.base.top_level`` in a process of its own: `python program.py <what>`.

It says "ready" when it is so far, and waits for what comes: a signal, or a line.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__)
LONG = 60  # seconds: a process that nothing ends is ended


@contextmanager
def program(what: str, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """The process, when it has said that it is ready; it is ended with the block."""
    command = [sys.executable, str(HERE), what, *arguments]
    with running(command, **environment) as process:
        yield process


@contextmanager
def running(command: list[str], **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """As ``program``, of any command that ends in one."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            assert heard(process) == "ready"
            yield process
        finally:
            process.kill()


def heard(process: "subprocess.Popen[str]") -> str:
    """The next line that the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def ended(process: "subprocess.Popen[str]", line: str = "") -> tuple[int, str, str]:
    """Exit code, output and errors of the process, when it was given a line."""
    output, errors = process.communicate(line, timeout=LONG)
    return process.returncode, output, errors


def ready() -> None:
    print("ready", flush=True)


def wait() -> None:
    """Work until a signal comes; then put things in order until a line comes, and say so."""
    try:
        ready()
        time.sleep(LONG)
    finally:
        print("in order", flush=True)
        sys.stdin.readline()
        print("done", flush=True)


def parent() -> None:
    """A program whose child works."""
    from viewcast.base import children  # noqa: PLC0415

    children.run([sys.executable, str(HERE), "wait"])


def stage() -> None:
    """A stage of DVC, which was begun by a parent that says who it is."""
    wait()


def talk() -> None:
    """Print without an end."""
    ready()
    while True:
        print("a line")


def fail(kind: str) -> None:
    """Fail in that way, once the standard input ends."""
    ready()
    sys.stdin.read()
    if kind == "disk":
        Path("/dev/full").write_text("text", encoding="utf-8")
    if kind == "output":
        os.dup2(os.open("/dev/full", os.O_WRONLY), sys.stdout.fileno())
        print("text")
        return
    if kind == "accent":
        print("log² of é")
        return
    if kind == "files":
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
        kept = [open(os.devnull) for _ in range(9)]  # noqa: SIM115, PTH123
        print(len(kept))
    if kind == "memory":
        bytearray(2**60)
    if kind == "library":
        import lightgbm_of_nobody  # noqa: F401, PLC0415
    raise KeyError("of nobody")


def write(folder: str) -> None:
    from viewcast.base import files  # noqa: PLC0415

    ready()
    if os.getuid() == 0:  # whom no folder's rights hold
        os.setuid(65534)
    files.write(Path(folder) / "file", "text")


def main(what: str, *arguments: str) -> None:
    from viewcast.base.top_level import begin, top_level  # noqa: PLC0415

    # Ignored where the tests run in the background or under nohup, and a child would inherit that.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if what == "stage":
        begin("program.py")
    with top_level("program.py"):
        globals()[what](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
