"""Ask a referee from any training script.

from viewcast.referee import Client

referee = Client()
answer = referee.submit(predictions)
"""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from viewcast.base.errors import ConfigError, DataError, SourceError, ViewcastError
from viewcast.base.masked import masked
from viewcast.base.quoted import quoted, shortened
from viewcast.referee.answers import Answer, ClosedError, RefusedError, SpentError, Verdict
from viewcast.referee.record import Closing, Status, closing_of
from viewcast.referee.tokens import FOLDER as TOKENS
from viewcast.referee.tokens import NAME, read_token
from viewcast.referee.wire_format import PARQUET, packed

Told = TypeVar("Told")

URL, TOKEN = "VIEWCAST_REFEREE_URL", "VIEWCAST_REFEREE_TOKEN"
ADDRESS = "address"  # the file in the referee's folder
CONNECT, ANSWER = 5, 120  # seconds that are waited for
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
REFUSED: dict[str, type[ViewcastError]] = {
    "spent": SpentError,
    "closed": ClosedError,
    "refused": RefusedError,
    "too_large": RefusedError,
    "token": ConfigError,
}


class _Bearer(requests.auth.AuthBase):
    """A token, also where a ~/.netrc names this host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """A submitter's end of ``viewcast referee start``.

    ``url``, ``token``: by default VIEWCAST_REFEREE_URL and VIEWCAST_REFEREE_TOKEN, else what the
    folder ``folder`` (by default ``referee`` here) tells: its ``address``, and its only token.

    Raises ConfigError where there is no token, or one of several; SourceError where the folder
    tells no address.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, folder: str | Path = "referee"
    ) -> None:
        self.url = (url or os.environ.get(URL) or _address(Path(folder))).rstrip("/")
        if not _is_address(self.url):
            raise ConfigError(f"url = {quoted(masked(self.url))}: expected http://127.0.0.1:8573")
        own = token or os.environ.get(TOKEN) or _only_token(Path(folder))
        if not own.isascii() or not own.isprintable():
            raise ConfigError("token: holds characters that no token has")
        self._session = requests.Session()
        # Loopback is reached by no proxy; and no ~/.netrc goes before the token.
        self._session.trust_env = not _is_loopback(self.url)
        self._session.auth = _Bearer(own)

    def submit(self, predictions: Any) -> Answer:
        """Predictions (N,), probabilities (N, C), or a frame with the keys of the rows.

        Raises RefusedError, SpentError, ClosedError as the referee does; ConfigError for a wrong
        token; SourceError where nobody answers.
        """

        def answer(told: dict[str, Any]) -> Answer:
            bits = bool(told["accepted"]), int(told["left"]), bool(told.get("replaced"))
            return Answer(*bits)

        return self._asked("POST", "submit", answer, packed(predictions))

    def status(self) -> Status:
        """What is left."""
        return self._asked("GET", "status", lambda told: Status(**told))

    def close(self) -> Verdict:
        """Read the hidden rows, once, and hear the verdict."""
        return self.closing().verdict

    def closing(self) -> Closing:
        """As ``close``; all that is known at the end."""
        return self._asked("POST", "close", closing_of)

    def plan(self) -> dict[str, Any]:
        """What is judged: the public part of the plan. It costs nothing."""
        return self._asked("GET", "", lambda told: {"terms": told["terms"], **told})

    def _asked(
        self,
        method: str,
        route: str,
        read: Callable[[dict[str, Any]], Told],
        body: bytes | None = None,
    ) -> Told:
        """The answer as ``read`` makes it. A broken connection may have lost the first one: equal
        predictions get the answer that they got, so they are sent once more.
        """
        try:
            response = self._sent(method, route, body)
        except BROKEN:
            try:
                response = self._sent(method, route, body)
            except requests.RequestException as error:
                raise self._silent(error) from error
        except requests.RequestException as error:
            raise self._silent(error) from error
        try:
            told = response.json()
            if response.status_code == requests.codes.ok:
                return read(told)
            code, text = str(told["code"]), shortened(str(told["error"]), 1000)
        except (ValueError, LookupError, TypeError, DataError) as error:
            raise SourceError(
                f"{masked(self.url)}: what answers there is no referee (status "
                f"{response.status_code}); `viewcast referee start` says the address"
            ) from error
        if code == "token":
            text = f"{masked(self.url)}: {text}; `viewcast referee start` says where the tokens are"
        raise REFUSED.get(code, SourceError)(text)

    def _sent(self, method: str, route: str, body: bytes | None) -> requests.Response:
        return self._session.request(
            method,
            f"{self.url}/{route}",
            data=body,
            headers={} if body is None else {"Content-Type": PARQUET},
            timeout=(CONNECT, ANSWER),
            allow_redirects=False,
        )

    def _silent(self, error: Exception) -> SourceError:
        why = "does not answer" if isinstance(error, requests.Timeout) else "nobody answers"
        return SourceError(
            f"{masked(self.url)}: {why} ({type(error).__name__}); start the referee again: "
            "viewcast referee start --folder ..."
        )


def _address(folder: Path) -> str:
    file = folder / ADDRESS
    try:
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        found = "no referee is heard there at present" if folder.is_dir() else "is not there"
        raise SourceError(
            f"{folder}: {found}; start it by `viewcast referee start`, or name its address: --url, "
            f"or {URL}"
        ) from None
    except PermissionError:
        raise ConfigError(
            f"{file}: this user may not read it; name the address and a token: --url and "
            f"--token-file, or {URL} and {TOKEN}"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: holds no address; remove it, and start again") from error


def _only_token(folder: Path) -> str:
    try:
        files = sorted(file for file in (folder / TOKENS).iterdir() if NAME.fullmatch(file.name))
    except OSError:
        files = []
    if len(files) == 1:
        return read_token(files[0])
    found = f"several: {', '.join(file.name for file in files)}" if files else "none that is read"
    raise ConfigError(
        f"{folder / TOKENS}: expected one token, found {found}; name one: --token-file, or {TOKEN}"
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")  # fails for a name that is too long
        _ = parts.port  # fails for one that is none
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and url.isprintable()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
