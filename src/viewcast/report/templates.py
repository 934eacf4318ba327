"""The templates of the pages, and what each of them that shows pictures needs."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from viewcast.base.numbers import plain
from viewcast.report.picture_shelf import PictureShelf, embedded


def rendered(template: str, shelf: PictureShelf, **content: Any) -> str:
    """A template as text. A name that it uses and does not get is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment.get_template(template).render(
        pictures=shelf, take=shelf.take, rest=shelf.rest, embedded=embedded, **content
    )
