"""A submitter's end: what is refused is an error here; the folder tells address and token."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from support.served_referees import Served, noisy, opened, served
from viewcast.base.errors import ConfigError, SourceError
from viewcast.referee.answers import Answer, ClosedError, RefusedError, SpentError
from viewcast.referee.client import Client
from viewcast.referee.service import Limits

BOTH = ("loop", "agent")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A referee with two submitters."""
    with opened(tmp_path, budget=5) as folder, served(folder, monkeypatch, BOTH) as found:
        yield found


def test_what_the_referee_refuses_is_an_error_of_the_same_kind(here: Served) -> None:
    client = here.client()
    with pytest.raises(RefusedError, match="nothing was submitted"):
        client.close()
    with pytest.raises(RefusedError, match="found 3 rows"):
        client.submit([1.0, 2.0, 3.0])
    for seed in range(5):
        client.submit(noisy(5.0, seed))
    with pytest.raises(SpentError, match="all 5 answers have been given"):
        client.submit(noisy(5.0, 6))
    client.close()
    with pytest.raises(ClosedError, match="used up"):
        client.submit(noisy(5.0, 7))
    with pytest.raises(ConfigError, match="no token, or a wrong one"):
        Client("http://127.0.0.1:8573", "wrong").status()


def test_a_body_that_is_too_large_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(100)
    with (
        opened(tmp_path) as folder,
        served(folder, monkeypatch, limits=limits) as here,
        pytest.raises(RefusedError, match="longer than 100 bytes"),
    ):
        here.client().submit(noisy(5.0))


def test_the_folder_tells_address_and_token(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="found several: agent, loop"):
        Client(folder=here.place)
    (here.place / "tokens" / "agent").unlink()
    assert Client(folder=here.place).status().left == 5

    monkeypatch.setenv("VIEWCAST_REFEREE_TOKEN", "another")
    with pytest.raises(ConfigError, match="wrong"):
        Client(folder=here.place).status()
    (here.place / "address").unlink()
    with pytest.raises(SourceError, match="no referee is heard there"):
        Client(folder=here.place)
    monkeypatch.setenv("VIEWCAST_REFEREE_URL", "http://localhost:8573/")
    assert Client(token=here.token(), folder="nowhere").status().left == 5
    host = "http://127.0.0.1"
    for odd in ("127.0.0.1:8573", "http://[", f"{host}:99999", f"{host}:x", f"http://{'x' * 99}"):
        with pytest.raises(ConfigError, match="expected http"):
            Client(odd)


def test_where_nobody_answers_it_says_so() -> None:
    with pytest.raises(SourceError, match=r"127.0.0.1:9: nobody answers .*; start the referee"):
        Client("http://127.0.0.1:9", "token").status()


@pytest.mark.parametrize(
    "breaks", [requests.ConnectionError, requests.exceptions.ChunkedEncodingError]
)
def test_a_connection_that_breaks_is_made_again_once(
    here: Served, monkeypatch: pytest.MonkeyPatch, breaks: type[Exception]
) -> None:
    """The first answer is lost after it was counted; the second is the same."""
    answered = requests.adapters.HTTPAdapter.send
    calls: list[str] = []

    def broken(adapter: Any, request: Any, **options: Any) -> Any:
        response = answered(adapter, request, **options)
        calls.append(request.path_url)
        if len(calls) == 1:
            raise breaks("broken off")
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", broken)
    assert here.client().submit(noisy(5.0)) == Answer(True, 4)
    assert calls == ["/submit", "/submit"]
    assert here.folder.status().submissions == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"accepted": "yes"}'])
def test_what_is_no_referee_is_told(
    here: Served, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    monkeypatch.setattr(here.service, "app", other)
    client = here.client()
    for ask in (client.status, client.close, client.plan, lambda: client.submit([1.0])):
        with pytest.raises(SourceError, match="is no referee"):
            ask()


def test_loopback_is_reached_by_no_proxy(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:1")
    session: Any = here.client()._session
    assert not session.merge_environment_settings(here.client().url, {}, None, None, None)[
        "proxies"
    ]
    assert Client("http://referee.example", "token")._session.trust_env
