"""YouTube Analytics: tokens are renewed, credentials refused by what is missing, none is logged."""

import json
import logging
import sys
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf

from support.youtube_server import HASTE, FakeYouTube
from support.youtube_source import (
    FILE,
    SECRETS,
    TODAY,
    YAML,
    Make,
    authorise,
    delivered,
    refused,
)
from viewcast.base.errors import ConfigError, SourceError
from viewcast.base.settings import build

pytest.importorskip("googleapiclient", reason="an extra: pip install 'viewcast[youtube]'")


def test_an_old_token_is_renewed_before_the_first_request(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    before = (tmp_path / FILE).read_bytes()
    assert len(youtube().fetch(tmp_path, None, TODAY)) == 25
    (sent,) = fake.refreshed
    assert (sent["grant_type"], sent["refresh_token"]) == ("refresh_token", "secret-refresh")
    assert len(fake.asked) == 1
    assert (tmp_path / FILE).read_bytes() == before


def test_a_token_that_is_not_taken_any_more_is_renewed_and_the_request_repeated(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    authorise(tmp_path, fake, expiry="2999-01-01T00:00:00Z")
    pd.testing.assert_frame_equal(youtube().fetch(tmp_path, None, TODAY), delivered(fake))
    assert (len(fake.asked), len(fake.refreshed)) == (2, 1)


@pytest.mark.parametrize(
    ("granted", "told", "tries"),
    [
        (
            (
                400,
                b'{"error": "invalid_grant", '
                b'"error_description": "Token has been expired or revoked."}',
            ),
            "Google gives no access to YouTube Analytics: invalid_grant: Token has been expired or "
            "revoked; authorise once more as conf/source/youtube.yaml says",
            1,
        ),
        ((503, b"<html>away</html>"), "away; try again later; if that does not help, authorise", 3),
        ((500, b'{"error": "internal_failure"}'), "internal_failure: None; try again later", 3),
        ((200, b'{"id_token": "secret-refresh"}'), "No access token in response; authorise", 1),
    ],
    ids=["revoked", "away", "broken", "no token"],
)
def test_a_renewal_that_is_refused_says_whether_to_authorise_or_to_wait(
    youtube: Make,
    fake: FakeYouTube,
    tmp_path: Path,
    waits: list[float],
    granted: tuple[int, bytes],
    told: str,
    tries: int,
) -> None:
    fake.granted = granted
    assert told in refused(youtube(), tmp_path, SourceError)
    assert (len(fake.refreshed), len(waits), fake.asked) == (tries, tries - 1, [])


def test_a_token_that_is_refused_though_it_is_new_asks_for_authorisation(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    fake.valid = set()
    message = refused(youtube(), tmp_path, SourceError)
    assert "refuses (401 authError): Invalid Credentials; authorise once more" in message


def test_no_token_is_logged(
    youtube: Make,
    fake: FakeYouTube,
    tmp_path: Path,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    authorise(tmp_path, fake, expiry="2999-01-01T00:00:00Z")
    fake.script = [HASTE]
    with caplog.at_level(logging.DEBUG):
        youtube().fetch(tmp_path, None, TODAY)
    assert "rateLimitExceeded" in caplog.text
    assert len(fake.refreshed) == len(waits) == 1
    secrets = ("stale-token", "fresh-token", "secret-refresh", "secret-client")
    assert not [secret for secret in secrets if secret in caplog.text]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, f"{FILE}: No such file or directory; authorise once more"),
        ("secret-client", "found no JSON; authorise"),
        ("[1]", "client_id, client_secret, refresh_token missing, found nothing"),
        (json.dumps({"installed": SECRETS}), "missing, found installed; expected the file of an"),
        (json.dumps({**SECRETS, "refresh_token": ""}), "refresh_token missing, found client_id"),
        (json.dumps({**SECRETS, "expiry": "soon"}), "not the file of an authorised user"),
    ],
    ids=["none", "no JSON", "a list", "of a client", "no refresh token", "bad expiry"],
)
def test_credentials_that_are_none_are_refused_by_what_is_missing(
    youtube: Make, fake: FakeYouTube, tmp_path: Path, content: str | None, told: str
) -> None:
    (tmp_path / FILE).unlink()
    if content is not None:
        (tmp_path / FILE).write_text(content)
    message = refused(youtube(), tmp_path, ConfigError)
    assert message.startswith(f"source.credentials = {tmp_path / FILE}: ")
    assert told in message
    assert not fake.asked


def test_without_googles_library_the_extra_is_named(
    youtube: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "googleapiclient.discovery", None)
    assert "pip install 'viewcast[youtube]'" in refused(youtube(), tmp_path, ConfigError)


def test_the_credentials_are_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("YOUTUBE_CREDENTIALS", "~/mine.json")
    monkeypatch.setenv("HOME", str(tmp_path))
    source = build(OmegaConf.to_container(OmegaConf.load(YAML), resolve=True), "source")
    with pytest.raises(ConfigError) as caught:
        source.fetch(Path("nowhere"), None, TODAY)
    assert f"source.credentials = {tmp_path / 'mine.json'}: No such file" in str(caught.value)
