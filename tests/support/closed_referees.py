"""Three referees that were closed, and what a person reads of their pages."""

import re
from functools import cache
from html import unescape

from support.closings import improver, loop, null
from support.reported import Tags
from viewcast.referee.record import Closing
from viewcast.referee.terms import Terms
from viewcast.report import referee_page

READABLE = "rows.parquet can be read by the user of submitter “ann”, who could copy the targets"


def text_of(page: str) -> str:
    """What a person reads of a page, with what pictures say in words."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    alts = " ".join(str(image["alt"]) for image in Tags(page).of("img"))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)) + alts)


page_of = cache(referee_page.page)


@cache
def honest_one() -> Closing:
    """60 of 200 answers were asked for, by two; some edits were real."""
    played = loop(improver, submissions=60, seed=3, submitters=("ann", "bob"))
    return played.closed(deviations=(READABLE,))


@cache
def lucky_one() -> Closing:
    """No edit was real, and nothing was accepted."""
    return loop(null, seed=1).closed()


@cache
def exploring_one() -> Closing:
    """No edit was real, and something was kept."""
    return loop(null, seed=1, terms=Terms(mode="explore")).closed()
