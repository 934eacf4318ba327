"""The top level of every program: each end has one sentence and the right exit code.

| end | exit code |
|---|---|
| an error, one that nobody expected too | 1 |
| Ctrl-C (SIGINT) | 130 |
| SIGTERM | 143 |
| the terminal was closed (SIGHUP) | 129 |
| the reader of the output has gone (`| head`) | 141 |

A signal becomes an exception, so that what is open is closed: runs of MLflow end KILLED, child
processes are ended. The exception is no ``Exception``: a night that catches these goes on with
nothing. SIGTERM a second time changes nothing, for a group of processes gets it from several sides.
Ctrl-C a second time ends the process at once.
"""

import contextlib
import ctypes
import logging
import multiprocessing
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from viewcast.base.escaped import on_screen
from viewcast.base.failures import debugging, sentence

FAILED, PIPE_CLOSED = 1, 128 + 13
STOPS = [signal.SIGINT, signal.SIGTERM]
STOPS += [signal.SIGHUP] if hasattr(signal, "SIGHUP") else []
SAID = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
# Loggers of libraries that print the traceback of an error which they raise as well.
TALKATIVE = ("mlflow.store.db.utils",)
OF_STAGE = "DVC_STAGE"  # DVC puts the name of the stage into the environment of its command
SPAWNED = "--multiprocessing-fork"
PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux's prctl

Handler = Callable[[int, FrameType | None], None]


class Terminated(SystemExit):
    """The process was asked to end; ``code`` is 128 and the number of the signal."""


@contextmanager
def top_level(
    name: str,
    passes: tuple[type[Exception], ...] = (),
    tell: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Do the block; however it ends, with one sentence on standard error and the right exit code.

    ``name``: of the program, which begins the sentence. ``passes``: exceptions that the caller
    tells himself. ``tell``: is given the sentence of an error instead.
    With ``VIEWCAST_DEBUG=1`` the traceback comes first.
    """
    _quieten()
    _take_any_text()
    former, stop = _listen(name)
    try:
        yield
        sys.stdout.flush()
    except passes:
        raise
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    except SystemExit:
        _flush_or_end(name)
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, it ends here)
        if isinstance(error, BrokenPipeError) and _reader_is_gone():
            _leave_pipe()
        if debugging():
            traceback.print_exception(error)
        if tell is None:
            say(f"{name}: {sentence(error)}")
        else:
            tell(sentence(error))
        _flush_or_forget()
        raise SystemExit(FAILED) from None
    finally:
        for number, handler in former.items():
            if signal.getsignal(number) is stop:  # none has come
                signal.signal(number, handler)


def begin(name: str) -> None:
    """Heed signals and tell errors from now on, while a script imports what takes seconds.

    A stage of DVC ends when DVC is ended: DVC itself does not pass a SIGTERM on.
    """
    _quieten()
    _take_any_text()
    _listen(name)
    sys.excepthook = _told(name)
    if OF_STAGE in os.environ:
        end_with_parent()


def end_with_parent() -> None:
    """Get SIGTERM when the process that started this one ends, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PARENT_DEATH, signal.SIGTERM, 0, 0, 0)


def _told(name: str) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if debugging():
            traceback.print_exception(error)
        if issubclass(kind, KeyboardInterrupt):
            os._exit(128 + signal.SIGINT)  # nothing has begun; Python would end by the signal
        say(f"{name}: {sentence(error)}")

    return told


def _listen(name: str) -> tuple[dict[int, Any], Handler]:
    """Turn signals into exceptions; returns the handlers before, and the one that was set.

    A signal that is ignored stays so, as of a program in the background.
    """
    stop = _stop(name)
    heeded = threading.current_thread() is threading.main_thread()
    numbers = [each for each in STOPS if heeded and signal.getsignal(each) is not signal.SIG_IGN]
    return {number: signal.signal(number, stop) for number in numbers}, stop


def _stop(name: str) -> Handler:
    """The handler: the first signal raises, a second Ctrl-C ends the process."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in STOPS:
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, signal.SIG_DFL if each == signal.SIGINT else _heard)
        if _is_worker():  # its parent tells
            raise Terminated(128 + number)
        more = " (once more ends it at once)" if number == signal.SIGINT else ""
        said = SAID.get(signal.Signals(number), "the end of the terminal")
        say(f"{name}: stopped by {said}; what is done is kept, type the same to go on{more}")
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(128 + number)

    return stop


def _is_worker() -> bool:
    """Whether the process is one of a pool; while it still imports, only its command says so."""
    return multiprocessing.parent_process() is not None or SPAWNED in sys.orig_argv


def _heard(number: int, frame: FrameType | None) -> None:
    """Heed a signal that was heeded already."""


def say(text: str) -> None:
    """Print text on standard error, where anybody reads it."""
    with contextlib.suppress(OSError, ValueError):  # nobody reads it
        print(on_screen(text), file=sys.stderr, flush=True)


def _quieten() -> None:
    """Leave it to the top level to tell an error."""
    for name in TALKATIVE:
        logging.getLogger(name).addFilter(_tells_no_error)


def _tells_no_error(record: logging.LogRecord) -> bool:
    return record.exc_info is None or debugging()


def _take_any_text() -> None:
    """Let no character end a program that the terminal cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _flush_or_end(name: str) -> None:
    """What is still to be written is written here, where an error has a sentence."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()
    except OSError as error:
        say(f"{name}: {sentence(error)}")
        _forget_output()
        raise SystemExit(FAILED) from None


def _reader_is_gone() -> bool:
    """Whether standard output or error is a pipe that nobody reads; a server can close one, too."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            poll.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _leave_pipe() -> NoReturn:
    """End without a word: the reader has what it wanted."""
    _forget_output()
    raise SystemExit(PIPE_CLOSED) from None


def _flush_or_forget() -> None:
    """What is still to be written, after an error that has been told."""
    try:
        sys.stdout.flush()
    except OSError:
        _forget_output()


def _forget_output() -> None:
    """What cannot be written would be tried again, and told, when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# A script of pipelines/ imports this module, and then for seconds what its stage needs.
if Path(sys.argv[0]).parent.name == "pipelines":
    begin(Path(sys.argv[0]).name)
