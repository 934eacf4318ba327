"""What a tracking store answered, in words, and what to do about it.

MLflow tells of a server that fails in several ways: as an exception of its own whose text holds the
status, as one of the libraries below it, or as JSON that cannot be parsed.
"""

import json
import os
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mlflow.exceptions import MlflowException, RestException
from mlflow.utils.credentials import read_mlflow_creds
from requests import RequestException

from viewcast.base.masked import masked
from viewcast.base.quoted import quoted
from viewcast.tracking.patience import TIMEOUT

OF_REQUESTS = (MlflowException, RequestException)
FAILURES = (*OF_REQUESTS, OSError, json.JSONDecodeError)  # where only a store is asked
LONGEST = 200  # characters of a foreign message
STATUS = re.compile(r"failed with error code (\d{3})|too many (\d{3}) error responses")
BODY = re.compile(r"Response body: '(.*)'$", re.DOTALL)
NO_JSON = "not in a valid JSON format"
LOG = "look into the log of the server"
REFUSALS = (401, 403, 429)  # statuses
SILENCE = (RequestException, json.JSONDecodeError, TimeoutError, ConnectionError)
TAKEN = re.compile(
    r"RESOURCE_ALREADY_EXISTS|already exists|UNIQUE constraint|duplicate (key|entry)", re.I
)


def told(error: BaseException, uri: str = "") -> str:
    """What the store answered and what to do, in one line without a password.

    ``uri``: its address, which may tell the user.
    """
    found, remedy = _of_chain(error, uri)
    return masked(f"{found}; {remedy}")


def is_taken(error: MlflowException) -> bool:
    """Whether a store refused to make what another client made at the same moment.

    It says so by a code of its own, or hands on what its database said.
    """
    return TAKEN.search(f"{error.error_code} {error}") is not None


def unanswered(error: BaseException) -> bool:
    """Whether the server or the way to it is to be mended, and not what was asked of it."""
    status = _status(error)
    if status is not None:
        return status in REFUSALS or status >= 500
    return any(isinstance(each, SILENCE) for each in _chain(error))


def _of_chain(error: BaseException, uri: str) -> tuple[str, str]:
    text = " ".join(f"{type(each).__name__}: {each}" for each in _chain(error))
    status = _status(error)
    if status is not None:
        return _of_status(status, error, uri)
    for sign, found, remedy in SIGNS:
        if re.search(sign, text):
            return found, remedy
    if isinstance(error, json.JSONDecodeError) or NO_JSON in text:
        return f"it answers {_said(error)}, which is no JSON", (
            "is this the address of MLflow? A page to log in or a proxy may answer in its place"
        )
    return _line(error), "see that the store runs, or mend the uri"


SIGNS = (
    (
        r"NameResolutionError|getaddrinfo|Name or service not known|nodename nor servname",
        "the name of the host does not resolve",
        "mend the name, or look at the network",
    ),
    (
        r"WRONG_VERSION_NUMBER|wrong version number|record layer failure",
        "it does not speak TLS",
        "write http:// in place of https://",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "its TLS certificate is not known here",
        "name the file of its authority in MLFLOW_TRACKING_SERVER_CERT_PATH, or, in a network that "
        "you trust, set MLFLOW_TRACKING_INSECURE_TLS=true",
    ),
    (
        r"[Cc]onnection refused",
        "nobody listens there (connection refused)",
        "start the server, or mend host and port",
    ),
    (
        r"ConnectTimeout|No route to host|Network is unreachable",
        "the host cannot be reached",
        "look at the network, or mend the uri",
    ),
    (
        r"ReadTimeout|Read timed out|TimeoutError",
        "it gave no answer in time",
        f"look at what keeps the server busy; {TIMEOUT}=<seconds> waits longer",
    ),
    (
        r"RemoteDisconnected|ConnectionReset|BadStatusLine|Connection aborted|IncompleteRead",
        "it broke off the connection",
        f"{LOG}; one that speaks TLS needs https://",
    ),
    (
        r"[Uu]nsupported URI|InvalidURL|InvalidSchema|MissingSchema|LocationParseError|Invalid url",
        "this is no address of a server",
        "write http://<host>:<port> or sqlite:///<file>",
    ),
)


def _of_status(status: int, error: BaseException, uri: str) -> tuple[str, str]:
    if status == 401:
        user = _user(uri)
        who = (
            f"it refuses the password of user {quoted(user)}" if user else "it asks for a password"
        )
        return f"{who} (401)", (
            "give MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD as its administrator set "
            "them"
        )
    if status == 403:
        who = f"user {quoted(_user(uri))}" if _user(uri) else "who has no name"
        return f"{who} may not do this (403)", "ask its administrator for the permission"
    if status == 404:
        return "it has no MLflow under this path (404)", (
            "mend the uri; a server behind a proxy has a path of its own, as http://<host>/mlflow"
        )
    if status == 429:
        return "it takes no more requests at present (429)", "type the same again in a while"
    said = _said(error)
    return f"it answers with status {status}{f', {said}' if said else ''}", LOG


def _said(error: BaseException) -> str:
    """What the server answered, quoted; "" where the error does not tell."""
    for each in _chain(error):
        if isinstance(each, json.JSONDecodeError):
            return quoted(each.doc.strip())
        found = BODY.search(str(each))
        if found and found[1].strip():
            return quoted(found[1].strip())
    return ""


def _status(error: BaseException) -> int | None:
    """The status of the answer, where the error tells it."""
    for each in _chain(error):
        status = getattr(getattr(each, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        found = STATUS.search(str(each))
        if found:
            return int(found[1] or found[2])
        if isinstance(each, RestException):
            status = each.get_http_status_code()
            return int(status) if int(status) in (401, 403) else None
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it came of."""
    each: BaseException | None = error
    seen: set[int] = set()
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


def _user(uri: str) -> str:
    """The name that MLflow's client gives; "" for none."""
    try:
        return urlsplit(uri).username or read_mlflow_creds().username or ""
    except (ValueError, OSError):
        return os.environ.get("MLFLOW_TRACKING_USERNAME", "")


def _line(error: BaseException) -> str:
    """The first line of a foreign message."""
    line = (str(error).splitlines() or [""])[0] or type(error).__name__
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
