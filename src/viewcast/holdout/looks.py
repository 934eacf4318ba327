"""The record of looks: every score of a holdout that a person or a rule could act on.

A *look* is a term of sequential testing, where the data are evaluated several times while they are
collected: each evaluation whose result can change what is done next is a look, and the error of a
conclusion grows with the number of looks. Here the data are the validation rows. A *holdout* is a
set of target rows; its identity is the hash of all of them (``viewcast.data.table.holdout``). A
look is what one run revealed about a holdout, in one or more *uses*. Runs of the same settings,
code and data have the same key and are one look, however often they were run.

A *batch* is a set of runs that were started without knowing each other's scores. This module does
not know where the record is kept.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.parse import json_of
from viewcast.base.quoted import quoted

Purpose = Literal["report", "early_stop", "select", "gate", "test"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


@dataclass(frozen=True)
class Use:
    """What scores were used for: ``scores`` new ones were revealed to choose among ``among``.

    Training that restores its best epoch of 120 is one ``early_stop`` of 120 among 120; its final
    loss is one of them. The choice of a sweep reveals nothing that its candidates have not
    revealed: it is a ``select`` of 0 among all candidates.
    """

    purpose: Purpose
    scores: int
    among: int


REPORT = Use("report", 1, 1)


def early_stop(epochs: int) -> Use:
    """The choice of the best epoch by the validation loss after each."""
    return Use("early_stop", epochs, epochs)


@dataclass(frozen=True)
class Look:
    """What one run revealed of a holdout, to which user and when.

    ``holdout``: None where the run does not name its validation rows. ``batch_id``: runs of one
    batch were started without knowing each other's scores. ``start``, ``end``: milliseconds since
    1970, ``end`` None while the run goes on. ``parent``: the sweep's run, for a candidate.
    ``status``: of the run, as the tracker names it.
    """

    run_id: str
    key: str
    uses: tuple[Use, ...]
    holdout: str | None
    batch_id: str
    start: int
    end: int | None
    user: str
    status: str
    parent: str | None = None

    @property
    def scores(self) -> int:
        """How many scores it revealed."""
        return sum(use.scores for use in self.uses)


def written(uses: Iterable[Use]) -> str:
    """Uses as text, for a tag."""
    return json.dumps([asdict(use) for use in uses])


def parsed(text: str, run_id: str) -> tuple[Use, ...]:
    """Uses from the text of a tag; refuses (DataError) any other text and names the run."""
    try:
        uses = tuple(Use(**entry) for entry in json_of(text))
        sound = all(use.purpose in PURPOSES and _counts(use.scores, use.among) for use in uses)
    except (ValueError, TypeError):
        sound = False
    if not sound:
        raise DataError(
            f"run {run_id}: tag viewcast.looks = {quoted(text)}: expected a list such as "
            f"{written([REPORT])}, purpose one of {', '.join(PURPOSES)}, counts from 0; "
            "mend or delete the tag"
        )
    return uses


def _counts(*values: object) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def distinct(looks: Iterable[Look]) -> list[Look]:
    """One look per key, by start: a repeated run is counted once.

    Of runs with the same key (a repetition; a run that was killed and the run that resumed it) the
    finished one with the most scores stands for all. Its uses are, purpose by purpose, the largest
    of any of them; its batch and start are those of the first.
    """
    by_key: dict[str, list[Look]] = {}
    for look in looks:
        by_key.setdefault(look.key, []).append(look)
    merged = [_merged(same) for same in by_key.values()]
    return sorted(merged, key=lambda look: (look.start, look.run_id))


def _merged(same: list[Look]) -> Look:
    first = min(same, key=lambda look: (look.start, look.run_id))
    best = min(same, key=lambda look: (look.status != "FINISHED", -look.scores, look.start))
    most: dict[str, Use] = {}
    for use in (use for look in same for use in look.uses):
        former = most.get(use.purpose)
        if former is None or (use.scores, use.among) > (former.scores, former.among):
            most[use.purpose] = use
    uses = tuple(most[purpose] for purpose in PURPOSES if purpose in most)
    return replace(best, uses=uses, start=first.start, batch_id=first.batch_id)


def rounds(looks: Iterable[Look]) -> list[list[Look]]:
    """Looks in rounds, by time: no member of a round was started with another's score known.

    The looks of a batch belong together. Batches are taken by their start: a batch belongs to the
    round before it if it started before any look of that round had ended, and begins a new round
    otherwise. A run that still goes on has revealed no final score.
    """
    batches: dict[str, list[Look]] = {}
    for look in looks:
        batches.setdefault(look.batch_id, []).append(look)
    parts: list[list[Look]] = []
    for batch in sorted(batches.values(), key=_start):
        start = _start(batch)
        if parts and all(look.end is None or start < look.end for look in parts[-1]):
            parts[-1] += batch
        else:
            parts.append(list(batch))
    return parts


def _start(batch: Sequence[Look]) -> int:
    return min(look.start for look in batch)


def by_row(rows: Mapping[str, pd.DataFrame], looks: Sequence[Look]) -> pd.DataFrame:
    """How often each row was looked at: entity, time, row, runs, scores; by entity and time.

    ``rows``: the rows of each holdout (entity, time, row, target), by its identity. A row is its
    entity, time and target, so holdouts that overlap share rows. ``runs`` counts the distinct looks
    that revealed a score; looks at holdouts whose rows are not given are left out.
    """
    counts = {holdout: [0, 0] for holdout in rows}
    for look in distinct(looks):
        if look.holdout in counts and look.scores:
            counts[look.holdout][0] += 1
            counts[look.holdout][1] += look.scores
    parts = [
        frame[["entity", "time", "row", "target"]].assign(runs=runs, scores=scores)
        for frame, (runs, scores) in zip(rows.values(), counts.values(), strict=True)
    ]
    if not parts:
        return pd.DataFrame(columns=["entity", "time", "row", "runs", "scores"])
    whole = pd.concat(parts, ignore_index=True)
    groups = whole.groupby(["entity", "time", "target"], dropna=False)
    shown = groups.agg({"row": "first", "runs": "sum", "scores": "sum"}).reset_index()
    return shown[["entity", "time", "row", "runs", "scores"]]
