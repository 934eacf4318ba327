"""What a column counts, by its header, and known changes of what a site counts."""

from datetime import date

import pytest

from viewcast.data.metric import is_count, known
from viewcast.data.regimes import regimes, sentences, straddled


def test_views_of_youtube_have_changed_twice() -> None:
    known = [one.since for one in regimes() if (one.site, one.metric) == ("youtube", "views")]
    assert known == [date(2025, 3, 31), date(2026, 8, 24)]


def test_a_change_is_told_where_days_lie_on_both_sides_of_it() -> None:
    day = date(2026, 8, 24)
    assert straddled("youtube", "views", date(2026, 1, 1), date(2026, 8, 23)) == []
    assert straddled("youtube", "views", day, date(2026, 12, 31)) == []
    (told,) = sentences("youtube", "views", date(2026, 1, 1), day)
    assert told.startswith("Since 24 August 2026 YouTube counts every start of playback as a view")


def test_other_metrics_and_other_sites_have_none() -> None:
    span = date(2020, 1, 1), date(2030, 1, 1)
    assert straddled("youtube", "engagedViews", *span) == []
    assert straddled(None, "views", *span) == []


@pytest.mark.parametrize(
    ("header", "metric"),
    [
        ("Aufrufe", "views"),
        ("ＶＩＥＷＳ", "views"),
        ("Wiedergabezeit (Stunden)", "estimatedMinutesWatched"),
        ("Your estimated revenue (EUR)", "estimatedRevenue"),
        ("Engaged views", "engagedViews"),
        ("Cats", None),
    ],
)
def test_a_header_is_known_in_many_languages_whatever_stands_in_brackets(
    header: str, metric: str | None
) -> None:
    assert known(header) == metric


def test_views_are_counts_and_times_are_none() -> None:
    assert is_count("views")
    assert is_count("engagedViews")
    assert not is_count("estimatedMinutesWatched")
    assert not is_count("Stayed to watch (%)")
