"""The nights in MLflow: the forecasts of each, the curve over all of them, picture, notes, views.

Everything can be repeated: only what is missing or has changed is written.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from viewcast.base.paths import figures_path
from viewcast.forecast.ledger import Kept
from viewcast.report import nights_note
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_table import PICTURE
from viewcast.report.nights_text import tomorrow
from viewcast.retraining.nights_points import points
from viewcast.tracking import tags
from viewcast.tracking.experiments import NIGHTS, experiment_of
from viewcast.tracking.subject import Subject
from viewcast.tracking.write.history_run import HistoryRun
from viewcast.tracking.write.night_forecasts import write_forecasts
from viewcast.tracking.write.night_run import NightRun
from viewcast.tracking.write.notes import write_note, write_run_notes
from viewcast.tracking.write.views import write_views

IMAGE = "came_true"  # under which MLflow keeps one picture per judged week


def show_nights(
    run: NightRun,
    subject: Subject,
    record: NightsRecord,
    lines: Sequence[Kept],
    views: pd.Series,
    root: Path,
) -> None:
    """Bring MLflow up to ``record``, which tonight's ``run`` has led to.

    ``subject``: the channel. ``lines``: of the ledger and of the backtest. ``views``: the settled
    days. The picture of what came true is stored as it stands in ``root``; of each judged week one
    is kept for good.
    """
    client = run.client
    tonight = [line for line in lines if line.origin == record.newest and not line.backtest]
    write_forecasts(client, run.run_id, tonight)
    stored = client.get_run(run.run_id).data.metrics
    told = forecast_metrics(record)
    run.log_metrics({name: told[name] for name in told if told[name] != stored.get(name)})
    experiment = experiment_of(client, subject, NIGHTS)
    about = {tags.DATA: subject.data, tags.LABEL: subject.label}
    about |= {tags.LOSS: subject.loss, tags.UNIT: subject.unit}
    history = HistoryRun.of(client, experiment, record.name, about)
    history.add(points(record, lines, views))
    picture = figures_path(root) / f"{PICTURE}.png"
    shown = f"{tags.PICTURES_FOLDER}/{picture.name}" if picture.is_file() else None
    if shown is not None:
        history.picture(picture, IMAGE, record.evidence[-1].last if record.evidence else None)
    notes = {
        history.run_id: nights_note.note_of_history(record, history.run_id, shown),
        run.run_id: nights_note.note_of_night(record),
    }
    write_run_notes(client, [client.get_run(each) for each in notes], notes)
    named = {view.key: view.name for view in write_views(client, experiment)}
    write_note(client, experiment, nights_note.note_of_nights(record, experiment, named))
    client.set_experiment_tag(experiment, tags.VERDICT, nights_note.verdict(record))


def forecast_metrics(record: NightsRecord) -> dict[str, float | None]:
    """The metrics of a night's run that tell what it forecast, None where one has no value."""
    total = record.total
    return {
        tags.FORECAST_TOMORROW: tomorrow(record).views,
        tags.FORECAST_TOTAL: total.views,
        tags.FORECAST_TOTAL_LOW: total.low,
        tags.FORECAST_TOTAL_HIGH: total.high,
    }
