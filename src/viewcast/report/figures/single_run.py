"""The picture of one run that no picture of the report shows well: how it learnt, or predicts.

The page does not hold these: each is stored with its run alone, and all have one of two names, so
that MLflow's UI puts them side by side. They are half as large as those of the page: there are
many, and drawing takes time.
"""

from dataclasses import replace

from viewcast.report.figures import curves, predictions
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import DPI, Drawing

LEARNING_CURVE, PREDICTIONS = "learning_curve", "predictions"  # names of the files, keys of images


def of_run(results: Results, run: Run) -> Drawing | None:
    """Its losses by epoch, or its predictions of the validation rows; None without either."""
    if curves.drawable(run):
        return _named(curves.learning_curve(run), LEARNING_CURVE, run)
    if results.is_panel(run["data"]):
        return None  # its rows are too many for a picture of each
    if run["status"] == "finished" and run.validated and len(run.of_split("validation")):
        return _named(predictions.of_runs(results, [run]), PREDICTIONS, run)
    return None


def _named(drawing: Drawing, name: str, run: Run) -> Drawing:
    drawing.figure.set_dpi(DPI / 2)
    return replace(drawing, name=name, run_ids=[run["key"]])
