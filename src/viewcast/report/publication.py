"""What the report leaves in the tracking store: pictures, views, and the notes that show them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from viewcast.assessment.result_file import renamed
from viewcast.base.escaped import in_markdown
from viewcast.base.files import read_json
from viewcast.base.numbers import plain
from viewcast.base.paths import summary_path
from viewcast.base.settings import Tracking
from viewcast.report.audits import of_run
from viewcast.report.descriptions import NotePictures, describe
from viewcast.report.figures import single_run
from viewcast.report.figures.run_results import Results, Run
from viewcast.report.figures.style import Picture, applied
from viewcast.report.run_tables import verdict_of
from viewcast.tracking.images import images_of
from viewcast.tracking.run_keys import by_key
from viewcast.tracking.write.additions import ProjectRuns, add_pictures
from viewcast.tracking.write.notes import experiment_page

OWN = (single_run.LEARNING_CURVE, single_run.PREDICTIONS)


def publish(root: Path, pictures: Sequence[Picture], tracking: Tracking) -> None:
    """Store each picture with the runs it shows, and write the views and notes of a project.

    A run that no picture shows among few gets one of its own. What has not changed is not written
    again, and what a person wrote is never replaced. Raises TrackingError where the store cannot be
    reached.
    """
    results = Results(root, read_json(summary_path(root), "`dvc repro` makes it again"))
    project = ProjectRuns.of(tracking)
    ids = {key: str(run.info.run_id) for key, run in by_key(project.runs).items()}
    pictures = [_with_ids(picture, ids) for picture in pictures]
    with TemporaryDirectory() as folder, applied():
        own = _own_pictures(results, NotePictures(pictures), project, ids, Path(folder))
        images = add_pictures(project, chain(pictures, own))
    own_of = {run_id: [name for name in OWN if name in images[run_id]] for run_id in images}
    shown, audited = NotePictures(pictures, own_of), of_run(results.audits)
    recorded = [(ids[run["key"]], run) for run in results.runs if run["key"] in ids]
    verdicts = {run_id: verdict_of(run, audited.get(run["key"])) for run_id, run in recorded}
    unscored = {run_id: _training(run) for run_id, run in recorded if run["key"] not in audited}
    audits = [
        replace(audit, result=result)
        for audit in results.audits
        for result in renamed([audit.result], ids)
    ]
    for experiment_id in project.experiment_ids:
        runs = [run for run in project.runs if run.info.experiment_id == experiment_id]
        page = experiment_page(project.client, experiment_id, runs)
        describe(page, audits, shown, verdicts, unscored)


def _own_pictures(
    results: Results,
    shown: NotePictures,
    project: ProjectRuns,
    ids: Mapping[str, str],
    folder: Path,
) -> Iterator[Picture]:
    """A picture of each run that needs one and has none yet: what a run is does not change.

    ``ids``: of runs in MLflow, by their keys.
    """
    images = {str(run.info.run_id): images_of(run) for run in project.runs}
    for run in results.runs:
        run_id = ids.get(run["key"], "")
        has_own = run_id in images and any(name in images[run_id] for name in OWN)
        if run_id not in images or has_own or shown.among_few(run_id):
            continue
        drawing = single_run.of_run(results, run)
        if drawing is not None:
            place = folder / run_id
            place.mkdir()
            yield _with_ids(drawing.save(place), ids)


def _with_ids(picture: Picture, ids: Mapping[str, str]) -> Picture:
    """The picture with MLflow's ids of its runs."""
    return replace(picture, run_ids=[ids.get(key, key) for key in picture.run_ids])


def _training(run: Run) -> str:
    """What is known of a run without a score."""
    loss = run["train_loss"]
    return "" if loss is None else f"Training {plain(loss)} {in_markdown(run['unit'])}".strip()
