"""The record of looks: every score of a holdout that somebody or some rule could act on.

A *holdout* is a set of target rows; its identity is the hash of all of them
(``viewcast.data.table.holdout``). A *look* is what one run revealed about it, in one or more
*uses*. Runs of the same settings, code and data have the same key and are one look, however often
they were run. Nothing here knows where the record is kept.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

import pandas as pd

from viewcast.base.errors import DataError

Purpose = Literal["report", "early_stop", "select", "gate", "test"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


@dataclass(frozen=True)
class Use:
    """What scores were used for: ``scores`` new ones were revealed, to choose ``among`` so many.

    Training that keeps its best epoch of 120 is one ``early_stop`` of 120 among 120; its final
    loss is one of them. A sweep's choice reveals nothing that its candidates have not revealed:
    ``select`` of 0 among all candidates.
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
    """What one run revealed of a holdout, to whom and when.

    ``holdout``: None where the run does not name its validation rows. ``batch_id``: runs of one
    batch_id were started without seeing each other's scores. ``start``, ``end``: milliseconds since
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
    """Uses from the text of a tag; refuses (DataError) what is none, naming the run."""
    try:
        uses = tuple(Use(**entry) for entry in json.loads(text))
        sound = all(use.purpose in PURPOSES and _counts(use.scores, use.among) for use in uses)
    except (ValueError, TypeError):
        sound = False
    if not sound:
        raise DataError(
            f"run {run_id}: tag viewcast.looks = {text!r}: expected a list such as "
            f"{written([REPORT])}, purpose one of {', '.join(PURPOSES)}, counts from 0; "
            "mend or delete the tag"
        )
    return uses


def _counts(*values: object) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def distinct(looks: Iterable[Look]) -> list[Look]:
    """One look per key, by start: whatever was run again is counted once.

    Of runs with the same key (a repetition; a run that was killed and the one that went on) the
    finished one with the most scores stands for all; what it revealed is, purpose by purpose, the
    most that any of them did, and it counts from the batch_id and start of the first.
    """
    by_key: dict[str, list[Look]] = {}
    for look in looks:
        by_key.setdefault(look.key, []).append(look)
    found = [_merged(same) for same in by_key.values()]
    return sorted(found, key=lambda look: (look.start, look.run_id))


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
    """Looks in rounds, by time: sets of which no member was launched in sight of another's score.

    The looks of a batch_id belong together. Launches are taken by their start; one belongs to the
    wave before it if it started before anything in that wave had ended, and begins a new wave
    otherwise. A run that goes on has revealed its final score to nobody.
    """
    launches: dict[str, list[Look]] = {}
    for look in looks:
        launches.setdefault(look.batch_id, []).append(look)
    found: list[list[Look]] = []
    for batch_id in sorted(
        launches.values(), key=lambda batch_id: min(one.start for one in batch_id)
    ):
        start = min(look.start for look in batch_id)
        if found and all(look.end is None or start < look.end for look in found[-1]):
            found[-1] += batch_id
        else:
            found.append(list(batch_id))
    return found


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
