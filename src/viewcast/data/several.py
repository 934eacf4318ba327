"""Several exports of one channel as one series: where they overlap, the newer download is right.

Newer is the export that reaches further; of two that reach as far, the one that was downloaded
later. Neither names nor the order in which files lie decide anything: of exports that cannot be
told apart by time, those with more views in the newest days come later, as YouTube still counts
them.

Exports of another channel are recognised one by one, against the days that are known to be those of
the channel. Two channels that share no day cannot be told apart by their values. A large step where
one begins is suspect: beside known days such an export is left out, since a longer period of the
channel's own would share days with these; where no day is known it is told.

Shape letters: D days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.data.export import Export
from viewcast.data.gaps import spans

SETTLE_DAYS = 3  # YouTube has a day's figures 48 to 72 hours after its end
MAX_CHANGED = 0.5  # share of the days in common that may differ
DIFFERENCE = 0.1  # from which on two figures of a day differ; corrections are smaller
STEP = 5  # times the views beside it, from which on a series without days in common is told
SHOWN = 5  # sentences of one kind
SAME = 0.9  # share of figures that are those of the day beside, in a table that is a day off
MONTH = 28  # days on each side that such a step is measured on


@dataclass(frozen=True)
class Dropped:
    """An export in a folder: ``place`` is its file, zip or folder; ``changed``: when it was
    downloaded, in seconds since 1970. ``ended``: whether its file ends with the end of a line, so
    that the figure of its last day cannot be cut.
    """

    export: Export
    place: Path
    changed: float
    ended: bool = True

    @property
    def age(self) -> tuple[pd.Timestamp, float, float, int, bytes]:
        """What sorts exports, the newest last; equal only for equal figures."""
        views = self.export.views
        newest = float(views.iloc[-SETTLE_DAYS - 1 :].sum())
        return views.index[-1], self.changed, newest, len(views), views.to_numpy().tobytes()


@dataclass(frozen=True)
class Joined:
    """``whole``: the exports as one, maybe with gaps. ``used``: those in it, the newest last.
    ``foreign``: what is told of each export of another channel.
    """

    whole: Export
    used: list[Dropped]
    foreign: list[str]


def joined(exports: Sequence[Dropped], known: pd.Series | None = None) -> Joined:
    """Exports, at least one, as one; the notes say what came from which.

    ``known``: figures by day that are known to be those of the channel, and final; None for none.
    Exports that differ from these on most days in common are left out. Refuses (DataError) exports
    of which all differ so, and exports that differ from each other where no day is known.
    """
    foreign: list[str] = []
    used = sorted(_without_cut_days(exports, known), key=lambda dropped: dropped.age)
    if known is not None and len(known):
        used, foreign = _recognised(used, known)
    if not used:
        more = f" (and {len(foreign) - 1} more exports)" if len(foreign) > 1 else ""
        raise DataError(f"{foreign[0]}{more}")
    notes = some(
        [
            f"{one.export.name}: {note}" if len(used) > 1 else note
            for one in reversed(used)
            for note in one.export.notes
        ]
    )
    last, views = used[0].export, used[0].export.views
    changed: dict[pd.Timestamp, float] = {}  # days with several figures, and the older one
    for dropped in used[1:]:
        new = dropped.export
        refuse_another_channel(replace(last, views=views), new)
        notes += _step(views, new)
        common = views.index.intersection(new.views.index)
        older = views[common][views[common] != new.views[common]]
        changed |= dict(zip(pd.DatetimeIndex(older.index), older.tolist(), strict=True))
        last, views = new, _over(views, new.views)
    notes += _told(last, views, changed)
    return Joined(replace(last, views=views, notes=notes), used, foreign)


def refuse_another_channel(known: Export, new: Export) -> None:
    """Refuse (DataError) exports that differ on most of their settled days in common."""
    settled = known.views.loc[: known.views.index[-1] - pd.Timedelta(days=SETTLE_DAYS)]
    found = _difference(settled, new.views)
    if found is not None:
        raise DataError(
            f"{known.name} and {new.name} both hold daily totals and {found}: do they come from "
            "two channels? Keep the exports of one channel in a folder"
        )


def _recognised(exports: Sequence[Dropped], known: pd.Series) -> tuple[list[Dropped], list[str]]:
    """The channel's own exports, and what is told of the others.

    An export that shares no day with the known ones is judged by those that do, or else by whether
    it goes on where they end.
    """
    own: list[Dropped] = []
    foreign: list[str] = []
    left, reference = list(exports), known
    while judged := [one for one in left if len(_settled(reference, one.export.views))]:
        left = [one for one in left if one not in judged]
        for one in judged:
            found = _difference(reference, one.export.views)
            if found is None:
                own.append(one)
            else:
                foreign.append(
                    f"{one.export.name}: is it another channel's? Its figures and those known of "
                    f"this channel {found}. It was left out: take it out of the folder, or give "
                    "it nights of its own: retrain.channel=<name>"
                )
        for one in own:
            reference = _over(one.export.views, reference)
    for one in left:
        steps = _step(reference, one.export)
        foreign += [f"{step} It was left out: bring a longer period if not" for step in steps]
        own += [] if steps else [one]
    return sorted(own, key=lambda dropped: dropped.age), foreign


def _without_cut_days(exports: Sequence[Dropped], known: pd.Series | None) -> list[Dropped]:
    """The exports without last days whose figure is the beginning of the one that is known.

    Only of files that end in the middle of a line: what an upload has written of 1117 may be 11.
    """
    whole: list[Dropped] = []
    for one in exports:
        views = one.export.views
        others = [other.export.views for other in exports if other is not one]
        day, figure = views.index[-1], f"{views.iloc[-1]:g}"
        found = [f"{s[day]:g}" for s in (*others, *([] if known is None else [known])) if day in s]
        longer = [other for other in found if other != figure and other.startswith(figure)]
        if one.ended or not longer or figure in found or len(views) == 1:
            whole.append(one)
            continue
        told = (
            f"the last line has no end, and its {figure} is the beginning of {longer[0]}, which is "
            f"known of {day:%Y-%m-%d}: the day was left out"
        )
        notes = [*one.export.notes, told]
        export = replace(one.export, views=views.iloc[:-1], notes=notes)
        whole.append(replace(one, export=export))
    return whole


def _settled(known: pd.Series, new: pd.Series) -> pd.Index:
    """The days in common that are final in ``new``, too."""
    final = new.loc[: new.index[-1] - pd.Timedelta(days=SETTLE_DAYS)]
    return known.index.intersection(final.index)


def _difference(known: pd.Series, new: pd.Series) -> str | None:
    """On how many days two series differ, in words, if on most of those in common."""
    shared = _settled(known, new)
    before, after = known[shared], new[shared]
    changed = differ(before, after)
    if changed.sum() <= MAX_CHANGED * len(shared):
        return _days_off(before, after)
    day = shared[changed.to_numpy()][0]
    return (
        f"differ on {changed.sum()} of {len(shared)} days in common ({day:%Y-%m-%d}: "
        f"{before[day]:g} and {after[day]:g})"
    )


def _days_off(before: pd.Series, after: pd.Series) -> str | None:
    """That figures of the same days are those of the days beside, in words, if most of them are:
    of a table whose days were counted in another zone, or shifted by hand.
    """
    if len(before) < MONTH or (before == after).mean() > MAX_CHANGED:
        return None
    for step in (1, -1):
        moved = before.shift(step, freq="D").reindex(after.index)
        if (moved == after).sum() >= SAME * (len(after) - 1):
            day = after.index[1] if step == 1 else after.index[0]
            beside = day - pd.Timedelta(days=step)
            return (
                f"are the same a day apart ({beside:%Y-%m-%d} and {day:%Y-%m-%d}: {after[day]:g})"
            )
    return None


def some(sentences: Sequence[str]) -> list[str]:
    """The first sentences, and how many more: a folder of many years has many of them."""
    more = len(sentences) - SHOWN
    return [*sentences[:SHOWN], *([f"and {more} more of this kind"] if more > 0 else [])]


def differ(before: pd.Series, after: pd.Series) -> pd.Series:
    """On which days two series of the same days differ by more than a correction."""
    largest = pd.concat([before, after], axis=1).abs().max(axis=1)
    differing: pd.Series = (before - after).abs() > DIFFERENCE * largest
    return differing


def _over(older: pd.Series, newer: pd.Series) -> pd.Series:
    """Two series as one; the newer one's figures where both have a day."""
    both: pd.Series = pd.concat([older[~older.index.isin(newer.index)], newer]).sort_index()
    return both


