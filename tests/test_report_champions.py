"""The report of the retraining: who forecasts, what was promised, and whether it came true."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import retrained
from support.loaded import loaded_after
from support.reported import FIGURES, Fake, Tags, seen
from support.retrained import drawings, parsed
from viewcast.base.errors import DataError
from viewcast.report import page as whole
from viewcast.report.champion_record import Champion, Estimate, read
from viewcast.report.champion_table import champion_section, gained
from viewcast.report.champions_page import write_page
from viewcast.report.figures import gates, promises, weekly_errors

pytestmark = pytest.mark.xdist_group("report of champions")  # what is costly is made once for all


def small(root: Path) -> Fake:
    """A report of two runs."""
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


def section(history: dict[str, Any], root: Path) -> str:
    """What the page says, without its pictures."""
    return whole.render_section(parsed(history, root), [])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """The page without a history, with one, and the project of the latter."""
    fake = small(tmp_path_factory.mktemp("pages") / "project")
    without = fake.build()[1]
    retrained.leave(retrained.long(), fake.root)
    return without, fake.build()[1], fake.root


@pytest.fixture
def project(pages: tuple[str, str, Path], tmp_path: Path) -> Path:
    """A project of its own whose page tells of champions."""
    return Path(shutil.copytree(pages[2], tmp_path / "project"))


def test_a_history_adds_its_section_and_changes_nothing_else(pages: tuple[str, str, Path]) -> None:
    without, with_, _ = pages
    assert without.count(whole.OPENING + whole.CLOSING) == 1
    assert without.count(whole.LINK_OPENING + whole.LINK_CLOSING) == 1
    section = re.compile(f"{re.escape(whole.OPENING)}.*{re.escape(whole.CLOSING)}", re.S)
    stripped = section.sub(whole.OPENING + whole.CLOSING, with_)
    assert whole.LINK in stripped
    assert stripped.replace(whole.LINK, "") == without


def test_a_night_rewrites_its_section_to_what_the_whole_report_would_say(project: Path) -> None:
    retrained.leave(retrained.short(), project)
    before = files(project)
    write_page(project)
    page, pictures = plain(project), files(project)
    others = {name for name in pictures if not name.startswith("retraining")}
    assert others and all(pictures[name] == before[name] for name in others)
    assert pictures["retraining_promises.png"] != before["retraining_promises.png"]
    whole.build(project, FIGURES)
    assert page == plain(project)
    assert pictures == files(project)


def test_pictures_that_have_nothing_to_show_any_more_go(project: Path) -> None:
    retrained.leave(retrained.short() | {"gates": [], "walk_forward": []}, project)
    write_page(project)
    names = {name for name in files(project) if name.startswith("retraining")}
    assert names == {"retraining_promises.png"}
    assert 'id="retraining_gates"' not in plain(project)


def test_the_first_night_adds_its_section_to_the_page_as_the_whole_report_would(
    tmp_path: Path,
) -> None:
    fake = small(tmp_path / "project")
    pictures, _ = fake.build()
    before = files(fake.root)
    retrained.leave(retrained.short(), fake.root)
    page = write_page(fake.root).read_text()
    assert 'href="#champions"' in page and 'id="channel_series"' in page
    assert len(Tags(page).of("img")) == len(pictures) + 3
    assert before.items() <= files(fake.root).items()
    whole.build(fake.root, FIGURES)
    assert page == plain(fake.root)


def test_a_night_that_fails_leaves_the_former_page(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise OSError("disk full")

    former = plain(project)
    retrained.leave(retrained.short(), project)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fails)
        with pytest.raises(OSError, match="disk full"):
            write_page(project)
    assert plain(project) == former
    write_page(project)
    assert plain(project) != former
    assert not list((project / "reports").rglob("*partial*"))


def test_before_the_first_run_the_page_holds_the_champions_and_names_the_next_command(
    tmp_path: Path,
) -> None:
    retrained.leave(retrained.short(), tmp_path)
    page = write_page(tmp_path).read_text()
    assert "<code>make run</code> adds the rest" in page
    tags = Tags(page)
    images = [str(image["src"]) for image in tags.of("img")]
    assert len(images) == 3 and all(source.startswith("data:") for source in images)
    assert not tags.of("script") and "http" not in re.sub('base64,[^"]+', "", page)


def test_the_label_stands_wherever_the_channel_is_shown(pages: tuple[str, str, Path]) -> None:
    section = pages[1].split(whole.OPENING)[1].split(whole.CLOSING)[0]
    parts = re.findall(r"<figcaption>(.*?)</figcaption>", section)
    parts += [str(image["alt"]) for image in Tags(section).of("img")]
    parts += [str(table["aria-label"]) for table in Tags(section).of("table")]
    parts += re.findall(r"<h3>(.*?)</h3>", section)
    assert len(parts) == 3 + 3 + 2 + 3
    assert all(retrained.LABEL in part for part in parts)


def test_the_section_tells_promise_and_truth_with_intervals(pages: tuple[str, str, Path]) -> None:
    section = pages[1].split(whole.OPENING)[1]
    row = re.search(r"version 3</span>.*?</tr>", section, re.S)
    assert row is not None
    truth = retrained.long()["champions"][2]["realised"]
    assert "312 (250 to 374)" in row[0] and "by 28 days" in row[0]
    assert f"{truth['mean']:.0f} ({truth['low']:.0f} to {truth['high']:.0f})" in row[0]
    assert "broken" in row[0]


def test_many_evaluations_and_nights_are_folded_away_and_none_is_lost(tmp_path: Path) -> None:
    history = retrained.history(120, {0: 1.0, 60: 1.0})
    page = section(history, tmp_path)
    assert page.count("<details") == 2
    rows = page.count('<td data-head="challenger">')
    assert rows == len(history["gates"]) > 12
    told_of = re.findall(r'class="outcome">[a-z ]+?(?: for (\d+) nights)?<', page)
    assert sum(int(count or 1) for count in told_of) == 60 > 2 * len(told_of)


@pytest.mark.parametrize(
    ("realised", "word"),
    [
        (None, "too early"),
        ((900.0, 800.0, 1000.0, 6), "too early"),
        ((373.0, 300.0, 446.0, 7), "kept"),
        ((100.0, 90.0, 110.0, 7), "kept"),  # better than promised
        ((380.0, 374.0, 390.0, 7), "unclear"),
        ((380.0, 374.5, 390.0, 7), "broken"),
        ((380.0, None, None, 7), "unclear"),
    ],
)
def test_a_word_is_broken_only_if_the_whole_interval_lies_above(
    tmp_path: Path, realised: Any, word: str
) -> None:
    history = parsed(retrained.short(), tmp_path)
    first = history.champions[0]
    came = None if realised is None else Estimate(*realised)
    assert Champion(**{**vars(first), "realised": came}).promise_status == word


def test_what_the_challenger_lost_less_is_shown_as_saved(tmp_path: Path) -> None:
    history = retrained.short()
    history["gates"][1]["difference"] = {"mean": -50.0, "low": -80.0, "high": -20.0, "p": 0.01}
    first, second = parsed(history, tmp_path).gates
    assert gained(first) == ""  # there was no champion to be compared with
    assert gained(second) == "50 (20 to 80)"


def test_before_the_first_champion_nothing_is_drawn(tmp_path: Path) -> None:
    nothing = {"champions": [], "daily": [], "gates": [], "walk_forward": [], "coverage": None}
    history = retrained.short() | nothing
    page = section(history, tmp_path)
    assert "There is no champion yet" in page and "days spent" in page
    assert not Tags(page).of("table")
    for module in (promises, gates, weekly_errors):
        assert not drawings(module, history, tmp_path)


def test_a_champion_of_this_night_has_a_promise_and_no_truth_yet(tmp_path: Path) -> None:
    history = retrained.history(10, {0: 1.0, 10: 1.0})
    page = section(history, tmp_path)
    assert "no day has passed since to check the promise" in page
    assert "too early" in page


def test_who_forecasts_now_is_said_with_promise_truth_naive_and_coverage(tmp_path: Path) -> None:
    history = retrained.long()
    said = champion_section(parsed(history, tmp_path))
    own = [day["naive_loss"] for day in history["daily"] if day["version"] == 5]
    assert said.now.startswith("Since 2021-04-24, version 5 (deep) forecasts.")
    assert "It promised to lose 312 (250 to 374) views a day; in the 6 days since" in said.now
    assert f"the naive forecast {np.mean(own):.0f}." in said.now
    assert "held 88 % ± 3 % of 120 days" in said.coverage
    assert said.champions[0].version == 5 and said.nights[0].last.isoformat() == "2021-04-29"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("{", "Expecting"),
        ("[]", "ChampionHistory"),
        ('{"label": "x"}', "loss: "),
    ],
)
def test_a_damaged_history_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, damage: str, said: str
) -> None:
    retrained.leave({}, tmp_path)
    (tmp_path / "reports" / "retraining.json").write_text(damage)
    with pytest.raises(
        DataError, match=r"json: damaged, or of another version \(.*make retrain"
    ) as refused:
        write_page(tmp_path)
    assert said in str(refused.value)
    assert not (tmp_path / "reports" / "index.html").exists()


def test_a_loss_that_is_no_number_is_damage_that_is_named(tmp_path: Path) -> None:
    history = retrained.short()
    history["daily"][4]["loss"] = float("nan")
    retrained.leave(history, tmp_path)
    with pytest.raises(DataError, match=r"daily\.4\.loss"):
        read(tmp_path)


def test_without_a_history_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    with pytest.raises(DataError, match="make retrain"):
        write_page(tmp_path)


def test_a_label_and_a_reason_cannot_bring_markup(tmp_path: Path) -> None:
    history = retrained.short() | {"label": "<script>x</script> $\\frac{$"}
    history["nights"][-1]["reason"] = f"<b>bold</b> {whole.CLOSING}"
    page = section(history, tmp_path)
    assert not Tags(page).of("script")
    assert "&lt;b&gt;bold" in page and page.count(whole.CLOSING) == 1


def test_a_night_with_nothing_to_write_does_not_wait_for_matplotlib() -> None:
    assert not loaded_after("import viewcast.report.champions_page")


@pytest.mark.slow
def test_a_phone_shows_the_champions_without_sideways_scrolling(
    pages: tuple[str, str, Path],
) -> None:
    index = pages[2] / "reports" / "index.html"
    answers, errors = seen(index, 390, ["document.documentElement.scrollWidth"])
    assert answers[0] <= 390
    assert errors == []
