"""One attacker, two gates: what it gained on a leaderboard, and what before a referee.

On the leaderboard it is shown a score after every submission and keeps what scores better. The
referee answers one bit, and it keeps what is accepted. All gains are over the base model, in the
unit of the loss; positive is better.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.numbers import plain
from viewcast.base.paths import demo_path
from viewcast.referee.answers import Verdict

PART = "referee"  # of the demonstration; its file holds the two climbs
TOLD = "climbs"  # the key of that file
AGAIN = "`dvc repro` makes it again"
DIGITS = 9  # the last digits of a sum differ between processors, and the file is compared
STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class Step:
    """A submission that was kept, by its number from 1: the gain that it has on the rows that
    judge (``claimed``), and in fresh simulations (``true``, with its standard ``error``).
    """

    submission: int
    claimed: float
    true: float
    error: float


@dataclass(frozen=True, config=STRICT)
class Ascent:
    """What was kept, in order, the base model first; ``sealed``: the gain of the last one on the
    rows of the hidden holdout, which neither the leaderboard nor the referee has.
    """

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    sealed: float

    @property
    def last(self) -> Step:
        """The one that the attacker ends with."""
        return self.steps[-1]


@dataclass(frozen=True, config=STRICT)
class TwoClimbs:
    """Both climbs of the same ``submissions``, the base model's included, on the same ``rows``.

    ``loss``: its name. ``gate``, ``hidden``: how many of the rows the referee judges by, and how
    many it reads once, at the end; ``sealed``: rows of the hidden holdout. ``budget``, ``false``:
    its terms (``viewcast.referee.terms``).
    """

    data: str
    label: str
    loss: str
    unit: str
    submissions: int
    rows: int
    gate: int
    hidden: int
    sealed: int
    budget: int
    false: float
    leaderboard: Ascent
    referee: Ascent
    verdict: Verdict

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return dict(_rounded(_ADAPTER.dump_python(self, mode="json")))


_ADAPTER = TypeAdapter(TwoClimbs)


def read(root: Path) -> TwoClimbs | None:
    """The two climbs of a project; None where the demonstration was not made.

    Refuses (DataError) a file that is damaged or that another version wrote.
    """
    file = demo_path(root) / f"{PART}.json"
    if not file.is_file():
        return None
    whole = files.read_json(file, AGAIN)
    try:
        return _ADAPTER.validate_python(whole[TOLD])
    except (ValidationError, LookupError, TypeError) as error:
        why = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        raise DataError(f"{file}: holds no two climbs ({why}); {AGAIN}") from error


def runs(root: Path) -> list[str]:
    """The keys of the runs that the two climbs are stored with."""
    return list(files.read_json(demo_path(root) / f"{PART}.json", AGAIN)["runs"])


def finding(two: TwoClimbs) -> str:
    """What the two climbs have shown, as a sentence without a full stop."""
    board, accepted = two.leaderboard.last, two.verdict.acceptances
    told = (
        f"On the leaderboard {plain(two.submissions)} submissions show a gain of "
        f"{plain(board.claimed)} {two.unit} and {in_truth(board.true)}; "
    )
    if not accepted:
        return f"{told}a referee accepts none of the same steps"
    return (
        f"{told}a referee accepts {plain(accepted)} of the same steps, with a true gain of "
        f"{plain(two.referee.last.true)}"
    )


def line(two: TwoClimbs) -> str:
    """The same on one line of a terminal, with a full stop; gains are in the unit of the loss."""
    board, accepted = two.leaderboard.last, two.verdict.acceptances
    gains = f"gain shown {plain(board.claimed)}, true {plain(board.true)}"
    told = f"Leaderboard attack: {gains}; refereed: "
    if not accepted:
        return f"{told}none of {plain(two.submissions - 1)} steps accepted."
    return f"{told}{plain(accepted)} accepted, true gain {plain(two.referee.last.true)}."


def in_truth(gain: float) -> str:
    """What a gain in fresh simulations is called, after a plural."""
    if gain == 0:
        return "truly gain nothing"
    return f"truly gain {plain(gain)}" if gain > 0 else f"truly lose {plain(-gain)}"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
