"""What a table of many videos is, by its columns: the settings of the reader that reads it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewcast.base.errors import DataError
from viewcast.base.quoted import listed, quoted
from viewcast.data import metric
from viewcast.data.dates import is_date
from viewcast.data.export_table import is_number
from viewcast.data.panel.content import by_content
from viewcast.data.panel.readers.batches import batches, columns_of, files_in

FEWEST = 7  # columns of days that make a table wide
VIDEO = (
    *("video", "video_id", "content", "content_id", "id", "channel_id", "geography", "entity"),
    *("series", "name", "title", "channel", "country"),
)
DAY = ("day", "date", "date_utc", "time", "ds", "age", "tag", "datum", "fecha")
PUBLISHED = ("published", "published_at", "publish_time", "video_publish_time", "upload_date")
KNOWN = ("duration", "duration_seconds", "title_length", "length")
CATEGORY = ("category", "genre", "topic", "kind")
COLUMNS = ("day", "video", "views")  # what a person may name by header or number
MOST_DIGITS = 6  # of the number of a column
# Names of columns of days; programs write midnight behind them.
DATES = r"(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(?:19|20)\d{6})(?:[T ]00:00(?::00)?)?"
_DAYS = re.compile(r"(.*?)(\d+)")
_DATES = re.compile(DATES)


@dataclass(frozen=True)
class Understood:
    """``reader``: the name of a file in ``conf/reader``; ``settings``: those that differ from it;
    ``told``: what was taken for what.
    """

    reader: str
    settings: dict[str, Any]
    told: str


def understand(source: Path, asked: Mapping[str, Any] | None = None) -> Understood:
    """The reader of a file or folder.

    ``asked``: settings of the reader that a person has named, such as ``views``, by the header of a
    column or by its number, from 1 on. Refuses (DataError) a table that no reader knows, and
    (ConfigError) a column of views whose header is known to mean another figure.
    """
    named = asked or {}
    tables = {file: columns_of(file) for file in files_in(source)}
    if len({tuple(columns) for columns in tables.values()}) == 1:
        found = _of_columns(columns_of(source), source, named)
        if found is not None:
            return found
    # An export has tables of several shapes, of which one is that of many videos.
    each = {file: _of_columns(columns, file, named) for file, columns in tables.items()}
    panels = {file: found for file, found in each.items() if found is not None}
    for file, found in panels.items():
        others = [o for o in panels if o != file and _alike(tables, panels, o, file)]
        if others:
            raise DataError(
                f"{source}: found several tables of many videos beside other ones, or with other "
                f"headers: {listed([o.name for o in (file, *others)], 6)}; give the folder these "
                "alone, with the same header in each"
            )
        settings = {**found.settings, "file": str(file.relative_to(source))}
        return Understood(found.reader, settings, f"{file.name}: {found.told}")
    headless = [n for n in columns_of(next(iter(tables))) if is_date(n) or is_number(n)]
    line = "; its first line is a row: put one above it, video,day,views" if headless else ""
    shown = "; ".join(f"{file.name}: {listed(c, 6)}" for file, c in list(tables.items())[:3])
    raise DataError(
        f"{source}: no table of many videos was found ({shown}); expected columns of a video, a "
        "day and views, or a column for each day; name them: data.reader.video=... "
        f"data.reader.day=... column=<that of views> (make run COLUMN=...){line}"
    )


def _alike(
    tables: Mapping[Path, Sequence[str]], panels: Mapping[Path, Understood], one: Path, other: Path
) -> bool:
    """Whether two tables have day, video and views in the same places."""
    places = [
        (
            panels[file].reader,
            len(tables[file]),
            [tables[file].index(panels[file].settings[key]) for key in COLUMNS]
            if panels[file].reader == "long"
            else None,
        )
        for file in (one, other)
    ]
    return places[0] == places[1]


def _of_columns(
    columns: Sequence[str], source: Path, asked: Mapping[str, Any]
) -> Understood | None:
    wide = _wide(columns, source)
    if wide is not None and "views" not in asked:
        return wide
    given = {key: _placed(columns, str(value)) for key, value in asked.items() if key in COLUMNS}
    if not set(given.values()) <= set(columns):
        return None
    day = given.get("day") or _named(columns, DAY)
    video = given.get("video") or _named(columns, VIDEO)
    views = given.get("views") or _views(columns)
    published = _named(columns, PUBLISHED)
    if views is not None and None in (day, video, published):  # headers in any language
        day, video, found = by_content(source, columns, views, day, video)
        published = published or found
    if None in (day, video, views):
        return None
    metric.refuse_contradiction(str(views), metric.VIEWS)
    category = _named(columns, CATEGORY)
    known = [c for c in columns if _plain(c) in KNOWN]
    settings: dict[str, Any] = {
        **{"video": video, "day": day, "views": views, "category": category, "known": known},
        **{"published": published, "clock": _clock(source, str(day))},
    }
    used = {day, video, views, category, published, *known}
    left = [c for c in columns if c not in used]
    names = [quoted(str(name)) for name in (video, day, views)]
    told = f"{names[0]} is the video, {names[1]} the day, {names[2]} the views"
    if published is not None and _named(columns, PUBLISHED) is None:
        told += f", {quoted(published)} its publication"
    return Understood("long", settings, told + (f"; not used: {listed(left)}" if left else ""))


def _wide(columns: Sequence[str], source: Path) -> Understood | None:
    dates = [name for name in columns if _DATES.fullmatch(name)]
    if len(dates) >= FEWEST:
        rest = [name for name in columns if name not in dates]
        told = f"days {dates[0]} to {dates[-1]}"
        return _of_wide(rest, source, {"days": DATES, "clock": "calendar"}, told)
    parts = [match for name in columns if (match := _DAYS.fullmatch(name))]
    prefixes = {match[1] for match in parts}
    days = sorted(int(match[2]) for match in parts)
    if len(days) < FEWEST or len(prefixes) != 1 or days != list(range(days[0], days[-1] + 1)):
        return None
    rest = [name for name in columns if not _DAYS.fullmatch(name)]
    pattern = f"{re.escape(prefixes.pop())}(\\d+)"
    told = f"days {days[0]} to {days[-1]} after its upload"
    return _of_wide(rest, source, {"days": pattern}, told)


def _of_wide(
    rest: Sequence[str], source: Path, settings: dict[str, Any], told: str
) -> Understood | None:
    """A wide table, by its columns that are no days."""
    video, category = _named(rest, VIDEO) or (rest[0] if rest else None), _named(rest, CATEGORY)
    if video is None:
        return None
    file = files_in(source)[0]
    name = file.name if source.is_file() else str(file.relative_to(source))
    settings = {"file": name, "video": video, "category": category, **settings}
    return Understood("wide", settings, f"a row for each {quoted(video)}, {told}")


def _placed(columns: Sequence[str], name: str) -> str:
    """A column by its header, or else by its number."""
    place = int(name) - 1 if name.isdecimal() and len(name) < MOST_DIGITS else -1
    return columns[place] if name not in columns and 0 <= place < len(columns) else name


def _views(columns: Sequence[str]) -> str | None:
    """The column whose header means views; one that may mean impressions only without another."""
    named = [c for c in columns if metric.called(c, metric.VIEWS)]
    return next((c for c in named if not metric.is_ambiguous(c)), next(iter(named), None))


def _named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column with the first of these names that is there."""
    plain = {_plain(column): column for column in columns}
    return next((plain[name] for name in names if name in plain), None)


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", metric.folded(name))


def _clock(source: Path, day: str) -> str:
    """Whether days are dates, or small whole numbers."""
    cells = (batch.rows[day] for batch in batches(source, [day], []))
    column = next((column for column in cells if len(column)), None)
    if column is None:
        raise DataError(f"{source}: found a header and no rows; expected a row for each day")
    cell = column[0].as_py()
    return "age" if isinstance(cell, int | float) and cell < 20_000 else "calendar"
