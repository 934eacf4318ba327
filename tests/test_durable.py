"""Files that a crash cannot tear."""

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from viewcast.base.files import append, entries, remove, write


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: what the system answers is an error of the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_former_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "daily.csv"
    write(file, "former")
    with disk_full_after(100), pytest.raises(OSError, match="File too large"):
        write(file, "x" * 1000)
    assert file.read_text() == "former"
    assert list(tmp_path.iterdir()) == [file]


def test_a_line_that_the_disk_had_no_room_for_is_cut_off_by_the_next(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    append(log, {"id": 1})
    with disk_full_after(30), pytest.raises(OSError, match="File too large"):
        append(log, {"id": 2, "reason": "x" * 100})
    assert entries(log) == [{"id": 1}]
    append(log, {"id": 3})
    assert entries(log) == [{"id": 1}, {"id": 3}]


@pytest.mark.parametrize("torn", ['{"id"', '{"id": 2', '{"id": 2}'])
def test_a_torn_last_line_is_no_entry(tmp_path: Path, torn: str) -> None:
    log = tmp_path / "log.jsonl"
    append(log, {"id": 1})
    with log.open("a") as file:
        file.write(torn)
    assert entries(log) == [{"id": 1}]
    append(log, {"id": 3})
    assert [json.loads(line) for line in log.read_text().splitlines()] == [{"id": 1}, {"id": 3}]


def test_a_log_that_is_not_there_has_no_entries(tmp_path: Path) -> None:
    assert entries(tmp_path / "log.jsonl") == []


def test_a_file_is_removed_once_and_again(tmp_path: Path) -> None:
    write(tmp_path / "a" / "night.json", "{}")
    for _ in range(2):
        remove(tmp_path / "a" / "night.json")
    assert list((tmp_path / "a").iterdir()) == []
