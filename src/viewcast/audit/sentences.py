"""Every figure of an audit in a plain sentence, with its numbers.

``said`` is the object of one study as ``viewcast.audit.audit`` makes it.
"""

from typing import Any

from viewcast.audit import scalar_scores
from viewcast.audit.assessment import Assessment
from viewcast.base.numbers import rounded, short, with_error
from viewcast.holdout.looks import Use
from viewcast.selection.saturation import saturation

Said = dict[str, Any]


def all_of(said: Said, found: Assessment) -> list[str]:
    """What the figures say, in the order in which one would ask for them."""
    parts = [_looks(said), _bits(said), _winner(said), *_scalar(said, found), _bound(said)]
    parts += [_gain(said), _best_of(said), _effective(said), _tied(said), _halves(said)]
    parts += [
        _untracked(found),
        _caveat(said),
        said["hidden_holdout"] and said["hidden_holdout"]["sentence"],
    ]
    parts += [_not_judged(found), _refused(said), _opened(said)]
    return [stated(part) for part in parts if part]


def of_shadow(hidden_holdout: Said, unit: str) -> str:
    """What the hidden holdout says: as long as it agrees nothing but that it does."""
    looks, rows = (
        f"{hidden_holdout['looks']:,} looks",
        f"{hidden_holdout['rows']:,} rows that nobody was shown",
    )
    seen = (
        f"; but {hidden_holdout['seen']:,} of these rows were shown to other runs of this experiment, so "
        "they are no longer sealed"
        if hidden_holdout["seen"]
        else ""
    )
    if not hidden_holdout["alarm"]:
        return (
            f"after {looks} no alarm: {rows} do not contradict the gain of "
            f"{short(hidden_holdout['gain_shown'])} {unit} on the shown ones; their own figures stay "
            f"sealed{seen}"
        )
    return (
        f"the alarm rings: after {looks} the shown rows gained {short(hidden_holdout['gain_shown'])} "
        f"{unit}, {rows} {short(hidden_holdout['gain_shadow'])}; the difference of "
        f"{with_error(hidden_holdout['difference'], hidden_holdout['error'])} is no luck of single rows, and the "
        f"loss to expect is {short(hidden_holdout['estimate'])}{seen}"
    )


def stated(text: str) -> str:
    """As a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def counted(count: int, noun: str) -> str:
    """So many of them."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def in_noise(value: float, said: Said) -> str:
    """With as many digits as the noise of the winner's loss warrants."""
    return rounded(value, said["winner"]["error"])


def _rows(said: Said) -> str:
    return "days" if said["dated"] else "rows"


def _looks(said: Said) -> str:
    looks = said["looks"]
    which = f"these {said['rows']:,} {_rows(said)} have" if said["rows"] else "this set has"
    text = (
        f"{which} been looked at {counted(looks['scores'], 'time')} by "
        f"{counted(looks['runs'], 'run')} in {counted(looks['rounds'], 'round')}"
    )
    if looks["distinct"] < looks["runs"]:
        text += f"; {counted(looks['distinct'], 'run')} differ in what they lose"
    return text


def _bits(said: Said) -> str:
    looks = said["looks"]
    if looks["bits_budget"] is None:
        return ""
    budget = looks["bits_budget"]
    return (
        f"choices have spent {short(looks['bits_used'])} bits; {said['independent']:,.0f} "
        f"independent {_rows(said)} can answer {short(budget) if budget > 0 else 'none'} at "
        f"±{looks['tolerance']:g} of the range of a bounded loss"
    )


def _winner(said: Said) -> str:
    winner = said["winner"]
    if winner is None:
        return ""
    shown = f"best validation loss {with_error(winner['shown'], winner['error'])} {said['unit']}"
    text = f"{shown} of {winner['name']}".replace("  ", " ")
    if winner["expected"] is not None:
        luck_of = max(winner["optimism"], 0.0)
        text += (
            f"; picked fairly it is {in_noise(winner['expected'], said)}, so about "
            f"{in_noise(luck_of, said)} of it is the luck of being picked"
        )
    if winner["truth"] is not None:
        text += f"; in truth it is {short(winner['truth']['mean'])}"
    return text


def _scalar(said: Said, found: Assessment) -> list[str]:
    scores = scalar_scores.of_all(found.study) if found.study.scalar else None
    if scores is None or len(scalar_scores.scores(found.study)) < 2:
        return []
    count = len(scalar_scores.scores(found.study))
    return [
        f"only one score of each run is known: if all differences between the {count} are real, "
        f"the winner is worth what it shows, {short(scores.shown)}; if all are luck, the mean of "
        f"all, {short(scores.level)}",
        "if all were equally good, independent and normal, with a noise of "
        f"{short(scores.spread)}, the best of {count} would show {short(scores.gaussian)}; runs "
        "that share rows and data are not independent, so this is no estimate",
        "log the losses of the validation rows (predictions.parquet: row, loss) to have the choice "
        "priced",
    ]


