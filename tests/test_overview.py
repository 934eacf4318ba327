"""The last screen of `make run`: who won, what that is worth, what failed, where to look."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as example
from hypothesis import strategies as st
from mlflow import MlflowClient

from support import audited
from viewcast.assessment.result import AuditResult
from viewcast.base.settings import Tracking
from viewcast.report.addresses import Address, addresses
from viewcast.report.audits import named
from viewcast.report.overview import overview, print_overview

WORDS = st.text(st.sampled_from("abcdefgh _-"), min_size=1, max_size=150)
LOOK = [
    Address("report", "reports/index.html"),
    Address("lectures", "http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning"),
    Address("c" * 80, "http://127.0.0.1:5000/#/experiments/12/runs?workflowType=machine_learning"),
]


def row(name: str, **said: Any) -> dict[str, Any]:
    """A run of the summary; ``said`` overrides."""
    return {
        "data": "lectures", "label": "lectures", "experiment": f"lectures_{name}", "model": "deep",
        "loss": "mse", "unit": "minutes²", "split": "course", "status": "finished",
        "val_loss": 330.0, "val_error": 140.0, "key": f"id-{name}", "verdict": "fine", **said,
    }  # fmt: skip


DIVERGED = row("diverges", status="diverged", val_loss=None, verdict="diverged at step 11")
UNVALIDATED = row("words", val_loss=None, verdict="not validated: words unknown")
ROWS = [row("deep"), UNVALIDATED, DIVERGED, row("channel", data="channel")]


def printed(rows: Any, results: list[AuditResult] | None, width: int = 100) -> list[str]:
    audits = None if results is None else named(results)
    return [line.plain for line in overview(rows, audits, LOOK, width).lines]


def line_of(lines: list[str], *parts: str) -> str:
    """The one line that holds all these parts."""
    (found,) = [line for line in lines if all(part in line for part in parts)]
    return found


def test_each_set_of_rows_has_winner_shown_expected_tied_and_verdict() -> None:
    lines = printed(ROWS, audited.everything())
    assert "tied: not told apart" in lines[0]
    search = line_of(lines, "search, 366 days")
    assert all(part in search for part in ("run 0", "0.372 ± 0.019", "0.414", "23 of 200"))
    after = lines[lines.index(search) + 1]
    assert after.strip() == "Validation set in use: half of what the search gained was luck."


def test_what_the_demonstration_found_stands_below_the_winners() -> None:
    lines = [line.plain for line in overview(ROWS, named(audited.everything()), LOOK, 100).lines]
    found = "Leaderboard attack: none accepted."
    told = overview(ROWS, named(audited.everything()), LOOK, 100, found).lines
    after = [line.plain for line in told]
    place = after.index(f"  {found}")
    assert after[:place] + after[place + 1 :] == lines
    assert place < after.index("Diverged or refused")


def test_an_attacked_leaderboard_is_expected_at_what_the_hidden_days_say() -> None:
    lines = printed(ROWS, [audited.attack()])
    assert line_of(lines, "leaderboard, 268 days").split()[-2:] == ["0.604", "–"]


def test_data_sets_stand_in_the_order_of_the_summary_each_below_its_unit() -> None:
    lines = printed(ROWS, audited.everything())
    headings = [
        "lectures: mean squared error in minutes²",
        "channel (simulated): mean absolute error in thousand views",
    ]
    assert [line for line in lines if line in headings] == headings


def test_what_diverged_comes_first_of_the_runs_without_a_figure_each_with_its_reason() -> None:
    lines = printed(ROWS, audited.everything())
    start = lines.index("Diverged or refused") + 1
    assert [line.strip() for line in lines[start : start + 4]] == [
        "lectures, “diverges”: diverged at step 11",
        "lectures, “words”: not validated: words unknown",
        "channel (simulated), “memorizer leak”: has seen the validation rows",
        "lectures, “course memorizer leak”: has seen the validation rows",
    ]


def test_what_has_no_room_is_counted_and_the_command_that_shows_it_named() -> None:
    failed = [row(f"r{i}", status="diverged", verdict=f"diverged at step {i}") for i in range(9)]
    sets = [replace(audited.lectures(split=f"s{i}"), holdout=f"{i}") for i in range(10)]
    lines = printed(failed, sets)
    assert line_of(lines, "and 2 more sets of validation rows: `viewcast show`")
    assert line_of(lines, "and 6 more: `viewcast show`")  # with the memorizer
    assert line_of(printed([], sets[:9]), "and 1 more set of validation rows: `viewcast show`")


def test_without_an_audit_the_best_as_shown_stands_there_and_how_to_audit() -> None:
    lines = printed([*ROWS, row("leak", val_loss=0.0), row("worse", val_loss=400.0)], None)
    assert line_of(lines, "330 ± 140", "deep")
    assert not [line for line in lines if "leak" in line or "worse" in line]
    assert line_of(lines, "Not audited yet: `python pipelines/audit.py`")


def test_the_last_lines_say_where_to_look_and_what_to_type() -> None:
    assert printed(ROWS, audited.everything())[-4:] == [
        "  report                reports/index.html",
        f"  lectures              {LOOK[1].where}",
        f"  {'c' * 19}…  {LOOK[2].where}",
        "  `make ui` opens MLflow on its charts; `viewcast show` prints every run.",
    ]


def test_on_a_narrow_terminal_only_addresses_are_wider() -> None:
    lines = printed(ROWS, audited.everything(), width=60)
    assert all(len(line) <= 60 for line in lines if "://" not in line)
    assert "0.372 ± 0.019" in lines[lines.index("  search, 366 days") + 1]


@example(max_examples=25)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=14), st.lists(WORDS, max_size=12))
def test_whatever_ran_the_screen_has_40_lines_of_100_columns(
    sets: list[tuple[str, str, str]], reasons: list[str]
) -> None:
    results = [
        replace(audited.lectures(split=split), holdout=f"{i}", data=label, label=label,
                verdict=8 * verdict)
        for i, (label, split, verdict) in enumerate(sets)
    ]  # fmt: skip
    rows = [row(why, status="diverged", verdict=f"{i}{5 * why}") for i, why in enumerate(reasons)]
    lines = printed(rows, results)
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


def test_where_the_output_is_no_terminal_it_has_no_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_overview(ROWS, named(audited.everything()), LOOK)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.splitlines()[1:] == printed(ROWS, audited.everything())


# Where to look


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> tuple[Tracking, dict[str, str]]:
    """A project's store: two data sets, the search of one, its nights; and the ids by name."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    tracking = Tracking(f"sqlite:///{tmp_path}/mlflow.db", None, "viewcast", 1.0)
    client = MlflowClient(tracking.uri)
    about = {
        "viewcast-channel-search": {"data": "channel", "label": "channel", "part": "search"},
        "viewcast-channel": {"data": "channel", "label": "channel"},
        "viewcast-lectures": {"data": "lectures", "label": "lectures"},
        "viewcast-live": {"data": "live", "nightly": "true"},
        "others": {},
    }
    ids = {}
    for name, tags in about.items():
        own = {f"viewcast.{key}": value for key, value in tags.items()}
        ids[name] = str(client.create_experiment(name, tags=own))
    return tracking, ids


def page(root: Path) -> None:
    (root / "reports").mkdir()
    (root / "reports" / "index.html").touch()


def test_the_report_and_the_experiments_of_the_data_sets_are_where_to_look(
    store: tuple[Tracking, dict[str, str]], tmp_path: Path
) -> None:
    tracking, ids = store
    page(tmp_path)
    found = addresses(tmp_path, tracking, ["lectures", "channel"])
    assert [each.what for each in found] == ["report", "lectures", "channel"]
    assert f"/#/experiments/{ids['viewcast-lectures']}/runs?" in found[1].where


def test_beside_one_data_set_its_search_has_room(
    store: tuple[Tracking, dict[str, str]], tmp_path: Path
) -> None:
    page(tmp_path)
    found = addresses(tmp_path, store[0], ["channel"])
    assert [each.what for each in found] == ["report", "channel", "channel search"]


def test_where_the_store_is_gone_the_report_is_left(tmp_path: Path) -> None:
    page(tmp_path)
    gone = Tracking(f"sqlite:///{tmp_path}/none.db", None, "viewcast", 1.0)
    assert addresses(tmp_path, gone, ["channel"]) == [Address("report", "reports/index.html")]
    assert not (tmp_path / "none.db").exists()
