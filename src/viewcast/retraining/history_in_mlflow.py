"""The history of champions in MLflow: its curve over nights, its picture, notes and views.

Everything can be repeated: only what is missing or has changed is written.
"""

from datetime import date
from pathlib import Path

from viewcast.base.paths import figures_path
from viewcast.report.champion_record import ChampionHistory
from viewcast.report.champion_table import PICTURE
from viewcast.report.champions_note import note_of_history, note_of_nights, note_of_trained, verdict
from viewcast.retraining.history_points import points
from viewcast.tracking.experiments import NIGHTS, experiment_of
from viewcast.tracking.tags import DATA, LABEL, LOSS, PICTURES_FOLDER, UNIT, VERDICT
from viewcast.tracking.write.history_run import HistoryRun
from viewcast.tracking.write.notes import write_note, write_run_notes
from viewcast.tracking.write.registry import Registry
from viewcast.tracking.write.views import write_views
from viewcast.training.config import Config

IMAGE = "champions"  # under which MLflow keeps one picture per evaluation


def show_history(
    registry: Registry,
    config: Config,
    history: ChampionHistory,
    night: date,
    evaluated: bool,
    root: Path,
) -> None:
    """Bring MLflow up to the history of champions, as it is known on ``night``.

    ``config``: of a nightly run. ``evaluated``: whether a challenger was evaluated on ``night``;
    the picture is then kept as an image of its own, which later nights leave as it is.
    """
    client = registry.client
    nights, trained = experiment_of(client, config, NIGHTS), experiment_of(client, config)
    if history.champions:
        tags = {
            DATA: config.data.name,
            LABEL: history.label,
            LOSS: history.loss,
            UNIT: history.loss_unit,
        }
        run = HistoryRun.of(client, nights, history.name, tags)
        run.add(points(history, night))
        picture = figures_path(root) / f"{PICTURE}.png"
        shown = f"{PICTURES_FOLDER}/{picture.name}" if picture.is_file() else None
        if shown is not None:
            run.picture(picture, IMAGE, night if evaluated else None)
        note = note_of_history(history, run.run_id, shown)
        write_run_notes(client, [client.get_run(run.run_id)], {run.run_id: note})
    views = {view.key: view.name for view in write_views(client, nights)}
    write_note(client, nights, note_of_nights(history, nights, views))
    views = {view.key: view.name for view in write_views(client, trained)}
    write_note(client, trained, note_of_trained(history, trained, nights, views))
    for experiment in (nights, trained):
        client.set_experiment_tag(experiment, VERDICT, verdict(history))