def _step(known: pd.Series, new: Export) -> list[str]:
    """What is told of an export without days in common that lies many times above or below."""
    days = new.views.index
    if len(known.index.intersection(days)):
        return []
    before, after = known.loc[: days[0]].iloc[-MONTH:], new.views.iloc[:MONTH]
    if before.empty:
        before, after = new.views.iloc[-MONTH:], known.loc[days[-1] :].iloc[:MONTH]
    low, high = sorted([before.median() + 1, after.median() + 1])
    if not high >= STEP * low:  # also where one of them has no days
        return []
    return [
        f"{new.name} has no day in common with what is known of the channel, and its views are "
        f"{high / low:.0f} times {'more' if after.median() > before.median() else 'fewer'}: is it "
        "another channel's?"
    ]


def _told(newest: Export, views: pd.Series, changed: dict[pd.Timestamp, float]) -> list[str]:
    """What is told of days that several exports hold, or only an older one."""
    notes = []
    lacking = pd.DatetimeIndex(views.index.difference(newest.views.index))
    if len(lacking):
        notes.append(f"days that {newest.name} lacks come from an older export: {spans(lacking)}")
    if changed:
        day = min(changed)
        notes.append(
            f"{_days(len(changed))} differently in several exports; the newer download is used "
            f"({day:%Y-%m-%d}: {changed[day]:g} became {views[day]:g})"
        )
    return notes


def _days(count: int) -> str:
    return f"{count} days are counted" if count > 1 else "1 day is counted"
