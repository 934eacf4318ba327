"""What the terminal shows of one run or of one sweep, in a few lines."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewcast.base.escaped import tell
from viewcast.base.numbers import short, with_error

if TYPE_CHECKING:
    import pandas as pd


def print_run(result: dict[str, Any]) -> None:
    """One run: its losses with unit and standard error, or why there are none."""
    tell(f"{result['label']}: {result['model']} ({result['experiment']}), run {result['run_id']}")
    for reason in result["left_out"]:
        tell(f"  {reason}")
    if result["status"] == "diverged":
        tell(f"  {result['failure']}")
        return
    validation = with_error(result["val_loss"], result["val_error"])
    if result["val_error"] is not None:
        validation += " (± standard error)"
    tell(
        f"  {result['loss']} in {result['unit']}: train {short(result['train_loss'])}, "
        f"validation {validation}, best epoch {result['best_epoch']}"
    )


def print_sweep(candidates: "pd.DataFrame", unit: str, parent: str, folder: Path) -> None:
    """The outcome of a sweep: the number of candidates, the best one, and where its files lie."""
    diverged = int((candidates["status"] == "diverged").sum())
    tell(f"{len(candidates):,} candidates, {diverged} diverged; parent run {parent}")
    scored = candidates.dropna(subset=["val_loss"])
    if not scored.empty:
        best = scored.nsmallest(1, "val_loss").iloc[0]
        tell(
            f"  best by validation: candidate {best['candidate']}, "
            f"{with_error(best['val_loss'], best['val_error'])} {unit} (± standard error) at epoch "
            f"{best['best_epoch']}; chosen among {len(scored):,} on these rows, so it is too low"
        )
    tell(f"  tables and pictures: {folder}")
