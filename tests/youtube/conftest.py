"""YouTube as it answers on this machine, and the source that asks it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.youtube_server import FakeYouTube
from support.youtube_source import Make, answering, authorise, source_of


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeYouTube]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with answering() as fake:
        yield fake


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited, each time."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def youtube(fake: FakeYouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.delenv("YOUTUBE_CREDENTIALS", raising=False)
    authorise(tmp_path, fake)
    return source_of(fake)
