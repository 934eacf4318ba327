"""The page and the screen of a referee that was closed: what was gained, and what that is worth."""

import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.closed_referees import READABLE, page_of, text_of
from support.closings import Played, loop, null
from support.reported import Tags, seen
from viewcast.referee.answers import Verdict
from viewcast.referee.record import Closing, Raw
from viewcast.referee.sentences import figure, gained, raw_claim, title
from viewcast.report import referee_page
from viewcast.report.referee_text import referee_text


@cache
def read(closing: Closing) -> str:
    """What a person reads of the page of a closing."""
    return text_of(page_of(closing))


def judged(closing: Closing, *verdict: Any, **changes: Any) -> Closing:
    """The closing with another verdict: estimate, low, high, claimed, acceptances."""
    return replace(closing, verdict=Verdict(*verdict), **changes)


# What was gained


def test_a_gain_is_said_with_interval_unit_and_the_claim_of_a_raw_loop(honest: Closing) -> None:
    assert honest.verdict.low > 0
    assert title(honest) == "Gained 0.094 in mae"
    assert gained(honest) == (
        "The last accepted submission gains 0.094 in mae (95 % interval 0.023 to 0.157) over the "
        "first."
    )
    assert raw_claim(honest) == "A loop that is shown raw scores would have claimed 0.142 in mae."


def test_the_page_says_its_finding_in_title_heading_and_headline(
    honest: Closing, page: str
) -> None:
    assert "<title>Gained 0.094 in mae (referee night of edits)</title>" in page
    assert "<h1>Gained 0.094 in mae</h1>" in page
    assert f"{gained(honest)} {raw_claim(honest)}" in text_of(page)


def test_where_nothing_was_accepted_no_gain_is_claimed(lucky: Closing) -> None:
    assert title(lucky) == "No gain is claimed: nothing was accepted"
    assert gained(lucky) == (
        "None of 199 submissions after the first was accepted: no gain over it is claimed."
    )
    assert raw_claim(lucky) == "A loop that is shown raw scores would have claimed 0.035 in mae."
    text = read(lucky)
    assert "95 % interval" not in text, "there is no estimate"
    assert "a raw loop would claim, mae 0.035" in text


def test_an_interval_that_contains_0_is_not_shown_to_be_a_gain(honest: Closing) -> None:
    small = judged(honest, 0.03, -0.031, 0.094, 0.06, 2)
    assert title(small) == "Not shown to be a gain in mae"
    assert gained(small) == (
        "The last accepted submission is not shown to be a gain over the first: 0.030 in mae (95 % "
        "interval −0.031 to 0.094). The interval contains 0."
    )
    assert raw_claim(small).endswith("0.142 in mae, more than the interval allows.")


def test_a_negative_estimate_is_told_as_negative(honest: Closing) -> None:
    below = judged(honest, -0.01, -0.05, 0.03, 0.06, 2)
    assert title(below) == "Not shown to be a gain in mae"
    assert gained(below).endswith("The interval contains 0, and the estimate is negative.")
    assert figure(below, -0.01) == "−0.010"


def test_an_interval_below_0_is_a_loss(honest: Closing) -> None:
    worse = judged(honest, -0.2, -0.3, -0.1, 0.06, 2)
    assert title(worse) == "Lost 0.200 in mae"
    assert "is worse than the first: its gain is −0.200 in mae" in gained(worse)


def test_a_raw_loop_without_a_gain_claims_nothing_too(lucky: Closing) -> None:
    none = replace(lucky, raw=Raw(0.0, 0, 1))
    assert raw_claim(none) == "A loop that is shown raw scores would have claimed nothing, too."


def test_one_submission_alone_is_nothing_to_compare() -> None:
    closing = loop(null, submissions=1).closed()
    assert gained(closing) == "Nothing was submitted but the first, from which gains are measured."
    assert "1 of 200 answers were given" in read(closing)


def test_a_gain_of_a_metric_of_which_more_is_wanted_says_so() -> None:
    generator = np.random.default_rng(0)
    played = Played(generator.integers(0, 2, 300).astype(float), metric="accuracy")
    played.submit(generator.integers(0, 2, 300).astype(float))
    played.submit(played.targets)
    closing = played.closed()
    text = read(closing)
    assert title(closing) == f"Gained {figure(closing, closing.verdict.estimate)} in accuracy"
    assert "a gain is how much higher the accuracy is than that of the first submission" in text


