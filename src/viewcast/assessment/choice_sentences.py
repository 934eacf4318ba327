"""The facts on the choice among the runs in words; the rest: ``viewcast.assessment.sentences``."""

from viewcast.assessment.result import AuditResult
from viewcast.assessment.wording import counted, few, noise_digits
from viewcast.base.numbers import plain, short
from viewcast.selection.saturation import saturation

HARDLY = 0.01  # of the loss: an honest loss that falls by more still falls a little
LEVEL = 0.05  # p-value below which some run is called better than the reference
LEAST_P = 0.001  # a smaller p-value is not written out


def gain(result: AuditResult) -> str:
    """How much of the gain over the reference is to be expected on new rows."""
    over, level = result.gain, result.reference_loss
    if over is None or over.expected is None or over.share is None:
        return ""
    if over.shown <= 0:
        return f"nothing was gained over “{over.reference}”"
    unit = f" {result.unit}" if result.unit else ""
    improvement = (
        f" ({plain(100 * over.shown / level)} % of its {result.figure_word})" if level else ""
    )
    text = (
        f"of the {plain(over.shown)}{unit} gained over “{over.reference}”{improvement}, "
        f"{plain(max(over.expected, 0.0))} is to be expected on new {result.rows_word}"
    )
    if over.lower95 is not None:
        text += f", with 95 % confidence more than {plain(over.lower95)}"
    return text


def parted(result: AuditResult) -> int | None:
    """From how many runs on the shown figure improves and the honest one hardly; None if it does.

    Of scores, which are the negatives of losses, as of losses.
    """
    curve, sign = result.best_of, result.sign
    honest = [sign * point.honest for point in curve if point.honest is not None]
    if len(honest) < len(curve):
        return None
    shown = [sign * point.shown for point in curve]
    return saturation([point.k for point in curve], shown, honest)


def about(k: int) -> float:
    """A number of runs as precisely as a curve can tell it."""
    return k if k < 10 else round(k, -1) if k < 100 else round(k, -2)


def more_runs(result: AuditResult, unit: str = "") -> str:
    """What more runs have brought: the curve of the best of k in one sentence.

    ``unit``: that of its figures, where it is not said before.
    """
    in_unit = f" {unit}" if unit else ""
    curve = result.best_of
    if len(curve) < 3:
        return ""
    first, last, count = curve[0], curve[-1], plain(curve[-1].k)
    figure, better = result.figure_word, _better(result)
    if first.honest is None or last.honest is None:
        return (
            f"the shown {figure} of the best {better['goes']} from {plain(first.shown)} to "
            f"{plain(last.shown)}{in_unit} with {count} runs; without losses by row it is not "
            "known how much of that is luck"
        )
    k = parted(result)
    if k is None:
        gained = result.sign * (first.honest - last.honest)
        helped = better["past"] if gained > 0 else f"did not {better['verb']}"
        return (
            f"{count} runs {helped} the honest {figure}: {plain(first.honest)} to "
            f"{plain(last.honest)}{in_unit}; the shown one promises "
            f"{plain(result.sign * (last.honest - last.shown), 2)} too much"
        )
    at = next(point for point in curve if point.k == k)
    assert at.honest is not None
    since = f"after about {plain(about(k))} of {count} runs" if k > 1 else f"in {count} runs"
    falls = result.sign * (at.honest - last.honest) > HARDLY * abs(last.honest)
    hardly = "hardly" if falls else "not" if k > 1 else "never"
    return (
        f"{since}, more runs improved the shown {figure} ({plain(at.shown)} to "
        f"{plain(last.shown)}{in_unit}) but {hardly} the honest one "
        f"({plain(at.honest)} to {plain(last.honest)})"
    )


def _better(result: AuditResult) -> dict[str, str]:
    """How a figure moves when it gets better."""
    if result.more_is_better:
        return {"goes": "rises", "verb": "raise", "past": "raised"}
    return {"goes": "falls", "verb": "lower", "past": "lowered"}


def effective(result: AuditResult) -> str:
    """How many independent runs would be as lucky, and what that means for the winner."""
    if result.effective_runs is None or result.half_width is None:
        return ""
    worse = "below" if result.more_is_better else "above"
    return (
        f"the {counted(len(result.compared), 'run')} behave like "
        f"{short(result.effective_runs, 2)} independent ones; the winner's {result.figure_word} "
        f"may be {noise_digits(result.half_width, result)} {worse} what is shown, whatever rule "
        "picked it from them (95 %)"
    )


def untracked(result: AuditResult) -> str:
    """Runs that chose an epoch by these rows and kept no losses of the others."""
    count = result.untracked
    if not count:
        return ""
    return (
        f"{counted(count, 'run')} chose an epoch by these rows and "
        f"{'keeps' if count == 1 else 'keep'} no losses of the other epochs: what that choice adds "
        "to the luck is missing, usually 15 to 30 % of it"
    )


def best_runs(result: AuditResult) -> str:
    """How many runs cannot be told apart from the best."""
    names, count = _best_names(result), len(result.compared)
    if result.confidence_set is None:
        return ""
    if len(names) <= 1:
        which = f"“{names[0]}”" if names else "the best"
        return f"{which} can be told apart from all {count - 1:,} others: it is the best run"
    runs = f"the {count:,} runs" if len(names) == count else f"{len(names):,} of {count:,} runs"
    return f"{runs} cannot be told apart: any of them may be the best"


def best_names(result: AuditResult) -> str:
    """The names of the runs that cannot be told apart from the best, where there are several."""
    names = _best_names(result)
    return f"these are {few(names)}" if len(names) > 1 else ""


def _best_names(result: AuditResult) -> list[str]:
    best = result.confidence_set
    name_of = {run.run_id: run.name for run in result.runs}
    return [] if best is None else [name_of[run_id] for run_id in best.run_ids]


def superiority(result: AuditResult) -> str:
    """Whether some run is better than the reference."""
    best = result.confidence_set
    if best is None or best.p_value is None or result.gain is None:
        return ""
    p = best.p_value
    certain = "some run is" if p < LEVEL else "it is not certain that any run is"
    chance = f"p = {p:.3f}" if p >= LEAST_P else f"p < {LEAST_P:g}"
    return f"{certain} better than “{result.gain.reference}” ({chance})"


def halves(result: AuditResult) -> str:
    """How often the choice is poor on the other half of the rows."""
    if result.overfit_probability is None:
        return ""
    return (
        f"in {100 * result.overfit_probability:.0f} % of the ways to halve the {result.rows_word} "
        "the winner of one half is below the median on the other; a low share does not show that "
        "the score is right"
    )
