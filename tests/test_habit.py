"""``viewcast habit``: what is noted, listed, forgotten, and refused."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from viewcast.base.errors import DataError
from viewcast.base.paths import channel_path, habits_path
from viewcast.commands.program import program
from viewcast.forecast import habits
from viewcast.forecast.habits import Habit

SINCE, WHY = "since=2026-08-24", "why=starts count, too"
NOTED = Habit(date(2026, 8, 24), "starts count, too")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with nights of one channel, in which the user stands."""
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "train.py").touch()
    (tmp_path / "conf").mkdir()
    channel_path(tmp_path, "live").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["habit", *arguments])


def test_a_habit_is_noted_once_and_read_by_the_next_night(project: Path) -> None:
    for why in ("why=a first guess", WHY):
        result = typed(SINCE, why)
        assert result.exit_code == 0, result.output
    assert habits.read(habits_path(project, "live")) == [NOTED]
    assert "since 2026-08-24: starts count, too\nThe next night" in result.output


def test_habits_are_listed_by_day_and_forgotten(project: Path) -> None:
    assert "No change of habit is noted for channel live" in typed().output
    typed(SINCE, WHY)
    typed("since=2025-03-31", "why=Shorts, too")
    shown = "since 2025-03-31: Shorts, too\nsince 2026-08-24: starts count, too\n"
    assert typed().output == shown
    assert typed("forget=2025-03-31").exit_code == 0
    assert habits.read(habits_path(project, "live")) == [NOTED]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["sinse=2026-08-24"],
            "found 'sinse=2026-08-24'; expected since=, why=",
        ),
        ([SINCE], "why is missing"),
        (["since=August", WHY], "habit.since = 'August'"),
        ([SINCE, "why="], "habit.why = ''"),
        (["forget=2026-01-01"], "notes no such day; noted: none"),
        (["forget=2026-01-01", SINCE], "one wish at a time"),
        ([SINCE, WHY, "channel=other"], "channel = 'other': no night has run for it"),
        ([SINCE, WHY, "channel=../up"], "becomes the name of a file"),
    ],
)
def test_what_cannot_be_noted_is_refused_and_nothing_is_written(
    project: Path, arguments: list[str], message: str
) -> None:
    result = typed(*arguments)
    assert result.exit_code == 1
    assert message in result.output
    assert not habits_path(project, "live").exists()
    assert not channel_path(project, "other").exists()


@pytest.mark.parametrize("text", ["since: 2026-08-24", "- {since: 3, wy: x}", "- [", "- 5"])
def test_a_damaged_file_is_refused_by_its_place(project: Path, text: str) -> None:
    path = habits_path(project, "live")
    path.write_text(text)
    with pytest.raises(DataError, match=r"habits\.yaml: expected lines such as"):
        habits.read(path)
