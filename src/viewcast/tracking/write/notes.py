"""The descriptions of experiments and runs; what a person wrote is never replaced.

A note that viewcast wrote carries its mark (``viewcast.tracking.note_mark``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.base.errors import TrackingError
from viewcast.tracking.answers import OF_REQUESTS, told
from viewcast.tracking.artifacts import each
from viewcast.tracking.note_mark import is_ours, signed
from viewcast.tracking.schema import check_writable
from viewcast.tracking.store import all_runs
from viewcast.tracking.tags import NOTE
from viewcast.tracking.views.view import View
from viewcast.tracking.write.views import write_views

LONGEST = 4_900  # characters of a note without its mark: a tag holds 5,000 before MLflow 3.16


@dataclass(frozen=True, eq=False)
class ExperimentPage:
    """An experiment as the UI shows it: with its views and its runs; ``tags``: its own."""

    client: MlflowClient
    experiment_id: str
    tags: Mapping[str, str]
    views: list[View]
    runs: list[Run]

    def describe(self, note: str, run_notes: Mapping[str, str]) -> None:
        """Write the notes of the experiment (nothing if "") and of runs, by their id.

        Raises TrackingError where the server refuses.
        """
        try:
            if note:
                write_note(self.client, self.experiment_id, note)
            write_run_notes(self.client, self.runs, run_notes)
        except OF_REQUESTS as error:
            raise TrackingError(
                f"experiment {self.experiment_id}: its notes cannot be written: "
                f"{told(error, self.client.tracking_uri)}; then type the same again"
            ) from error


def experiment_page(
    client: MlflowClient,
    experiment_id: str,
    runs: list[Run] | None = None,
    views: list[View] | None = None,
) -> ExperimentPage:
    """An experiment as the UI shows it.

    ``runs``, ``views``: as they were read and written already, else they are now.
    """
    views = write_views(client, experiment_id) if views is None else views
    known = all_runs(client, experiment_id) if runs is None else runs
    tags = dict(client.get_experiment(experiment_id).tags)
    return ExperimentPage(client, experiment_id, tags, views, known)


def write_note(client: MlflowClient, experiment_id: str, text: str) -> bool:
    """Describe an experiment in markdown; returns whether anything was written.

    Nothing is where a person has described it, or the same stands there already.
    """
    check_writable(client)
    note = _due(client.get_experiment(experiment_id).tags.get(NOTE, ""), text)
    if note is not None:
        client.set_experiment_tag(experiment_id, NOTE, note)
    return note is not None


def write_run_notes(client: MlflowClient, runs: Iterable[Run], texts: Mapping[str, str]) -> int:
    """Describe runs in markdown; returns how many changed.

    ``runs``: as they are in the store; ``texts``: by the id of the run, and where one has none
    it is left alone, as is one that a person has described.
    """
    check_writable(client)
    notes = {
        str(run.info.run_id): _due(run.data.tags.get(NOTE, ""), texts[run.info.run_id])
        for run in runs
        if run.info.run_id in texts
    }
    due = [(run_id, note) for run_id, note in notes.items() if note is not None]
    afar = client.tracking_uri.startswith("http")
    each(due, lambda each_due: client.set_tag(each_due[0], NOTE, each_due[1]), "notes", afar)
    return len(due)


def _due(former: str, text: str) -> str | None:
    """The note to write; None where a person wrote the former one, or nothing has changed."""
    note = signed(_within(text))
    return None if note == former or (former.strip() and not is_ours(former)) else note


def _within(text: str) -> str:
    """The paragraphs of a note that a tag can hold."""
    parts = text.split("\n\n")
    while len(parts) > 1 and sum(len(part) + 2 for part in parts) > LONGEST:
        parts.pop()
    return "\n\n".join(parts)
