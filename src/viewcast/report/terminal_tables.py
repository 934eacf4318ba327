"""The tables of all runs in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from viewcast.base.escaped import on_screen
from viewcast.base.numbers import as_published, plain, short, with_error
from viewcast.report.audit_text import console
from viewcast.report.audits import Audit, of_run


def print_table(rows: list[dict[str, Any]], audits: Sequence[Audit] = ()) -> None:
    """All runs, one table per data set: losses, published figures of the lecturer, verdict.

    ``audits``: they add a column with the loss to expect on new rows, if they know one.
    """
    to, audited = console(), of_run(audits)
    for label in dict.fromkeys(row["label"] for row in rows):
        of_data = [row for row in rows if row["label"] == label]
        unit = of_data[0]["unit"]
        table = Table(
            title=_text(
                f"{label}: {of_data[0]['loss'].upper()} in {unit}; validation ± standard error"
            ),
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        table.add_column("run", no_wrap=True)
        for heading in ("train", "validation"):
            table.add_column(heading, justify="right", no_wrap=True)
        expected = {run_id: run.expected for run_id, run in audited.items()}
        corrected = any(expected.get(row["key"]) is not None for row in of_data)
        if corrected:
            table.add_column("expected", justify="right", no_wrap=True)
        table.add_column("published\ntrain / val", justify="right", no_wrap=True)
        table.add_column("verdict", overflow="fold")
        for row in of_data:
            table.add_row(
                _text(run_name(row)),
                short(row["train_loss"]),
                with_error(row["val_loss"], row["val_error"]),
                *([_known(expected.get(row["key"]))] if corrected else []),
                _published(row),
                _text(row["verdict"]),
            )
        to.print(table)


def _text(text: str) -> Text:
    """As it stands: rich would take brackets for colours."""
    return Text(on_screen(text))


def _known(value: float | None) -> str:
    return "" if value is None else plain(value)


def run_name(row: Mapping[str, Any]) -> str:
    """The model of a main run, else the experiment without the name of its data set."""
    if row["experiment"] == "main":
        return f"main {row['model']}"
    return str(row["experiment"]).removeprefix(f"{row['data']}_")


def _published(row: dict[str, Any]) -> str:
    if row["published_train"] is None and row["published_val"] is None:
        return ""
    return f"{as_published(row['published_train'])} / {as_published(row['published_val'])}"
