"""Files that a crash cannot tear."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from safetensors import SafetensorError

from support.clone import REPOSITORY
from viewcast.base.errors import DataError
from viewcast.base.files import (
    append,
    entries,
    read_json,
    remove,
    replacing,
    write,
    write_json,
)
from viewcast.data import table
from viewcast.report.figures.style import Drawing
from viewcast.training import checkpoint


def test_text_is_read_and_written_as_utf_8_also_where_the_system_has_another_encoding() -> None:
    left_to_the_system = re.compile(r"\.(?:read|write)_text\((?![^\n]*(?:utf-8|encoding=)).*")
    found = {
        str(file.relative_to(REPOSITORY)): left_to_the_system.findall(text)
        for folder in ("src", "pipelines", "notebooks")
        for file in (REPOSITORY / folder).rglob("*.py")
        if "_text(" in (text := file.read_text(encoding="utf-8"))
    }
    assert len(found) > 20
    assert {file: calls for file, calls in found.items() if calls} == {}


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


def draw(file: Path, size: int) -> None:
    figure = Figure()
    figure.text(0, 0.5, "picture " * size)
    Drawing(file.stem, figure, "", "", "", []).save(file.parent)


WRITERS = {
    "text.csv": lambda file, size: write(file, "x" * size),
    "value.json": lambda file, size: write_json(file, ["x"] * size),
    "table.parquet": lambda file, size: table.write(
        pd.DataFrame({"x": np.random.default_rng(size).random(size)}), file, "identity"
    ),
    "picture.png": draw,
    checkpoint.FILE: lambda file, size: checkpoint.write(
        file.parent, {"x": np.ones(size)}, "identity"
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_the_former_file_and_nothing_else(tmp_path: Path, name: str) -> None:
    file, writer = tmp_path / name, WRITERS[name]
    writer(file, 1)
    former = file.read_bytes()
    with disk_full_after(100), pytest.raises((OSError, SafetensorError), match="File too large"):
        writer(file, 1000)
    assert file.read_bytes() == former
    assert list(tmp_path.iterdir()) == [file]
    writer(file, 1000)
    assert len(file.read_bytes()) > len(former)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("moment", ["partial.write_text", "os.fsync", "Path.replace"])
def test_a_process_killed_while_it_writes_leaves_the_former_file(
    tmp_path: Path, moment: str
) -> None:
    """``moment``: the call before which the process dies."""
    file = tmp_path / "daily.csv"
    write(file, "former")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(file), moment], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert file.read_text() == "former"
    write(file, "new")
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


KILLED = """
import os, signal, sys
from pathlib import Path
from viewcast.base import files

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

file, moment = Path(sys.argv[1]), sys.argv[2]
if moment == "os.fsync":
    os.fsync = die
elif moment == "Path.replace":
    Path.replace = die
with files.replacing(file) as partial:
    partial.write_text("half of")
    if moment == "partial.write_text":
        die()
    partial.write_text("half of it, and the rest")
"""


def test_an_error_of_the_caller_leaves_the_former_file(tmp_path: Path) -> None:
    file = tmp_path / "daily.csv"
    write(file, "former")
    with pytest.raises(KeyboardInterrupt), replacing(file) as partial:
        partial.write_text("half of")
        raise KeyboardInterrupt
    assert file.read_text() == "former"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("sync", [True, False])
def test_a_file_is_on_the_disk_before_it_takes_its_place_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: bool
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        calls.append("fsync")
        fsync(descriptor)

    def watched_replace(self: Path, target: Path) -> Path:
        calls.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    write(tmp_path / "daily.csv", "text", sync)
    assert calls == (["fsync", "replace", "fsync"] if sync else ["replace"])


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


@pytest.mark.parametrize("damaged", [b'{"id"', b"7", b"\xff", b"[" * 100_000, b""])
def test_a_damaged_line_is_refused_by_its_number(tmp_path: Path, damaged: bytes) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"id": 1}\n' + damaged + b'\n{"id": 3}\n')
    with pytest.raises(DataError, match=r"log\.jsonl, line 2: is damaged .* backup"):
        entries(log)


def test_the_name_of_a_file_that_is_no_text_is_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"T\xff.csv")
    write_json(tmp_path / "value.json", [name])
    append(tmp_path / "log.jsonl", {"name": name})
    assert read_json(tmp_path / "value.json", "todo") == [name]
    assert entries(tmp_path / "log.jsonl") == [{"name": name}]


def test_any_text_is_one_line(tmp_path: Path) -> None:
    """Also one with the line ends that only Unicode knows."""
    log = tmp_path / "log.jsonl"
    append(log, {"reason": "first\u2028second\x85third"})
    assert entries(log) == [{"reason": "first\u2028second\x85third"}]


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "missing"), (b"", "damaged"), (b"{", "damaged"), (b"\xff", "damaged")],
)
def test_a_json_file_is_whole_or_refused(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "result.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=rf"result\.json: is {why}.*; train again"):
        read_json(file, "train again")


def test_a_log_that_is_not_there_has_no_entries(tmp_path: Path) -> None:
    assert entries(tmp_path / "log.jsonl") == []


def test_a_file_is_removed_once_and_again(tmp_path: Path) -> None:
    write(tmp_path / "a" / "night.json", "{}")
    for _ in range(2):
        remove(tmp_path / "a" / "night.json")
    assert list((tmp_path / "a").iterdir()) == []
