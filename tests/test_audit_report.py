"""The audit in the report: what a validation score is worth, in pictures, on the page, in print."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support import audited
from support.reported import FIGURES, SIMULATED, Fake, Tags, seen
from viewcast.assessment.choice import BestOf
from viewcast.assessment.result import AuditedRun, AuditResult, OpenedTest
from viewcast.assessment.wording import sentence
from viewcast.demo import figures as lecture_figures
from viewcast.report import figures
from viewcast.report.audits import named
from viewcast.report.figures.style import Picture
from viewcast.report.gauge import gauge
from viewcast.report.terminal_tables import print_table

pytestmark = pytest.mark.xdist_group("audit report")  # what is costly is made once for all
PICTURES = {
    "lectures_looks", "channel_looks", "channel_lecture_best_of", "channel_lecture_winner",
    "channel_lecture_confidence_set", "channel_search_best_of", "channel_search_winner",
    "channel_search_confidence_set", "channel_leaderboard_winner",
    "channel_leaderboard_hidden_holdout",
}  # fmt: skip


def page_of(
    root: Path, audits: Sequence[AuditResult] | None, packages: Sequence[ModuleType] = FIGURES
) -> tuple[dict[str, Picture], str]:
    """A small report beside these audits, with the pictures that these packages draw."""
    fake = Fake(root)
    fake.prepare()
    fake.run("lectures", "main", test={"B/9": 150.0})
    fake.run("channel", "main", "deep")
    fake.run("channel", "channel_naive", "naive", val_loss=0.9)
    if audits is not None:
        audited.write(root, audits)
    return fake.build(packages)


def section(page: str) -> str:
    """The part of the page that tells what scores are worth, without tags and pictures."""
    part = page[page.index('<h2 id="assessment">') : page.index('<h2 id="runs">')]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", part)).replace("&#39;", "'")


def renamed(result: AuditResult, run: AuditedRun) -> AuditResult:
    """A result with another first run."""
    return replace(result, runs=(run, *result.runs[1:]), winner=None, confidence_set=None)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Picture], str, Path]:
    """One report of all studies, for the tests that only look at it."""
    fake = Fake(tmp_path_factory.mktemp("audited")).whole()
    audited.write(fake.root, audited.everything())
    return *fake.build(), fake.root


def test_every_study_has_its_pictures_and_they_are_on_the_page(built: Any) -> None:
    pictures, page, _ = built
    assert set(pictures) >= PICTURES
    texts = {str(image["alt"]) for image in Tags(page).of("img")}
    assert texts == {picture.alt for picture in pictures.values()}
    assert all(pictures[name].title in pictures[name].alt for name in PICTURES)


def test_a_picture_of_hundreds_of_runs_is_stored_with_the_winner_alone(built: Any) -> None:
    pictures, _, _ = built
    assert pictures["channel_search_best_of"].run_ids == ["id-channel_search/0"]
    assert all(len(pictures[name].run_ids) == 1 for name in PICTURES)


def test_simulated_is_said_in_every_heading_and_caption_about_the_channel(built: Any) -> None:
    pictures, page, _ = built
    of_channel = [picture for name, picture in pictures.items() if name.startswith("channel")]
    assert all(SIMULATED in picture.caption for picture in of_channel)
    headings = [text for text in re.findall(r"<h3[^>]*>(.*?)</h3>", page) if "channel" in text]
    assert len(headings) >= 4 and all(SIMULATED in text for text in headings)


def test_the_section_tells_shown_expected_bound_and_truth_of_the_winner(built: Any) -> None:
    text = section(built[1])
    assert "“channel_search/0” shows 0.372 ± 0.019 thousand views; on new days expect 0.41" in text
    assert "with 95 % confidence less than 0.455; in truth it is 0.412" in text
    assert "the 366 are worth 41 independent ones" in text
    assert "23 of 200 runs cannot be told apart" in text
    assert "Of the 0.228 thousand views gained over “channel_naive” (37.9 % of its loss)" in text


def test_every_fact_of_the_audit_is_on_the_page_once_in_the_words_of_its_file(built: Any) -> None:
    text = section(built[1]).replace("&#34;", '"')
    for result in audited.everything():
        panel = text[text.index(sentence(result.verdict)) :]
        for fact in result.sentences:
            assert fact in panel, fact
    assert text.count("about 0.042 of the shown loss".capitalize()) == 1


def test_a_refusal_is_said_plainly_and_no_figure_stands_beside_it(built: Any) -> None:
    pictures, page, _ = built
    assert "7 rows are too few for a corrected figure; 100 would do." in section(page)
    assert not any(name.startswith(("lectures_course", "lectures_swap_")) for name in pictures
                   if name.endswith(("best_of", "winner", "confidence_set")))  # fmt: skip
    rows = re.findall(
        r'<tr>\n<td><a class="name" href="#assessment_lectures_course".*?</tr>', page, re.S
    )
    assert len(rows) == 1 and "refused" in rows[0] and "gauge" not in rows[0]


def test_memorizer_leak_is_found_and_named_where_it_was_excluded(built: Any) -> None:
    text = section(built[1])
    assert "found and excluded it: It has seen the validation rows" in text
    assert "Took no part in the choice: “channel_memorizer_leak”" in text


def test_what_hidden_rows_show_of_memorizer_leak_stands_with_its_place(tmp_path: Path) -> None:
    result = audited.channel()
    why = f"{audited.MEMORY}; the hidden rows do not confirm its gain"
    memory = replace(result.runs[-1], excluded=why)
    of_channel = replace(result, runs=(*result.runs[:-1], memory))
    _, page = page_of(tmp_path, [of_channel, audited.lectures()], ())
    text = "It has seen the validation rows: loss 0 on every one. The hidden rows do not confirm "
    assert text + "its gain (channel (simulated), split “lecture”)." in section(page)


def test_the_attack_shows_both_gains_and_the_alarm(built: Any) -> None:
    pictures, page, _ = built
    picture = pictures["channel_leaderboard_hidden_holdout"]
    assert picture.title == (
        "After 200 looks the shown days gained 0.104 thousand views, the 98 hidden days 0.004: the "
        "alarm rings"
    )
    assert "tests the difference after 1, 2, 3, 5, 8 and so on to 3,325 looks" in picture.caption
    assert "A leaderboard under attack: channel (simulated)" in section(page)
    assert "200 bits, more than the 14 that 268 independent days can answer" in section(page)


def test_the_share_of_gain_has_a_number_a_word_and_a_sign_not_a_colour_alone(built: Any) -> None:
    assert "● 82 % holds" in section(built[1])
    assert "◐ 86 % holds, without a bound" in section(built[1])
    labels = [str(a.get("aria-label")) for a in Tags(built[1]).of("span") if a.get("role") == "img"]
    assert "share of gain: 82 %, green" in labels
    assert "green from 80 %" in section(built[1]) and "red below 50 %" in section(built[1])


@pytest.mark.parametrize(
    ("share", "colour", "word"),
    [(0.9, "green", "holds"), (0.6, "amber", "holds in part"), (0.2, "red", "does not hold"),
     (0.9, "amber", "holds, without a bound"), (0.9, "red", "may be nothing")],
)  # fmt: skip
def test_the_word_of_the_gauge_says_why_it_has_its_colour(
    share: float, colour: str, word: str
) -> None:
    result = audited.search(30)
    assert result.gain is not None
    shown = gauge(replace(result, gain=replace(result.gain, share=share, colour=colour)))
    assert shown is not None and (shown.percent, shown.word) == (round(100 * share), word)


def test_the_table_of_all_runs_tells_expected_loss_looks_and_verdict(tmp_path: Path) -> None:
    result = audited.channel()
    run = replace(
        result.runs[0], run_id="id-channel-main-deep", expected=0.52, bound95=0.61, looks=120,
        verdict="overfitted: validation rose by 0.10",
    )  # fmt: skip
    _, page = page_of(tmp_path, [renamed(result, run)], ())
    table = page[page.index('<table aria-label="channel (simulated), split lecture">') :]
    row = next(row for row in re.findall(r"<tr>.*?</tr>", table, re.S) if ">deep<" in row)
    assert ">0.520<small>95 % below 0.610</small>" in row
    assert 'data-head="looks">120<' in row
    assert "cannot be told from naive; overfitted: validation rose by 0.10" in row


def test_without_an_audit_the_page_says_what_to_type(tmp_path: Path) -> None:
    pictures, page = page_of(tmp_path, None)
    assert "Nothing was audited yet. Type python pipelines/audit.py" in section(page)
    assert "expected" not in re.sub(r".*<h2 id=\"runs\">", "", page, flags=re.S)
    assert not set(pictures) & PICTURES


def test_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pages.append(page_of(tmp_path / name, [audited.search(40), audited.lectures()])[1])
    assert pages[0] == pages[1]


def test_a_study_of_other_tools_with_hardly_any_facts_breaks_nothing(tmp_path: Path) -> None:
    run = audited.entry("$x$ <script>1</script>", 0.3)
    result = audited.blank(
        "", 0, label="", split="", unit="", loss="", runs=(run,), dependence=None,
        independent=None, experiment="theirs", winner=audited.winner(run, None),
        usage=audited.usage_of((run,), bits_budget=None),
        refusal="only one score per run: nothing to resample",
    )  # fmt: skip
    _, page = page_of(tmp_path, [result])
    assert "experiment theirs" in section(page)
    assert not Tags(page).of("script")


def test_scores_without_rows_get_the_shown_curve_and_the_reason_for_no_other(
    tmp_path: Path,
) -> None:
    curve = tuple(BestOf(k, 1 / k, None, None, None) for k in (1, 2, 4))
    result = audited.channel()
    assert result.winner is not None
    winner = replace(result.winner, expected=None)
    scalar = replace(result, best_of=curve, gain=None, confidence_set=None, winner=winner)
    pictures, _ = page_of(tmp_path, [scalar], (figures,))
    assert pictures["channel_lecture_best_of"].title == (
        "The shown loss of the best falls from 1 to 0.250 thousand views with 4 runs; without "
        "losses by row it is not known how much of that is luck"
    )
    assert "channel_lecture_winner" not in pictures


def test_holdouts_of_the_same_split_keep_apart() -> None:
    both = named([audited.channel(), replace(audited.channel(), holdout="feed" * 4)])
    assert len({audit.slug for audit in both}) == 2
    assert all(audit.slug.startswith("channel_lecture_") for audit in both)


def test_the_calendar_counts_a_day_of_two_holdouts_once(built: Any) -> None:
    title = built[0]["channel_looks"].title
    assert title == "Each of the 411 validation days was looked at 8 to 400 times, in 408 runs"
    title = built[0]["lectures_looks"].title
    assert title == "Each of the 24 validation rows was looked at 2 to 4 times, in 6 runs"


def test_the_test_lecture_stays_sealed_and_its_openings_are_named(tmp_path: Path) -> None:
    opened = OpenedTest("x", "deep", "2026-11-23T10:00:00+00:00", "ana", None, 25.0, None, 0)
    captions = []
    for name, openings in (("sealed", ()), ("opened", (opened,))):
        (tmp_path / name).mkdir()
        result = replace(audited.lectures(), openings=openings)
        picture = page_of(tmp_path / name, [result], (lecture_figures,))[0]["lectures_test"]
        assert (
            picture.title == "The length of lecture B/9 is sealed: the models predict 150 minutes"
        )
        captions.append(picture.caption)
    assert "python pipelines/open_test.py run=…" in captions[0]
    assert "Opened for “deep”: loss 25 minutes²." in captions[1]


def test_an_opening_stands_on_the_page_with_its_reason(tmp_path: Path) -> None:
    time = "2026-11-23T10:00:00+00:00"
    opened = OpenedTest("x", "deep", time, "ana", "a last look", 0.41, 0.03, 1)
    _, page = page_of(tmp_path, [replace(audited.channel(), openings=(opened,))], ())
    assert (
        "The test was opened once: “deep” on 2026-11-23 by ana, loss 0.410 ± 0.030 "
        "(reason: a last look)."
    ) in section(page)


def test_sealed_days_are_counted_though_no_table_holds_them(built: Any) -> None:
    caption = built[0]["channel_series"].caption
    assert "30 days to learn from, 7 to validate, 3 sealed for the test" in caption


def test_the_table_of_runs_in_the_terminal_gets_the_expected_loss(
    built: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    rows = json.loads((built[2] / "reports" / "summary.json").read_text())
    result = audited.channel()
    run = replace(result.runs[0], run_id="id-channel-main-deep")
    print_table(rows, named([renamed(result, run)]))
    channel = capsys.readouterr().out.split(SIMULATED)[1]
    assert "expected" in channel
    assert "0.401" in next(line for line in channel.splitlines() if "main deep" in line)
    print_table(rows)
    assert "expected" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1000])
def test_a_browser_shows_the_audit_without_sideways_scrolling(built: Any, width: int) -> None:
    wide = "[...document.querySelectorAll('.wide')].filter(t => t.scrollWidth > t.clientWidth)"
    questions = ["document.documentElement.scrollWidth", f"{wide}.length"]
    (page, tables), errors = seen(built[2] / "reports" / "index.html", width, questions)
    assert page <= width
    assert tables == 0
    assert errors == []
