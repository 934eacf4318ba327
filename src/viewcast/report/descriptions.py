"""Which notes an experiment and its runs get, and which pictures stand in them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from viewcast.assessment.result import AuditedRun
from viewcast.report.audits import Audit
from viewcast.report.notes import (
    StoredPicture,
    experiment_note,
    run_note,
    search_note,
    unaudited_note,
    unscored_note,
)
from viewcast.tracking.images import FEW
from viewcast.tracking.tags import (
    CANDIDATES,
    HOLDOUT,
    LABEL,
    LOOK_KEY,
    LOSS,
    MODEL_VAL_ERROR,
    UNIT,
    VAL_ERROR,
)
from viewcast.tracking.write.notes import ExperimentPage

if TYPE_CHECKING:  # matplotlib takes half a second, and an audit has no pictures
    from viewcast.report.figures.style import Picture

MOST = 3  # pictures in the note of a run


class NotePictures:
    """The pictures that notes show, each as an artifact of a run that has it.

    ``own``: by the id of a run the names of pictures that show it alone.
    """

    def __init__(
        self,
        pictures: "Iterable[Picture]" = (),
        own: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._own = own or {}
        self._by_run: dict[str, list[Picture]] = {}
        for picture in pictures:
            for run_id in picture.run_ids:
                self._by_run.setdefault(run_id, []).append(picture)

    def among_few(self, run_id: str) -> list[StoredPicture]:
        """The pictures that show the run among few others, the fewest first; those stored with it
        alone last, for they tell of its rows or of the choice.
        """
        few = [each for each in self._by_run.get(run_id, []) if len(each.run_ids) <= FEW]
        few.sort(key=lambda picture: (len(picture.run_ids) == 1, len(picture.run_ids)))
        return [StoredPicture(run_id, picture.name) for picture in few]

    def of_run(self, run_id: str, audit: Audit | None = None) -> list[StoredPicture]:
        """The pictures of a run; where there is none, one of its audit, else one that shows it
        among many.
        """
        of_choice = self.of_audit(audit)
        won = [picture for picture in of_choice[:1] if picture.run_id == run_id]
        shown = list(dict.fromkeys([*won, *self.among_few(run_id)]))[:MOST]
        own = [StoredPicture(run_id, name) for name in self._own.get(run_id, ())]
        many = [StoredPicture(run_id, each.name) for each in self._by_run.get(run_id, [])]
        return shown or own or of_choice[:1] or many[:1]

    def of_audit(self, audit: Audit | None) -> list[StoredPicture]:
        """The pictures of an audit, which are stored with its winner: that of its figures first."""
        if audit is None:
            return []
        names = {
            picture.name.removeprefix(f"{audit.slug}_"): StoredPicture(run_id, picture.name)
            for run_id in audit.run_ids
            for picture in self._by_run.get(run_id, [])
            if picture.name.startswith(f"{audit.slug}_")
        }
        return [names[name] for name in sorted(names, key=lambda name: (name != "winner", name))]


def describe(
    page: ExperimentPage,
    audits: Sequence[Audit],
    pictures: NotePictures | None = None,
    verdicts: Mapping[str, str] | None = None,
    unscored: Mapping[str, str] | None = None,
) -> None:
    """Write the notes of an experiment and of its runs.

    ``audits``: of all holdouts there are; ``verdicts``: those of the project, and ``unscored``:
    figures of runs that no audit knows, both by the id of the run.
    """
    shown, stated, others = pictures or NotePictures(), verdicts or {}, unscored or {}
    notes, held = {}, set()
    scored = _scored(page, audits)
    for run in page.runs:
        run_id, tags = str(run.info.run_id), run.data.tags
        if run_id in scored:
            audit, audited = scored[run_id]
            held.add(audit.slug)
            verdict, error = stated.get(run_id, ""), _error(run.data.metrics)
            seen = shown.of_run(run_id, audit)
            notes[run_id] = run_note(audit, audited, error, verdict, seen)
        elif CANDIDATES in tags:
            for audit in audits:
                if audit.result.holdout == tags.get(HOLDOUT):
                    notes[run_id] = search_note(audit, shown.of_audit(audit))
        elif run_id in others:
            seen = shown.of_run(run_id)
            notes[run_id] = unscored_note(stated.get(run_id, ""), others[run_id], seen)
    own = [audit for audit in audits if audit.slug in held]
    winners = [picture for audit in own for picture in shown.of_audit(audit)[:1]]
    note = experiment_note(page.experiment_id, own, page.views, winners) if own else ""
    if not own and UNIT in page.tags:
        label, loss, unit = (page.tags.get(name, "") for name in (LABEL, LOSS, UNIT))
        note = unaudited_note(page.experiment_id, label, loss, unit, page.views)
    page.describe(note, notes)


def _scored(page: ExperimentPage, audits: Sequence[Audit]) -> dict[str, tuple[Audit, AuditedRun]]:
    """The runs of an experiment that an audit knows; a repetition stands for the run it repeats."""
    known = {run.run_id: (audit, run) for audit in audits for run in audit.result.runs}
    looks = {
        run.data.tags[LOOK_KEY]: known[run.info.run_id]
        for run in page.runs
        if run.info.run_id in known and LOOK_KEY in run.data.tags
    }
    found = {
        str(run.info.run_id): known.get(run.info.run_id) or looks.get(run.data.tags.get(LOOK_KEY))
        for run in page.runs
    }
    return {run_id: scored for run_id, scored in found.items() if scored is not None}


def _error(metrics: Mapping[str, float]) -> float | None:
    """The standard error of a run's score, where the run has logged it."""
    error = metrics.get(MODEL_VAL_ERROR, metrics.get(VAL_ERROR))
    return error if error is not None and math.isfinite(error) else None
