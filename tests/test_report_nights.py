"""The section of the nights on the page: the next days, what came true, and which recipe serves."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from support import told_nights
from support.loaded import loaded_after
from support.reported import FIGURES, Fake, Tags, seen
from support.told_nights import day
from viewcast.base.errors import DataError
from viewcast.report import nights_html
from viewcast.report import page as whole
from viewcast.report.nights_page import write_page
from viewcast.report.nights_record import parsed, read, write
from viewcast.report.picture_shelf import PictureShelf

pytestmark = pytest.mark.xdist_group("report of nights")  # what is costly is made once for all

PICTURES = {"next_days", "came_true", "coverage", "evidence", "recipes"}


def small(root: Path) -> Fake:
    """A report of two runs on the data of the lectures."""
    root.mkdir(exist_ok=True)
    fake = Fake(root)
    fake.prepare()
    fake.run("channel", "main", "deep")
    fake.run("channel", "channel_naive", "naive", val_loss=0.9)
    return fake


def plain(root: Path) -> str:
    return (root / "reports" / "index.html").read_text()


def files(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "reports" / "figures").glob("*.png")}


def section(told: dict[str, Any]) -> str:
    """What the page says, without its pictures."""
    return str(nights_html.section(parsed(told), PictureShelf([])))


def text(told: dict[str, Any]) -> str:
    """The words of the section, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", section(told)).split())


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """The page before the first night, after one, and the project of the latter."""
    fake = small(tmp_path_factory.mktemp("pages") / "project")
    without = fake.build()[1]
    told_nights.leave(told_nights.record(), fake.root)
    return without, write_page(fake.root).read_text(), fake.root


@pytest.fixture
def project(pages: tuple[str, str, Path], tmp_path: Path) -> Path:
    """A project of its own whose page tells of nights."""
    return Path(shutil.copytree(pages[2], tmp_path / "project"))


def test_nights_add_their_section_and_change_nothing_else(pages: tuple[str, str, Path]) -> None:
    without, with_, _ = pages
    opening, closing = nights_html.OPENING, nights_html.CLOSING
    assert without.count(opening + closing) == 1
    assert without.count(nights_html.LINK_OPENING + nights_html.LINK_CLOSING) == 1
    own = re.compile(f"{re.escape(opening)}.*{re.escape(closing)}", re.S)
    stripped = own.sub(opening + closing, with_)
    assert nights_html.LINK in stripped
    assert stripped.replace(nights_html.LINK, "") == without


def test_a_night_rewrites_its_section_to_what_the_whole_report_would_say(project: Path) -> None:
    told_nights.leave(told_nights.alarmed(), project)
    before = files(project)
    write_page(project)
    page, pictures = plain(project), files(project)
    others = {name for name in pictures if not name.startswith("retraining")}
    assert others and all(pictures[name] == before[name] for name in others)
    assert "retraining_habit.png" in pictures.keys() - before.keys()
    whole.build(project, FIGURES)
    assert page == plain(project)
    assert pictures == files(project)


def test_pictures_that_have_nothing_to_show_any_more_go(project: Path) -> None:
    told_nights.leave(told_nights.first(claim=False), project)
    write_page(project)
    names = {name for name in files(project) if name.startswith("retraining")}
    assert names == {"retraining_next_days.png"}
    assert 'id="retraining_evidence"' not in plain(project)


def test_a_night_that_fails_leaves_the_former_page(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise OSError("disk full")

    former = plain(project)
    told_nights.leave(told_nights.first(), project)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fails)
        with pytest.raises(OSError, match="disk full"):
            write_page(project)
    assert plain(project) == former
    write_page(project)
    assert plain(project) != former
    assert not list((project / "reports").rglob("*partial*"))


def test_before_the_first_run_the_page_holds_the_nights_and_names_the_next_command(
    tmp_path: Path,
) -> None:
    told_nights.leave(told_nights.record(), tmp_path)
    for _ in range(2):  # the second night finds the page of the first
        page = write_page(tmp_path).read_text()
    assert "<code>make run</code> adds the rest" in page
    tags = Tags(page)
    images = [str(image["src"]) for image in tags.of("img")]
    assert len(images) == len(PICTURES) and all(source.startswith("data:") for source in images)
    assert not tags.of("script") and "http" not in re.sub('base64,[^"]+', "", page)
    assert files(tmp_path).keys() == {f"retraining_{name}.png" for name in PICTURES}


def test_the_label_stands_wherever_the_channel_is_shown(pages: tuple[str, str, Path]) -> None:
    own = pages[1].split(nights_html.OPENING)[1].split(nights_html.CLOSING)[0]
    parts = re.findall(r"<figcaption>(.*?)</figcaption>", own)
    parts += [str(image["alt"]) for image in Tags(own).of("img")]
    parts += [str(table["aria-label"]) for table in Tags(own).of("table")]
    parts += re.findall(r"<h[23][^>]*>(.*?)</h", own)
    assert len(parts) == 2 * len(PICTURES) + 3 + 3
    assert all(told_nights.LABEL in part for part in parts)


def test_the_section_begins_with_the_next_day_and_the_sum_of_the_week() -> None:
    said = text(told_nights.record())
    first = said.index("Thursday, 11 March 2021 3,200 views 2,780 to 3,680")
    week = said.index("7 days, Thu 11 Mar to Wed 17 Mar, together 20,600 views 19,200 to 22,300")
    came = said.index("Wednesday, 10 March 2021, the newest day: 2,870 views came, 3,040 had")
    assert (
        first < week < came < said.index("Which recipe serves") < said.index("The last 61 nights")
    )
    assert "from the days to 2021-03-10" in said


