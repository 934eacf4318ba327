"""The finding of each part as one sentence, and its figures, from the numbers that are shown.

A figure is a number as text, and what it is.
"""

from telling.choice import Chosen
from telling.hinges import Bent
from telling.memory import Memory
from telling.stopping import SEEDS, Course
from telling.surface import Descent, Surface
from telling.texts import Texts
from viewcast.base.numbers import short, with_error
from viewcast.scoring.scores import Score

Figures = list[tuple[str, str]]

ARRIVED = 0.001  # of the lowest loss, above which descent has not arrived
MANY = 1_000_000  # above it, three digits are enough
STUCK = 0.98  # of the line's training loss, above which hinges have not bent


def of_loss(value: float) -> str:
    """A squared error: one decimal below a thousand, so that differences agree with their terms."""
    if value > MANY:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:,.{1 if 0 < value < 1_000 else 0}f}"


def of_views(value: float) -> str:
    """Thousand views, to single views."""
    return f"{value:.3f}"


def of_score(score: Score) -> str:
    """A mean loss and its standard error."""
    return with_error(score.mean, score.error)


def surface(say: Texts, known: Surface, found: Descent) -> tuple[str, Figures]:
    """Where gradient descent has come."""
    unit = say("minutes_squared")
    w, b = found.end
    above = found.loss - known.least
    exact = found.error is None
    loss = of_loss(found.loss) if exact else with_error(found.loss, found.error)
    places = {"updates": f"{found.updates:,}", "loss": loss, "above": of_loss(above)}
    if found.diverged:
        sentence = say("surface_diverged", **places)
    elif above < ARRIVED * known.least:
        sentence = say("surface_arrived", **places)
    else:
        sentence = say("surface_reached", **places)
    return sentence, [
        (loss, say("train_loss", unit=unit)),
        (f"{short(w)}, {short(b)}", say("here")),
        (of_loss(known.least), say("lowest", unit=unit)),
    ]


def hinges(say: Texts, found: Bent, line: Bent, by_descent: bool) -> tuple[str, Figures]:
    """What more hinges did to both losses. ``line``: the same with one hinge, least squares."""
    unit, (units,) = say("minutes_squared"), found.model.hidden
    places: dict[str, str | int] = {
        "units": units,
        "train": of_loss(found.train_loss),
        "train_line": of_loss(line.train_loss),
        "val": of_score(found.validation),
    }
    if units == 1:
        key = "hinges_line"
    elif by_descent and found.train_loss > STUCK * line.train_loss:
        key = "hinges_stuck"
    else:
        worse = found.validation.mean > line.validation.mean
        key = "hinges_overfit" if worse else "hinges_better"
    return say(key, **places), [
        (of_loss(found.train_loss), say("train_loss", unit=unit)),
        (of_score(found.validation), say("val_loss", unit=unit)),
    ]


def stopping(say: Texts, found: Course) -> tuple[str, Figures]:
    """What early stopping kept, and what the last epoch would have been worth."""
    unit = say("minutes_squared")
    gained = found.at_kept.mean < found.at_end.mean
    sentence = say(
        "stopping_gain" if gained else "stopping_none",
        kept=found.kept,
        last=f"{found.last['epoch']:,.0f}",
        val=of_loss(found.at_kept.mean),
        end=of_loss(found.at_end.mean),
    )
    return sentence, [
        (of_score(found.at_kept), say("at_kept", unit=unit)),
        (of_score(found.at_end), say("at_end", unit=unit)),
        (with_error(found.gain, found.gain_error), say("gain_of_seeds", unit=unit, count=SEEDS)),
    ]


def memory(say: Texts, found: Memory, rows: int, leak: bool) -> tuple[str, Figures]:
    """What learning by heart did to both losses."""
    unit = say("minutes_squared")
    if leak:
        key = "memory_leak"
    elif found.remembered == 0:
        key = "memory_none"
    else:
        key = "memory_all" if found.remembered == rows else "memory_part"
    train = of_loss(found.train_loss)
    val = of_score(found.validation)
    return say(key, count=found.remembered, rows=rows, train=train, val=val), [
        (train, say("train_loss", unit=unit)),
        (val, say("val_loss", unit=unit)),
        (of_loss(found.chance), say("chance", unit=unit)),
    ]


def choice(say: Texts, found: Chosen) -> tuple[str, Figures]:
    """What the best of k runs shows, and what to expect of it."""
    unit = say("thousand_views")
    expected = with_error(found.expected, found.error)
    sentence = say(
        "choice_one" if found.runs == 1 else "choice_many",
        runs=found.runs,
        shown=of_views(found.shown),
        expected=of_views(found.expected),
        luck=of_views(round(found.expected, 3) - round(found.shown, 3)),
    )
    no_bound = ("–", say("no_bound", wanted=found.rows_wanted))
    bound = (
        no_bound if found.bound is None else (of_views(found.bound), say("bound_figure", unit=unit))
    )
    return sentence, [
        (of_views(found.shown), say("shown_figure", unit=unit)),
        (expected, say("expected_figure", unit=unit)),
        bound,
        (of_views(found.true), say("true_figure", unit=unit)),
    ]
