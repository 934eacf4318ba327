"""What the terminal shows: one run in a few lines, all runs in a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from viewcast.report.numbers import as_published, short, with_error

if TYPE_CHECKING:
    import pandas as pd


def say(result: dict[str, Any]) -> None:
    """One run: its losses with unit and error, or why there are none."""
    print(f"{result['label']}: {result['model']} ({result['experiment']}), run {result['run_id']}")
    for sentence in result["left_out"]:
        print(f"  {sentence}")
    if result["status"] == "diverged":
        print(f"  {result['failure']}")
        return
    validation = with_error(result["val_loss"], result["val_error"])
    print(
        f"  {result['loss']} in {result['unit']}: train {short(result['train_loss'])}, "
        f"validation {validation} (± standard error), best epoch {result['best_epoch']}"
    )


def say_sweep(candidates: "pd.DataFrame", unit: str, parent: str, folder: Path) -> None:
    """The outcome of a sweep: how many candidates, the best, where to look."""
    diverged = int((candidates["status"] == "diverged").sum())
    print(f"{len(candidates):,} candidates, {diverged} diverged; parent run {parent}")
    scored = candidates.dropna(subset=["val_loss"])
    if not scored.empty:
        best = scored.nsmallest(1, "val_loss").iloc[0]
        print(
            f"  best by validation: candidate {best['candidate']}, "
            f"{with_error(best['val_loss'], best['val_error'])} {unit} (± standard error) at epoch "
            f"{best['best_epoch']}; chosen among {len(scored):,} by these rows, so it flatters"
        )
    print(f"  tables and pictures: {folder}")


def print_table(rows: list[dict[str, Any]]) -> None:
    """All runs, one table per data set: losses, published figures of the lecturer, verdict."""
    console = Console()
    for label in dict.fromkeys(row["label"] for row in rows):
        of_data = [row for row in rows if row["label"] == label]
        unit = of_data[0]["unit"]
        table = Table(
            title=f"{label}: {of_data[0]['loss'].upper()} in {unit}; validation ± standard error",
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        table.add_column("run", no_wrap=True)
        for heading in ("train", "validation"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("published\ntrain / val", justify="right", no_wrap=True)
        table.add_column("verdict", overflow="fold")
        for row in of_data:
            table.add_row(
                _run_name(row),
                short(row["train_loss"]),
                with_error(row["val_loss"], row["val_error"]),
                _published(row),
                row["verdict"],
            )
        console.print(table)


def _run_name(row: dict[str, Any]) -> str:
    """The model of a main run, else the experiment without the data set that heads the table."""
    if row["experiment"] == "main":
        return f"main {row['model']}"
    return str(row["experiment"]).removeprefix(f"{row['data']}_")


def _published(row: dict[str, Any]) -> str:
    if row["published_train"] is None and row["published_val"] is None:
        return ""
    return f"{as_published(row['published_train'])} / {as_published(row['published_val'])}"
