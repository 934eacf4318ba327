"""The pictures of a page: the text takes some by name, and no picture is left out."""

import base64
from collections.abc import Iterable

from viewcast.report.figures.style import Picture


class PictureShelf:
    """All pictures by name, and which of them the page shows already."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self.pictures = {picture.name: picture for picture in pictures}
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self.pictures

    def take(self, name: str) -> Picture | None:
        """The picture of that name, to be shown here; None if it was not drawn."""
        self._taken.add(name)
        return self.pictures.get(name)

    def rest(self, section: str | None = None) -> list[Picture]:
        """The pictures that no text has taken: of one section, or all of them."""
        left = (p for name, p in self.pictures.items() if name not in self._taken)
        return [picture for picture in left if section in (None, picture.section)]


def embedded(picture: Picture) -> str:
    """The picture as a data URL."""
    return "data:image/png;base64," + base64.b64encode(picture.path.read_bytes()).decode()
