"""Where the page of a closed referee is written: by ``viewcast referee page``, and by closing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from support.closed_referees import text_of
from viewcast.commands.program import program
from viewcast.commands.referee_page import beside, is_here, teller
from viewcast.referee.closing import sealed
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Closing
from viewcast.referee.sentences import title
from viewcast.referee.terms import Terms
from viewcast.report import referee_page


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(program, ["referee", "page", *map(str, arguments)])


def test_the_command_writes_the_page_beside_the_account_and_says_where(
    honest: Closing, page: str, tmp_path: Path
) -> None:
    (tmp_path / "closing.json").write_text(json.dumps(sealed(honest)), encoding="utf-8")
    shown = run("--folder", tmp_path)
    assert shown.exit_code == 0, shown.output
    assert title(honest) in shown.output
    assert shown.output.endswith(f"The page: {tmp_path / 'referee.html'}\n")
    assert (tmp_path / "referee.html").read_text(encoding="utf-8") == page


def test_the_page_can_be_written_elsewhere(
    honest: Closing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referee_page, "page", lambda closing: closing.plan.name)
    (tmp_path / "closing.json").write_text(json.dumps(sealed(honest)), encoding="utf-8")
    assert run("--folder", tmp_path, "--out", tmp_path / "other.html").exit_code == 0
    assert (tmp_path / "other.html").read_text(encoding="utf-8") == honest.plan.name
    assert not (tmp_path / "referee.html").exists()


def test_a_referee_that_is_not_closed_has_no_page(tmp_path: Path) -> None:
    shown = run("--folder", tmp_path, "--out", tmp_path / "page.html")
    assert shown.exit_code == 1
    assert "this referee is not closed" in shown.output
    assert not (tmp_path / "page.html").exists()
    assert "there is no such folder" in run("--folder", tmp_path / "absent").output


def test_an_account_that_is_damaged_is_refused_by_its_name(honest: Closing, tmp_path: Path) -> None:
    account = tmp_path / "closing.json"
    account.write_text(json.dumps(honest.plain() | {"told": 3}), encoding="utf-8")
    shown = run("--folder", tmp_path)
    assert shown.exit_code == 1
    assert str(account) in shown.output and "is damaged" in shown.output


def test_closing_writes_the_page_into_the_folder_of_the_referee(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows, folder = tmp_path / "valid.csv", tmp_path / "mine"
    pd.DataFrame({"y": generator.normal(size=120)}).to_csv(rows, index=False)
    with RefereeFolder.start(folder, rows, "y", "mae", Terms()) as referee:
        referee.submit(generator.normal(size=120), "loop")
    close = ["referee", "close", "--yes", "--no-mlflow", "--folder", str(folder)]
    closed = CliRunner().invoke(program, close)
    assert closed.exit_code == 0, closed.output
    assert closed.output.endswith(f"The page: {folder / 'referee.html'}\n")
    assert "1 of 200 answers were given" in text_of((folder / "referee.html").read_text("utf-8"))


def test_a_page_that_the_process_of_the_referee_has_written_is_not_drawn_again(
    honest: Closing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Closing] = []
    monkeypatch.setattr(referee_page, "page", lambda closing: drawn.append(closing) or "a page")
    told = teller(tmp_path)
    for _ in range(2):
        told(honest)
    assert beside(honest, tmp_path) == tmp_path / "referee.html"
    assert len(drawn) == 1


def test_only_the_folder_of_the_same_referee_gets_the_page_when_it_is_closed(
    honest: Closing, lucky: Closing, tmp_path: Path
) -> None:
    assert not is_here(honest, tmp_path)
    (tmp_path / "closing.json").write_text(json.dumps(sealed(honest)), encoding="utf-8")
    assert is_here(honest, tmp_path)
    assert not is_here(lucky, tmp_path)
