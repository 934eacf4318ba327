"""What the choice of a study's winner is worth: its price, its shadow, and what may be said.

Shape letters: T looks in order of time, M validation rows, S shadow rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from viewcast.audit.rounds import Records, of_study, scored_waves
from viewcast.audit.row_losses import Losses, Vector
from viewcast.audit.settings import AuditSettings
from viewcast.audit.study import REMEMBERS, Scored, Study
from viewcast.base.errors import DataError
from viewcast.selection import hidden_holdout
from viewcast.selection.candidates import Candidates
from viewcast.selection.inference import Price, Settings, measured, price

TUNED = (
    "a new best was shown in {shown} of {waves} rounds, where rounds that do not build on each "
    "other bring {expected:.1f}: the runs were tuned on these rows, so no figure from these rows "
    "can price the choice; only shadow or sealed rows can"
)
ALARM = (
    "the shadow rows do not confirm what was gained on the shown ones: no figure from the shown "
    "rows can price the choice; take the one of the shadow"
)


UNCONFIRMED = "its score is not to be believed: the shadow rows do not confirm it"
TUNED_TO = "its score is not to be believed: the runs were tuned on these rows"


@dataclass(frozen=True)
class Shadow:
    """The judgement of the shadow, the gains (T,) since the first run, and how many rows it has.

    ``seen``: shadow rows that other runs of the experiment were shown.
    """

    judged: hidden_holdout.Shadow
    shown: Vector
    hidden: Vector
    rows: int
    seen: int


@dataclass(frozen=True, eq=False)
class Worth:
    """``runs``: those that were priced, in the order of the candidates; ``reference`` one of them.

    ``price``: None where no run has row losses. ``blocked``: why the rows themselves can say
    nothing however many they are, None where they can. ``caught``: by id, what the shadow says of
    runs that have seen the validation rows. ``no_shadow``: why a shadow could not be judged.
    """

    study: Study
    runs: list[Scored]
    price: Price | None
    reference: Scored | None
    records: Records
    shadow: Shadow | None
    blocked: str | None
    caught: dict[str, str]
    no_shadow: str | None = None

    @property
    def refusal(self) -> str | None:
        """Why there is no figure or no bound, None where there are both."""
        if self.price is None:
            return None if self.study.runs else "no run"
        return self.price.enough.refusal or self.blocked

    @cached_property
    def doubts(self) -> dict[str, str]:
        """Why scores cannot be believed, by run: of those launched in sight of earlier ones."""
        if self.blocked is None:
            return {}
        alarmed = self.shadow is not None and self.shadow.judged.alarm
        why = UNCONFIRMED if alarmed else TUNED_TO
        return {look.run_id: why for wave in scored_waves(self.study)[1:] for look in wave}

    @property
    def fair(self) -> bool:
        """Whether the rows themselves tell what to expect on new ones."""
        return self.price is not None and self.price.fair is not None and self.blocked is None


def worth(study: Study, settings: AuditSettings, seen: int = 0) -> Worth:
    """Price a study. ``seen``: shadow rows that other runs of the experiment were shown."""
    runs, records = study.priced, of_study(study)
    reference = _reference(runs, settings.reference)
    if not runs:
        return Worth(study, [], None, None, records, None, None, {})
    columns, sizes = _columns(runs)
    candidates = Candidates.of(columns, sizes)
    pricing = Settings(settings.draws, settings.seed, settings.least or _least(runs))
    length = measured(candidates, pricing.least).length
    judged, why = _shadow(runs, length, seen)
    blocked = ALARM if judged is not None and judged.judged.alarm else None
    if blocked is None and records.tuned:
        blocked = TUNED.format(**vars(records))
    compared = None if reference is None else columns[runs.index(reference)][-1]
    found = price(candidates, compared, pricing, blocked)
    caught = _caught(study, runs, length)
    return Worth(study, runs, found, reference, records, judged, blocked, caught, why)


def _columns(runs: Sequence[Scored]) -> tuple[list[Losses], Vector]:
    """All evaluated states of each run, in cells of rows where some run kept only those."""
    rows = [run.rows for run in runs if run.rows is not None]
    size = max((own.cell for own in rows if own.states is not None), default=1)
    columns = [own.columns(size) for own in rows]
    return [losses for losses, _ in columns], columns[0][1]


def _least(runs: Sequence[Scored]) -> float:
    """The least dependence length that the runs' data assume, in rows."""
    return max(run.facts.block for run in runs)


def _reference(runs: Sequence[Scored], name: str | None) -> Scored | None:
    """The run that gains are measured against, by its model, its name or its id."""
    for known in ("model", "name", "run_id"):
        for run in runs:
            if name is not None and getattr(run if known == "run_id" else run.facts, known) == name:
                return run
    return None


def _shadow(runs: Sequence[Scored], length: float, seen: int) -> tuple[Shadow | None, str | None]:
    """The shadow, judged by the best run so far at every look; or why it cannot be."""
    scored = [run for run in runs if run.shadow is not None]
    if not scored:
        return None, None
    looked = sorted(scored, key=_time)
    shown, hidden = (_stacked(looked, which) for which in ("rows", "shadow"))
    if hidden is None or shown is None:
        return None, "the runs have different shadow rows, so that no two of them can be compared"
    best = _best_so_far(shown.mean(axis=1))
    try:
        judged = hidden_holdout.judge(shown[best], hidden[best], length)
    except DataError as error:
        return None, str(error)
    gains = [part.mean(axis=1)[0] - part.mean(axis=1)[best] for part in (shown, hidden)]
    return Shadow(judged, gains[0], gains[1], hidden.shape[1], seen), None


def _time(run: Scored) -> tuple[int, int, str]:
    return (run.look.start, run.look.end or run.look.start, run.facts.name)


def _stacked(runs: Sequence[Scored], which: str) -> NDArray[np.float64] | None:
    """Final row losses (T, ...) of runs; None where their rows differ or a loss is missing."""
    first = getattr(runs[0], which)
    aligned = [getattr(run, which).aligned(first.keys) for run in runs]
    if any(isinstance(one, str) or one.missing for one in aligned):
        return None
    return np.stack([np.asarray(one.final, np.float64) for one in aligned])


def _best_so_far(scores: Vector) -> NDArray[np.int64]:
    """Index (T,) of the lowest score until now, the first of equals."""
    best = np.zeros(len(scores), np.int64)
    for look in range(1, len(scores)):
        best[look] = look if scores[look] < scores[best[look - 1]] else best[look - 1]
    return best


def _caught(study: Study, runs: Sequence[Scored], length: float) -> dict[str, str]:
    """What the shadow says of runs that remember the shown rows: whether the gain is there too."""
    said = {}
    for run in study.runs:
        if run.aside != REMEMBERS or run.shadow is None or run.rows is None:
            continue
        pair = [*sorted((other for other in runs if other.shadow is not None), key=_time)[:1], run]
        shown, hidden = (_stacked(pair, which) for which in ("rows", "shadow"))
        if len(pair) < 2 or shown is None or hidden is None:
            continue
        try:
            alarm = hidden_holdout.judge(shown, hidden, length).alarm
        except DataError:
            continue
        told = "do not confirm its gain" if alarm else "do not contradict it"
        said[run.run_id] = f"the shadow rows {told}"
    return said
