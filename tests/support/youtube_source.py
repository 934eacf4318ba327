"""A source of days that asks YouTube as it answers on this machine."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest
from omegaconf import OmegaConf

from support.project import REPOSITORY
from support.youtube_server import METRICS, FakeYouTube, figures, serve
from viewcast.base.errors import ViewcastError
from viewcast.base.settings import build
from viewcast.data.sources.youtube import YouTube

YAML = REPOSITORY / "conf" / "source" / "youtube.yaml"
FILE = "youtube.json"
SECRETS = {
    "token": "stale-token",
    "refresh_token": "secret-refresh",
    "client_id": "id-of-client",
    "client_secret": "secret-client",
}
TODAY = date(2021, 3, 26)  # 25 days have ended since the channel began

Make = Callable[..., YouTube]


@contextmanager
def answering() -> Iterator[FakeYouTube]:
    """YouTube as it answers on this machine, of 25 days."""
    fake = FakeYouTube(figures("2021-03-01", 25))
    server = serve(fake)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


def source_of(fake: FakeYouTube) -> Make:
    """The source as its YAML file describes it, but for what a test changes."""

    def make(**changed: Any) -> YouTube:
        section = OmegaConf.to_container(OmegaConf.load(YAML), resolve=True)
        here = {"credentials": FILE, "start_date": "2021-03-01", "retries": 3, "endpoint": fake.url}
        source = build({**section, **here, **changed}, "source")
        assert isinstance(source, YouTube)
        return source

    return make


def authorise(root: Path, fake: FakeYouTube, **changed: Any) -> None:
    """A file of credentials whose access token is old and is told to be so."""
    user = {**SECRETS, "type": "authorized_user", "token_uri": f"{fake.url}/token", **changed}
    (root / FILE).write_text(json.dumps({k: v for k, v in user.items() if v is not None}))


def delivered(fake: FakeYouTube, *columns: str) -> pd.DataFrame:
    index = pd.DatetimeIndex([*fake.days], name="date").as_unit("us")
    cells = pd.DataFrame([*fake.days.values()], index, METRICS, "float64")
    return cells[[*columns]] if columns else cells


def refused(source: YouTube, root: Path, kind: type[ViewcastError]) -> str:
    with pytest.raises(kind) as caught:
        source.fetch(root, None, TODAY)
    message = str(caught.value)
    assert not [value for key, value in SECRETS.items() if key != "client_id" and value in message]
    return message
