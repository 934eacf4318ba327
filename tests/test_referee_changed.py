"""What was changed in a referee's folder is refused, with its file and line."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.referees import (
    journal,
    undisturbed,
)
from viewcast.base.errors import DataError
from viewcast.referee.folder import RefereeFolder


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A referee that lived undisturbed and was closed."""
    root = tmp_path_factory.mktemp("lived")
    undisturbed(root)
    return root


def edited_answer(root: Path) -> None:
    text = journal(root).read_text("utf-8")
    journal(root).write_text(text.replace('"accepted": false', '"accepted": true', 1), "utf-8")


def without_predictions(root: Path) -> None:
    lines = [json.loads(line) for line in journal(root).read_text("utf-8").splitlines()]
    refused = next(line for line in lines if not line["accepted"])
    (root / f"referee/predictions/{refused['digest']}.npy").unlink()


def other_predictions(root: Path) -> None:
    first = json.loads(journal(root).read_text("utf-8").splitlines()[0])
    path = root / f"referee/predictions/{first['digest']}.npy"
    np.save(path, np.load(path) + 1)


def cut_predictions(root: Path) -> None:
    first = json.loads(journal(root).read_text("utf-8").splitlines()[0])
    os.truncate(root / f"referee/predictions/{first['digest']}.npy", 200)


def other_rows(root: Path) -> None:
    rows = pd.read_parquet(root / "referee/rows.parquet")
    rows.assign(target=rows["target"] + 1).to_parquet(root / "referee/rows.parquet")


def renamed_rows(root: Path) -> None:
    rows = pd.read_parquet(root / "referee/rows.parquet")
    rows.assign(row=rows["row"].to_numpy()[::-1]).to_parquet(root / "referee/rows.parquet")


def no_rows(root: Path) -> None:
    (root / "referee/rows.parquet").unlink()


def larger_budget(root: Path) -> None:
    path = root / "referee/plan.json"
    path.write_text(path.read_text("utf-8").replace('"budget": 12', '"budget": 99'), "utf-8")


def other_direction(root: Path) -> None:
    path = root / "referee/plan.json"
    turned = path.read_text("utf-8").replace('"more_is_better": false', '"more_is_better": true')
    path.write_text(turned, "utf-8")


def damaged_plan(root: Path) -> None:
    (root / "referee/plan.json").write_text('{"name": "x"', "utf-8")


def no_plan(root: Path) -> None:
    (root / "referee/plan.json").unlink()


def other_verdict(root: Path) -> None:
    path = root / "referee/closing.json"
    path.write_text(path.read_text("utf-8").replace('"verdict"', '"Verdict"'), "utf-8")


def edited_verdict(root: Path) -> None:
    path = root / "referee/closing.json"
    account = json.loads(path.read_text("utf-8"))
    account["verdict"]["estimate"] += 0.1
    path.write_text(json.dumps(account), "utf-8")


def no_journal(root: Path) -> None:
    journal(root).unlink()


def rows_without_places(root: Path) -> None:
    path = root / "referee/rows.parquet"
    pd.read_parquet(path).assign(place=None).to_parquet(path)


def rows_of_another_kind(root: Path) -> None:
    path = root / "referee/rows.parquet"
    rows = pd.read_parquet(path)
    rows.assign(target=["b"] * len(rows)).to_parquet(path)


def no_closing_line(root: Path) -> None:
    text = journal(root).read_text("utf-8").splitlines(keepends=True)
    journal(root).write_text("".join(text[:-1]), "utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (edited_answer, r"journal\.jsonl, line \d+: is not as it was written"),
        (without_predictions, r"predictions/[0-9a-f]{16}\.npy: is missing"),
        (other_predictions, r"predictions/[0-9a-f]{16}\.npy: is not as it was written"),
        (cut_predictions, r"predictions/[0-9a-f]{16}\.npy: cannot be read"),
        (other_rows, r"rows\.parquet: its rows are not those of plan\.json"),
        (renamed_rows, r"rows\.parquet: its rows are not those of plan\.json"),
        (no_rows, r"rows\.parquet: is missing"),
        (larger_budget, r"journal\.jsonl, line 1: .* or the plan was changed"),
        (
            other_direction,
            r"plan\.json: is not as it was written: 'mae' with more_is_better = True",
        ),
        (damaged_plan, r"plan\.json: is damaged"),
        (no_plan, "holds no referee"),
        (edited_verdict, r"closing\.json: is not as it was written"),
        (no_journal, r"journal\.jsonl: is missing, although predictions were submitted"),
        (rows_without_places, r"rows\.parquet: is damaged"),
        (rows_of_another_kind, r"rows\.parquet: its rows are not those of plan\.json \(mae: "),
        (other_verdict, r"closing\.json: .*is damaged"),
        (no_closing_line, r"journal\.jsonl: lacks the line of the closing"),
    ],
)
def test_a_folder_that_was_changed_is_refused(
    lived: Path, tmp_path: Path, change: Callable[[Path], None], told: str
) -> None:
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    change(tmp_path)
    for _ in range(2):  # a refusal leaves the lock
        with pytest.raises(DataError, match=told):
            RefereeFolder.open(tmp_path / "referee")
