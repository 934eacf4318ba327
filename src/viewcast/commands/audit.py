"""``viewcast audit``: what the validation scores of an experiment are worth."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from viewcast.commands.output_file import AUDIT, PAGE
from viewcast.commands.project import project_store

EXAMPLE = """
\b
Example. mlflow.sklearn.autolog() logged a search over 20 forests; you stand in its folder:
\b
  $ viewcast audit --tracking-uri sqlite:///mlflow.db --experiment tumours
\b
    metric  mean_test_score (the search that made the runs), more is better
    rows    300 known by cross-validation within the training input
    runs    20 compared
\b
    20 of 20 runs cannot be told apart; take the simplest or cheapest of them
    ("suave-deer-897" shows the best); expect 0.960, plan for at least 0.920.
\b
    To have more of them priced:
      from viewcast.integrations.sklearn import log_search; log_search(search, X, y)
\b
With the line that it proposes, or with the logged models and a table of validation rows,
each run is priced row by row:
\b
  $ viewcast audit --rows valid.parquet --target y --load-models --html audit.html
\b
In Python: viewcast.audit("sqlite:///mlflow.db", "tumours").
"""

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("audit", epilog=EXAMPLE)
@click.option(
    "--tracking-uri", help="The MLflow store; by default MLFLOW_TRACKING_URI or the project's."
)
@click.option("--experiment", help="Its name; by default the only one that has runs.")
@click.option("--metric", help="The score that the runs are chosen by; by default it is found.")
@click.option("--direction", type=click.Choice(["min", "max"]), help="The better score is this.")
@click.option(
    "--value",
    type=click.Choice(["last", "best", "min", "max"]),
    help="Which point of a series counts; by default the last.",
)
@click.option("--holdout", help="First digits of one set of validation rows; by default all.")
@click.option("--rows", type=_FILE, help="Validation rows to score the logged models on.")
@click.option("--target", help="The column of --rows that is to be predicted.")
@click.option("--predict-method", help="Of the models; by default predict.")
@click.option("--load-models", is_flag=True, help="Load the logged models: runs their code.")
@click.option("--n", type=click.IntRange(min=1), help="Validation rows behind each score.")
@click.option("--cluster", help="Rows alike: entity, time, both, or a column naming series.")
@click.option("--reference", help="Name or id of the run that gains are measured against.")
@click.option(
    "--draws",
    type=click.IntRange(50, 10_000),
    default=500,
    show_default=True,
    help="How often rows are drawn anew: more take longer and tell errors better.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=2021,
    show_default=True,
    help="Of these draws: the same seed gives the same figures.",
)
@click.option("--html", "html_file", type=PAGE, help="Write a page with pictures to this file.")
@click.option("--json", "json_file", type=AUDIT, help="Write the results to this file.")
@click.option("--write", is_flag=True, help="Write the results as tags, named viewcast.*, too.")
@click.option("--unwrite", "taken_away", is_flag=True, help="Take such tags away; audit nothing.")
def command(
    html_file: Path | None, json_file: Path | None, taken_away: bool, **options: Any
) -> None:
    """Say what the validation scores of an experiment are worth.

    It only reads the store, unless --write or --unwrite is given.
    """
    # Both take a second to import, and `--help` needs neither.
    from viewcast.api.audit import audit, unwrite  # noqa: PLC0415
    from viewcast.report.audit_text import print_audit  # noqa: PLC0415
    from viewcast.report.audits import named  # noqa: PLC0415
    from viewcast.tracking.patience import install  # noqa: PLC0415

    install()
    options["tracking_uri"] = options["tracking_uri"] or project_store()
    if taken_away:
        _take_away(unwrite, options)
        return
    audited = audit(**options)
    print_audit(named(audited.results), audited.refereed)
    if json_file is not None:
        audited.to_json(json_file)
    if html_file is not None:
        audited.to_html(html_file)


def _take_away(unwrite: Callable[..., int], options: Mapping[str, Any]) -> None:
    if options["write"]:
        raise click.UsageError("--write and --unwrite: give one of the two")
    count = unwrite(options["tracking_uri"], options["experiment"])
    runs = "1 run" if count == 1 else f"{count:,} runs"
    click.echo(f"The tags viewcast.* of an audit are gone from {runs} and from the experiment.")
