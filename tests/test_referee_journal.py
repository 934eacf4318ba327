"""The journal of a referee keeps every line that anybody has heard of, and shows every change."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from viewcast.base.errors import DataError
from viewcast.referee.journal import Journal

LINES = [{"number": number, "name": f"å{number}"} for number in (1, 2, 3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of three lines."""
    path = tmp_path / "journal.jsonl"
    journal, found = Journal.open(path, "plan")
    assert found == []
    for line in LINES:
        journal.append(line)
    journal.close()
    return path


def opened(path: Path, seed: str = "plan") -> list[dict[str, Any]]:
    journal, lines = Journal.open(path, seed)
    journal.mend()
    journal.close()
    return lines


def test_lines_come_back_as_they_were_written(path: Path) -> None:
    assert opened(path) == LINES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_is_added_behind_those_of_an_earlier_process(path: Path) -> None:
    journal, _ = Journal.open(path, "plan")
    journal.append({"number": 4})
    journal.close()
    assert opened(path) == [*LINES, {"number": 4}]


@pytest.mark.parametrize("left", range(1, 40, 6))
def test_a_torn_last_line_is_cut_off(path: Path, left: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content + content.splitlines(keepends=True)[-1][:left])
    assert opened(path) == LINES
    assert path.read_bytes() == content


def test_a_torn_line_stays_until_the_journal_is_mended_or_goes_on(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content + b'{"number"')
    journal, lines = Journal.open(path, "plan")
    assert lines == LINES
    assert path.read_bytes() == content + b'{"number"'
    journal.append({"number": 4})
    journal.close()
    assert opened(path) == [*LINES, {"number": 4}]


def test_a_last_line_that_lacks_only_its_end_is_kept(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert opened(path) == LINES
    assert path.read_bytes() == content


def edited(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace('"number": 2', '"number": 3'), lines[2]]


def edited_last(lines: list[str]) -> list[str]:
    return [*lines[:2], lines[2].replace("å3", "å4")]


def forged(lines: list[str]) -> list[str]:
    """A line whose hash is that of another place."""
    return [lines[0], lines[0], *lines[1:]]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (edited, 2),
        (edited_last, 3),
        (forged, 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[0], lines[2], lines[1]], 2),
        (lambda lines: [*lines, "{}"], 4),
        (lambda lines: [lines[0], "nothing", lines[2]], 2),
        (lambda lines: [lines[0], "[]", lines[2]], 2),
        (lambda lines: [lines[0], "", *lines[1:]], 2),
    ],
)
def test_a_change_is_refused_with_its_line(
    path: Path, change: Callable[[list[str]], list[str]], line: int
) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{each}\n" for each in change(lines)), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(DataError, match=rf"journal\.jsonl, line {line}: "):
        opened(path)
    assert path.read_bytes() == before


def test_a_journal_of_another_plan_is_refused(path: Path) -> None:
    with pytest.raises(DataError, match=r"line 1: .*the plan was changed"):
        opened(path, "another plan")


def test_a_full_disk_leaves_the_journal_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = path.read_bytes()
    journal, _ = Journal.open(path, "plan")
    really = os.write
    with monkeypatch.context() as patch:
        room = iter([10])

        def full(descriptor: int, line: bytes) -> int:
            left = next(room, None)
            if left is None:
                raise OSError("no space left on device")
            return really(descriptor, line[:left])

        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="no space"):
            journal.append({"number": 4})
    assert path.read_bytes() == content
    journal.append({"number": 5})
    journal.close()
    assert opened(path) == [*LINES, {"number": 5}]


def test_nothing_is_added_once_nobody_knows_what_is_on_the_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = Journal.open(path, "plan")

    def broken(_: int) -> None:
        raise OSError("input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="input/output"):
            journal.append({"number": 4})
    with pytest.raises(DataError, match="start the referee again"):
        journal.append({"number": 5})
    journal.close()
    assert opened(path) == LINES