def test_where_the_last_one_has_no_score_on_the_hidden_rows_no_gain_is_claimed(
    honest: Closing,
) -> None:
    unscored = judged(honest, math.nan, math.nan, math.nan, 0.12, 2)
    assert title(unscored) == "No gain is claimed: there is no score on the hidden rows"
    for text in (read(unscored), referee_text(unscored, 10_000)):
        assert "the last accepted one has no finite score on the hidden rows" in text
        assert "nan" not in text


# What is on every page


@pytest.mark.parametrize("closed", ["honest", "lucky", "explored"])
def test_every_page_and_screen_says_what_no_gate_stops(
    closed: str, request: pytest.FixtureRequest
) -> None:
    closing = request.getfixturevalue(closed)
    for text in (read(closing), referee_text(closing, 10_000)):
        assert "hold it back and hand it out in small steps" in text
        assert "hugely more on one row in hundreds" in text


def test_exploring_says_kept_and_never_better_nor_accepted(explored: Closing) -> None:
    assert explored.verdict.acceptances
    for text in (read(explored), referee_text(explored, 10_000)):
        assert "better" not in text
        assert "accept" not in text
        assert "The last kept submission" in text
        assert "about four false gains in 200 submissions" in text


def test_a_referee_that_judged_says_nothing_of_exploring(honest: Closing, page: str) -> None:
    assert "kept" not in referee_text(honest)
    assert "This referee explored" not in page


def test_the_budget_is_told_by_submitter(page: str) -> None:
    text = text_of(page)
    assert (
        "60 of 200 answers were given, 140 were left unused. After the first, 2 submissions were "
        "accepted." in text
    )
    assert re.search(r"ann 30 1 2026-11-\d\d \d\d:\d\d UTC bob 30 1 ", text)


def test_the_plan_is_there_with_its_hash_and_what_was_not_as_planned(
    honest: Closing, lucky: Closing, page: str
) -> None:
    text = text_of(page)
    assert honest.plan.hash in text and honest.plan.holdout in text
    assert (
        "366 rows of valid.parquet, each independent of the others: 274 judged (gate rows), 92 "
        "were hidden" in text
    )
    assert READABLE in text
    assert "1 thing was not as planned" in text
    assert "Everything was as planned." not in text
    assert "Everything was as planned." in read(lucky)
    assert f"Not as planned: {READABLE}" in referee_text(honest, 10_000)


def test_names_of_others_cannot_become_markup_nor_move_a_cursor() -> None:
    name = "<script>alert(1)</script> \x1b[2J $x^2$"
    closing = loop(null, submissions=3, name=name, submitters=(name,)).closed(
        deviations=(name,), closed_by=name
    )
    page = referee_page.page(closing)
    assert "<script" not in page
    assert text_of(page).count("<script>alert(1)</script>") >= 4
    assert "\x1b" not in referee_text(closing)


def test_the_page_needs_no_network(page: str) -> None:
    images = Tags(page).of("img")
    assert len(images) == 2
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in images)
    assert "http" not in page


def test_the_submissions_that_were_accepted_are_listed_with_what_closing_made_public(
    page: str, honest: Closing
) -> None:
    table = page[page.index("<details") : page.index("</details>")]
    numbers = [one.number for one in honest.submissions if one.accepted]
    assert re.findall(r'class="name">(\d+)<', table) == [str(number) for number in numbers]
    assert "Now that the referee is closed, its figures are public." in text_of(page)


@pytest.mark.slow
def test_a_phone_shows_the_page_without_sideways_scrolling(honest: Closing, tmp_path: Path) -> None:
    long = "a_name_that_has_no_place_where_it_can_be_broken" * 3
    asked = tuple(replace(one, submitter=long) for one in honest.submissions)
    named = replace(honest, plan=replace(honest.plan, name=long, source=long), submissions=asked)
    file = tmp_path / "referee.html"
    whole = referee_page.page(named).replace("<details", "<details open")
    file.write_text(whole, encoding="utf-8")
    (wide,), errors = seen(file, 390, ["document.documentElement.scrollWidth"])
    assert wide <= 390
    assert errors == []