def _bound(said: Said) -> str:
    winner = said["winner"]
    if winner is None or winner["upper95"] is None:
        return ""
    bound = in_noise(winner["upper95"], said)
    return f"with 95 % confidence the picked model's true loss is below {bound}"


def _gain(said: Said) -> str:
    gain = said["gain"]
    if gain is None or gain["expected"] is None:
        return ""
    if gain["shown"] <= 0:
        return f"no run shows a gain over {gain['reference']}"
    level = said["winner"]["shown"] + gain["shown"]
    claimed, kept = (100 * gain[name] / level for name in ("shown", "expected"))
    text = (
        f"of the {short(claimed)} % improvement over {gain['reference']} that is shown, "
        f"{short(max(kept, 0.0))} % is likely real (trust {gain['trust']:.2f}, {gain['colour']})"
    )
    if gain["lower95"] is not None:
        text += f"; with 95 % confidence at least {short(100 * gain['lower95'] / level)} %"
    return text


def _best_of(said: Said) -> str:
    curve = said["best_of"]
    if len(curve) < 3 or curve[0]["honest"] is None:
        return ""
    ks, shown, honest = ([line[key] for line in curve] for key in ("k", "shown", "honest"))
    k = saturation(ks, shown, honest)
    if k is None:
        return f"the honest score still falls with the displayed one at {counted(ks[-1], 'run')}"
    return (
        f"after about {counted(k, 'run')}, more runs improved the displayed score but hardly the "
        "honest one"
    )


def _effective(said: Said) -> str:
    if said["effective"] is None:
        return ""
    count = sum(run["excluded"] is None for run in said["runs"])
    text = (
        f"your {counted(count, 'run')} behave like {short(said['effective'], 2)} independent ones"
    )
    return (
        f"{text}; the winner's loss may be {short(said['half_width'])} above what is shown, "
        "whatever rule picked it from them (95 %)"
    )


def _tied(said: Said) -> str:
    confidence_set = said["confidence_set"]
    if confidence_set is None:
        return ""
    count = sum(run["excluded"] is None for run in said["runs"])
    if confidence_set["count"] > 1:
        text = f"{confidence_set['count']} of the {count} runs cannot be told apart from the best"
    else:
        text = "the best run can be told apart from all others"
    if confidence_set["p_spa"] is None:
        return text
    better = (
        "some run is" if confidence_set["p_spa"] < 0.05 else "it is not certain that any run is"
    )
    text += f"; {better} better than {said['gain']['reference']}" if said["gain"] else ""
    chance = (
        f"p = {confidence_set['p_spa']:.3f}" if confidence_set["p_spa"] >= 0.001 else "p < 0.001"
    )
    return text + (f" ({chance})" if said["gain"] else "")


def _halves(said: Said) -> str:
    if said["overfit_probability"] is None:
        return ""
    return (
        f"in {100 * said['overfit_probability']:.0f} % of the ways to halve the {_rows(said)} the "
        "winner of one half is below the median on the other; a low share does not make the score "
        "honest"
    )


def _untracked(found: Assessment) -> str:
    """Runs that chose an epoch by these rows and kept no losses of the others."""
    count = sum(
        run.rows is not None and run.rows.states is None and any(map(_chose, run.look.uses))
        for run in found.runs
    )
    if not count or not found.selection_corrected:
        return ""
    verb = "keeps" if count == 1 else "keep"
    return (
        f"{counted(count, 'run')} chose an epoch by these rows and {verb} no losses of the other "
        "epochs: what that choice adds to the luck is missing, 15 to 30 % of it as a rule"
    )


def _chose(use: Use) -> bool:
    return use.purpose == "early_stop" and use.among > 1


def _caveat(said: Said) -> str:
    return said["adaptive"]["caveat"] or ""


def _not_judged(found: Assessment) -> str:
    return f"the hidden rows cannot be judged: {found.not_judged}" if found.not_judged else ""


def _refused(said: Said) -> str:
    return said["refusal"] or ""


def _opened(said: Said) -> str:
    if not said["opened"]:
        return ""
    told = [
        f"{one['name']} on {one['time'][:10]} by {one['user']}, loss "
        f"{with_error(one['loss'], one['error'])}"
        + (f", because {one['reason']!r}" if one["reason"] else "")
        for one in said["opened"]
    ]
    times = "once" if len(told) == 1 else f"{len(told)} times"
    return f"the sealed test was opened {times}: {'; '.join(told)}"