def test_days_that_are_over_and_not_counted_yet_are_told_and_are_not_the_next_day() -> None:
    said = text(told_nights.record() | {"night": day(2)})
    assert said.index("Saturday, 13 March 2021 2,240") < said.index("Thu 11 Mar not counted yet")
    assert said.count("not counted yet") == 2


def test_days_that_end_long_before_the_night_are_told_and_their_next_one_comes_first() -> None:
    said = text(told_nights.record() | {"night": day(30)})
    assert "The known days end on 2021-03-10, 31 days before the night." in said
    assert said.index("Thursday, 11 March 2021 3,200") < said.index("The known days end")
    assert "not counted yet" not in said


def test_a_history_that_is_too_short_claims_nothing() -> None:
    said = text(told_nights.first(claim=False))
    assert "No claim. The history is too short" in said and "No interval yet" in said
    assert "with 5 days of history" in said and "No day has come yet" in said
    assert "%" not in said


def test_forecasts_that_were_made_afterwards_are_told() -> None:
    said = text(told_nights.first())
    assert "3,040 would have been expected" in said
    assert "All of these forecasts were made afterwards, each from earlier days only" in said
    assert "backtest" not in text(told_nights.record()).split("Which recipe")[0]


def test_an_alarm_stands_above_and_says_what_to_type_and_one_that_is_confirmed_does_not() -> None:
    said = text(told_nights.alarmed())
    assert said.index("The habit may have changed.") < said.index("What came true")
    assert f"viewcast habit since={day(-6)} why=" in said
    another = text(told_nights.alarmed() | {"channel": "baking"})
    assert f"viewcast habit channel=baking since={day(-6)} why=" in another
    said = text(told_nights.alarmed(confirmed=True))
    assert "A person has confirmed it" in said
    assert "may have changed" not in said and "viewcast habit" not in said


def test_recipes_are_told_with_error_evidence_and_standing() -> None:
    row = re.search(
        r"<tr>\s*<td><span class=\"name\">theta.*?</tr>", section(told_nights.record()), re.S
    )
    assert row is not None
    for part in ("0.770 ± 0.030", "of 20", "may be best", "about 31 more weeks at this rate"):
        assert part in row[0]
    serves = re.search(r"combination</span>.*?</tr>", section(told_nights.record()), re.S)
    assert serves is not None and "<b>serves</b>" in serves[0] and "of 20" not in serves[0]


def test_a_recipe_that_took_over_is_told_with_its_reason() -> None:
    reigns = [
        {"recipe": "combination", "since": day(-200), "why": "the first night"},
        {"recipe": "theta", "since": day(-3), "why": "evidence 21 of 20"},
    ]
    said = text(told_nights.record() | {"reigns": reigns})
    assert said.index("theta serves Evidence 21 of 20.") < said.index(
        "combination serves The first"
    )


def test_ordinary_nights_are_put_together_and_others_have_their_reason() -> None:
    told = told_nights.record()
    told["nights"][40] |= {"outcome": "refused", "code": 20, "reason": "half the days are gone"}
    page = section(told)
    outcomes = re.findall(r'class="outcome">([a-z ]+?)(?: for (\d+) nights)?<', page)
    assert outcomes == [("new version", "20"), ("refused", ""), ("new version", "40")]
    assert "Half the days are gone." in page and "60 new version, 1 refused" in page


def test_a_label_and_a_reason_cannot_bring_markup() -> None:
    told = told_nights.record() | {"label": "<script>x</script> $\\frac{$"}
    told["nights"][-1]["reason"] = f"<b>bold</b> {nights_html.CLOSING}"
    page = section(told)
    assert not Tags(page).of("script")
    assert "&lt;b&gt;bold" in page and page.count(nights_html.CLOSING) == 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [("{", "Expecting"), ("[]", "NightsRecord"), ('{"label": "x"}', "channel: ")],
)
def test_a_damaged_record_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, damage: str, said: str
) -> None:
    path = tmp_path / "reports" / "retraining.json"
    path.parent.mkdir()
    path.write_text(damage)
    with pytest.raises(DataError, match=r"json: damaged, .*make retrain") as refused:
        write_page(tmp_path)
    assert said in str(refused.value)
    assert not (tmp_path / "reports" / "index.html").exists()


def test_a_number_that_is_none_is_damage_that_is_named(tmp_path: Path) -> None:
    told = told_nights.record()
    told["past"][4]["forecast"] = float("nan")
    with pytest.raises(DataError, match=r"past\.4\.forecast"):
        told_nights.leave(told, tmp_path)


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = parsed(told_nights.alarmed())
    write(record, tmp_path)
    assert read(tmp_path) == record


def test_without_a_record_or_with_one_of_frozen_champions_the_first_night_is_still_to_come(
    tmp_path: Path,
) -> None:
    assert read(tmp_path) is None
    with pytest.raises(DataError, match="make retrain"):
        write_page(tmp_path)
    path = tmp_path / "reports" / "retraining.json"
    path.parent.mkdir()
    path.write_text('{"label": "live", "champions": [], "format": 1}')
    assert read(tmp_path) is None


def test_a_night_with_nothing_to_write_does_not_wait_for_matplotlib() -> None:
    assert not loaded_after("import viewcast.report.nights_page")


@pytest.mark.slow
def test_a_phone_shows_the_nights_without_sideways_scrolling(tmp_path: Path) -> None:
    told_nights.leave(told_nights.alarmed(), tmp_path)
    questions = ["document.documentElement.scrollWidth", "document.documentElement.scrollHeight"]
    (width, height), errors = seen(write_page(tmp_path), 390, questions)
    assert width <= 390
    assert height <= 6 * 844
    assert errors == []
