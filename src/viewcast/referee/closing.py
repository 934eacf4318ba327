"""Everything that can be told of a referee once its hidden rows are read."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from viewcast.base.errors import DataError
from viewcast.base.files import read_json
from viewcast.base.settings import digest
from viewcast.referee.answers import RefusedError
from viewcast.referee.journal import BACKUP, HASH
from viewcast.referee.record import Closing, Raw, Submitted, Told, closing_of
from viewcast.referee.referee import Referee
from viewcast.referee.terms import Plan
from viewcast.scoring.metric import Array


def account(
    plan: Plan,
    referee: Referee,
    submissions: Sequence[Submitted],
    predictions: Callable[[str], Array],
    notes: Iterable[str],
    closed: int,
    closed_by: str,
) -> Closing:
    """Read the hidden rows and say what was gained. The same content gives the same account.

    ``predictions``: those of a digest, as they were judged; ``notes``: sentences of what weakens
    the verdict; ``closed``: milliseconds since 1970.
    """
    verdict = referee.close()
    told = tuple(_told(referee, each.number, predictions(each.digest)) for each in submissions)
    deviations = [*notes, *_unused(plan, len(submissions))]
    if any(None in (each.gate, each.hidden) for each in told):
        without = [str(each.number) for each in told if None in (each.gate, each.hidden)]
        more = f" and {len(without) - 5} more" if len(without) > 5 else ""
        deviations.append(
            f"no finite score: of submission {', '.join(without[:5])}{more}, on the rows that "
            "judged or on the hidden rows; a loss may be infinite there"
        )
    return Closing(
        plan, verdict, tuple(submissions), told, _raw(told), tuple(deviations), closed, closed_by
    )


def _told(referee: Referee, number: int, predictions: Array) -> Told:
    gate = gate_error = hidden = None
    with suppress(RefusedError):
        gain = referee.gain(predictions, hidden=False)
        gate, gate_error = float(gain.mean), float(gain.error)
    with suppress(RefusedError):
        hidden = float(referee.gain(predictions, hidden=True).mean)
    return Told(number, gate, gate_error, hidden, referee.raw_gain(predictions))


def _raw(told: Sequence[Told]) -> Raw:
    """A loop that keeps whatever scores better on all rows than the best before."""
    first, *others = told
    best, acceptances = Raw(0.0, 0, first.number), 0
    for each in others:
        if each.raw is not None and each.raw > best.claim:
            acceptances += 1
            best = Raw(each.raw, acceptances, each.number)
    return best


def _unused(plan: Plan, count: int) -> list[str]:
    if count == plan.terms.budget:
        return []
    return [f"the budget was not used up: {count:,} of {plan.terms.budget:,} answers were given"]


def sealed(closing: Closing) -> dict[str, Any]:
    """An account as plain values with its hash: a figure that is edited shows."""
    plain = closing.plain()
    return {**plain, HASH: digest(plain)}


def written(path: Path) -> Closing | None:
    """The account in a file, None where there is none; refuses (DataError) a damaged one, and one
    that is not as it was written.
    """
    if not path.exists():
        return None
    found = read_json(path, BACKUP)
    told = found.pop(HASH, None) if isinstance(found, dict) else None
    try:
        closing = closing_of(found)
    except DataError as error:
        raise DataError(f"{path}: {error}; {BACKUP}") from error
    if told != digest(found):
        raise DataError(f"{path}: is not as it was written; {BACKUP}")
    return closing


def refuse_none(submissions: Sequence[Submitted]) -> None:
    """Refuse (DataError) to close a referee that has heard nothing."""
    if not submissions:
        raise DataError("nothing was submitted, so there is nothing to say; submit, then close")
