"""What a failure of the machine is called: one sentence with what, where, and what to do.

A full disk is an OSError of Python, a text of SQLite within an error of MLflow, or an error of
Arrow without a name of a file. So the whole chain of an error is looked at.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from viewcast.base.errors import in_words
from viewcast.base.quoted import quoted

DEBUG = "VIEWCAST_DEBUG"  # environment variable: 1 shows where an error comes from
LITTLE = 1_000_000  # bytes: a disk with less room is full
SHOWN = 300  # characters of what another program says
UNMAPPED = "failed to map segment"  # of the loader of Linux, without an error number

# Module by the extra that brings it; all others of the project come with `project`.
EXTRAS = {
    "distributed": "dask",
    "fastapi": "referee",
    "google": "youtube",
    "googleapiclient": "youtube",
    "httplib2": "youtube",
    "lightgbm": "boosting",
    "mcp": "agents",
    "optuna": "optuna",
    "starlette": "referee",
    "statsforecast": "forecasting",
    "threadpoolctl": "forecasting",
    "uvicorn": "referee",
}
OF_PROJECT = [
    "dvc",
    "holidays",
    "hydra",
    "llvmlite",
    "numba",
    "omegaconf",
    "pandera",
    "ruamel",
    "safetensors",
    "torch",
]

# What libraries say whose errors carry no number; by the number that they would carry.
SAID = {
    errno.ENOSPC: r"database or disk is full|no space left on device|disk quota exceeded",
    errno.ENOMEM: r"can't allocate memory|cannot allocate memory|out of memory|bad_alloc"
    r"|can't start new thread",
    errno.EROFS: r"readonly database|read-only file system",
    errno.EMFILE: r"too many open files",
}
AGAIN = "then type the same again: what is done is kept"


def sentence(error: BaseException) -> str:
    """What happened, where, and what to do; without a line end.

    An error that a user can correct has its own words. One that nobody expected is named by its
    type, with how to see where it comes from.
    """
    told = in_words(error)
    if told is not None:
        return str(told)
    for each in _chain(error):
        known = _known(each)
        if known is not None:
            return known
    said = " ".join(str(error).split())
    return (
        f"an error that nobody expected, {type(error).__name__}: {_cut(said) or 'no message'}. "
        f"{DEBUG}=1 before the command shows where; please report it with that text"
    )


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it, the outermost first."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _known(error: BaseException) -> str | None:
    """The sentence of an error of the machine; None for any other."""
    for kind, words in BY_KIND.items():
        if isinstance(error, kind):
            return words(error)
    by_number = BY_NUMBER.get(_number(error) or 0)
    if by_number is not None:
        return by_number(error)
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return (
            f"{quoted(os.fsdecode(error.filename))} is not there: the step that makes it has not "
            "run yet, or it was removed; `make run` makes all that the project needs"
        )
    if isinstance(error, OSError) and error.strerror:
        return f"the machine refused{_where(error)}: {_cut(error.strerror)}; mend that, {AGAIN}"
    return None


def _number(error: BaseException) -> int | None:
    """The number of an error of the system, of libraries that give none by their words."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    text = str(error).lower()
    return next((number for number, said in SAID.items() if re.search(said, text)), None)


def _full(error: BaseException) -> str:
    return f"no space is left on the disk{_where(error) or _full_place()}; make room there, {AGAIN}"


def _forbidden(error: BaseException) -> str:
    return (
        f"this user may not read or write there{_where(error)} ({_cut(str(error))}); give the "
        f"right to user {_user()}, or work in a copy in a folder of your own"
    )


def _files(error: BaseException) -> str:
    return f"too many files are open; raise the limit (`ulimit -n 4096`), {AGAIN}"


def _memory(error: BaseException) -> str:
    said = _cut(" ".join(str(error).split()))
    return (
        f"the memory is used up{f' ({said})' if said else ''}; end other programs, or ask for less "
        f"at a time (workers=1, fewer candidates, shorter data), {AGAIN}"
    )


def _killed(error: BaseException) -> str:
    return (
        "a worker process was ended from outside, most often because the memory was used up; "
        f"use fewer workers (workers=1), {AGAIN}"
    )


def _missing(error: BaseException) -> str:
    name = str(getattr(error, "name", None) or "").partition(".")[0]
    extra = EXTRAS.get(name) or ("project" if name in OF_PROJECT else None)
    if extra is not None and isinstance(error, ModuleNotFoundError):
        return (
            f"{name} is not installed in this environment; type "
            f"`pip install 'viewcast[{extra}]'`, then the same again"
        )
    if UNMAPPED in str(error):
        return (
            f"a library cannot be loaded ({_cut(str(error))}): too little memory may be used, see "
            "`ulimit -v`, or the disk that it lies on is mounted with `noexec`"
        )
    return (
        f"a library cannot be loaded ({_cut(str(error))}); use the environment that `make run` "
        "makes (.venv), or install the library"
    )


def _where(error: BaseException) -> str:
    file = getattr(error, "filename", None)
    return "" if file is None else f", at {quoted(os.fsdecode(file))}"


def _full_place() -> str:
    """Of the folders that are written to the one whose disk is full; empty where none is."""
    for place in (Path.cwd(), Path(tempfile.gettempdir())):
        if shutil.disk_usage(place).free < LITTLE:
            return f" of {place}"
    return ""


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "of this process"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


Words = Callable[[BaseException], str]
BY_KIND: dict[type[BaseException], Words] = {
    BrokenProcessPool: _killed,
    MemoryError: _memory,
    ImportError: _missing,
}
BY_NUMBER: dict[int, Words] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _full),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _forbidden),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), _files),
    errno.ENOMEM: _memory,
}
