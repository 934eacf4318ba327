"""Which column holds the views: its header in any language, or the one that a person names."""

import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from viewcast.base.errors import ConfigError, DataError
from viewcast.data import metric
from viewcast.data.export import Wanted
from viewcast.data.metric_headers import HEADERS
from viewcast.data.panel.sniff import understand
from viewcast.data.studio import read_whole
from viewcast.data.views_words import VIEWS_IN

# https://www.youtube.com/account: the languages in which YouTube Studio is offered.
OFFERED = (
    "af am ar as az be bg bn bs ca cs da de el en es et eu fa fi fil fr gl gu he hi hr hu hy id is "
    "it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms my ne nl no or pa pl pt ro ru si sk sl sq sr "
    "sv sw ta te th tr uk ur uz vi zh zu"
)


def table(file: Path, header: str, *columns: int, days: int = 20) -> Path:
    dates = pd.date_range("2026-05-01", periods=days).strftime("%Y-%m-%d")
    cells = ",".join(f"{count}" for count in columns)
    file.write_text("\n".join([header, *(f"{day},{cells}" for day in dates), ""]))
    return file


def first(file: Path, **wanted: str) -> float:
    return float(read_whole(file, Wanted(**wanted)).views.iloc[0])  # type: ignore[arg-type]


def test_every_language_of_youtube_studio_has_its_word() -> None:
    assert sorted(VIEWS_IN) == sorted(OFFERED.split())


def test_no_word_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for name, words in HEADERS.items():
        for word in words.split("|"):
            meanings.setdefault(metric.folded(word), set()).add(name)
    assert {word: names for word, names in meanings.items() if len(names) > 1} == {}


@pytest.mark.parametrize("language", sorted(VIEWS_IN))
def test_the_words_of_a_language_mean_views_however_they_are_written(language: str) -> None:
    for word in VIEWS_IN[language].split("|"):
        for form in ("NFC", "NFD", "NFKC"):
            written = unicodedata.normalize(form, word)
            for header in (written, written.upper(), f"\u200f{written}\u200f", f" {written}\u00a0"):
                assert metric.known(header) == metric.VIEWS, (language, header)


@pytest.mark.parametrize(
    ("header", "means"),
    [
        ("Visualizzazioni", "views"),
        ("İZLENME", "views"),
        ("ＶＩＥＷＳ", "views"),
        ("Koʻrishlar", "views"),
        ("Ko’rishlar", "views"),
        ("كاهش", None),
        ("بازديد", "views"),  # with the letter of an Arabic keyboard
        ("കാഴ്ചകള്\u200d", "views"),  # the last letter as older fonts write it
        ("Wyświetlenia miniatury", "impressions"),
        ("Visualizaciones interesadas", "engagedViews"),
        ("Engaged views", "engagedViews"),
        ("Unique viewers", "uniqueViewers"),
        ("Watch time (hours)", "estimatedMinutesWatched"),
        ("Views (%)", None),
        ("Views (engaged)", None),
        ("Views per viewer", None),
        ("Average views", None),
    ],
)
def test_what_a_header_means(header: str, means: str | None) -> None:
    assert metric.known(header) == means


def test_a_word_for_views_or_impressions_is_views_only_without_a_clearer_one(
    tmp_path: Path,
) -> None:
    slovak = table(tmp_path / "a.csv", "Dátum,Zobrazenia,Zhliadnutia", 90, 7)
    assert first(slovak) == 7
    assert first(table(tmp_path / "b.csv", "Dátum,Zobrazenia", 90)) == 90


@pytest.mark.parametrize("column", ["Sýningar", "sýningar", "3", "column 3"])
def test_a_column_is_named_by_its_header_or_its_number(tmp_path: Path, column: str) -> None:
    file = table(tmp_path / "a.csv", "Dagur,Klukkustundir,Sýningar", 1, 7)
    with pytest.raises(DataError, match="no column that is called views"):
        first(file)
    assert first(file, column=column) == 7


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", "Date,Plays", 7)
    with pytest.raises(ConfigError, match=r"found no column 'Views', expected one of 'Plays'"):
        first(file, column="Views")


def test_a_column_that_is_known_to_mean_another_metric_is_refused(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", "Date,Views,Impressions", 7, 90)
    with pytest.raises(ConfigError, match=r"column='Impressions' holds impressions, and metric=v"):
        first(file, column="Impressions")
    with pytest.raises(ConfigError, match="leave one of them out: metric=views forecasts this"):
        first(file, column="2", metric="impressions")
    assert first(file, column="Impressions", metric="impressions") == 90


@pytest.mark.parametrize("column", ["Sýningar", "3"])
def test_the_views_of_a_panel_are_named_in_the_same_way(tmp_path: Path, column: str) -> None:
    file = table(tmp_path / "a.csv", "Date,Content,Sýningar", 1, 7)
    with pytest.raises(DataError, match=r"column=<that of views> \(make run COLUMN=\.\.\.\)"):
        understand(file)
    assert understand(file, {"views": column}).settings["views"] == "Sýningar"
    with pytest.raises(ConfigError, match="column='Impressions' holds impressions"):
        understand(table(file, "Date,Content,Impressions", 1, 7), {"views": "Impressions"})
