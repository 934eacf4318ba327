"""The section of the nights on a page: a night replaces it and leaves the rest of the page alone.

It stands between two comments, and so does the link to it.
"""

from collections.abc import Iterable

from markupsafe import Markup

from viewcast.assessment.wording import sentence
from viewcast.report.figures.gallery import RETRAINING
from viewcast.report.figures.style import Picture
from viewcast.report.nights_record import NightsRecord
from viewcast.report.nights_table import nights_section
from viewcast.report.nights_text import confirmation, name, percent
from viewcast.report.picture_shelf import PictureShelf
from viewcast.report.templates import rendered

SECTION, ALONE = "page_nights.html", "page_alone.html"
OPENING, CLOSING = "<!-- retraining -->", "<!-- end of retraining -->"
LINK_OPENING, LINK_CLOSING = "<!-- link to retraining -->", "<!-- end of link -->"
LINK = '<li><a href="#nights">The next days, and what came true</a></li>'


def section(record: NightsRecord | None, shelf: PictureShelf, without: str = "") -> Markup:
    """The section between its comments; ``without``: what stands there before the first night."""
    if record is None:
        return Markup(OPENING) + without + Markup(CLOSING)
    content = nights_section(record)
    return Markup(
        rendered(
            SECTION,
            shelf,
            content=content,
            section=RETRAINING,
            opening=Markup(OPENING),
            closing=Markup(CLOSING),
            interval=f"{percent(record.level)} interval",
            percent=percent,
            sentence=sentence,
            name=name,
            confirmation=confirmation,
        )
    )


def link(shown: bool) -> Markup:
    """The entry of the section in the list of sections, between its comments."""
    return Markup(f"{LINK_OPENING}{LINK if shown else ''}{LINK_CLOSING}")


def alone(record: NightsRecord, pictures: Iterable[Picture]) -> str:
    """A page that holds the section and nothing else."""
    shelf = PictureShelf(pictures)
    return rendered(ALONE, shelf, label=record.label, retraining=section(record, shelf))


def with_nights(page: str, record: NightsRecord, pictures: Iterable[Picture]) -> str | None:
    """A page with this section, and a link to it where it has a list of sections.

    None if the page has no place for the section.
    """
    if page.count(OPENING) != 1 or page.count(CLOSING) != 1:
        return None
    before, rest = page.split(OPENING)
    own = str(section(record, PictureShelf(pictures)))  # beside Markup the page would be escaped
    page = before + own + rest.split(CLOSING)[1]
    if LINK_OPENING not in page:
        return page
    before, rest = page.split(LINK_OPENING)
    return before + str(link(True)) + rest.split(LINK_CLOSING)[1]
