"""What an audit understood of the runs, in words: the first lines of terminal and page."""

from dataclasses import dataclass

from viewcast.assessment.understanding import SetAside, Understanding
from viewcast.assessment.wording import counted

VALUES = {
    "last": "the last value of each run",
    "best": "the best value of each run",
    "min": "the lowest value of each run",
    "max": "the highest value of each run",
}
DIGEST = 8  # digits of a digest that are shown


@dataclass(frozen=True)
class Line:
    """One thing that was understood: ``name`` says what, ``text`` as what."""

    name: str
    text: str


def lines(understood: Understanding) -> list[Line]:
    """Metric, rows, runs and what was passed over, each in a line."""
    found = [
        Line("metric", metric(understood)),
        Line("rows", rows(understood)),
        Line("runs", runs(understood)),
        Line("passed over", "; ".join(understood.passed_over)),
    ]
    return [line for line in found if line.text]


def metric(understood: Understanding) -> str:
    """Which metric, in which direction, and which of its values."""
    if not understood.metric:
        return ""
    better = "more is better" if understood.more_is_better else "less is better"
    return (
        f"{understood.metric}{_because(understood.metric_from)}, "
        f"{better}{_because(understood.direction_from)}; "
        f"{VALUES.get(understood.value, understood.value)}"
    )


def rows(understood: Understanding) -> str:
    """How many rows, and how they are known."""
    if understood.rows is None:
        return understood.rows_from
    digest = f"; digest {understood.digest[:DIGEST]}" if understood.digest else ""
    how = "known by" if understood.digest else "behind each score;"
    return f"{understood.rows:,} {how} {understood.rows_from}{digest}"


def runs(understood: Understanding) -> str:
    """How many runs were compared, and which were set aside and why."""
    text = f"{understood.taken:,} compared"
    aside = understood.set_aside
    if aside:
        text += f"; {sum(part.count for part in aside):,} set aside: "
        text += "; ".join(map(_aside, aside))
    return text


def _aside(part: SetAside) -> str:
    names = ", ".join(part.names)
    more = part.count - len(part.names)
    listed = f"{names} and {more:,} more" if more > 0 and names else names
    return f"{listed or counted(part.count, 'run')} ({part.reason})"


def _because(why: str) -> str:
    return f" ({why})" if why else ""
