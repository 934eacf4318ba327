"""YouTube Analytics as a source: the daily figures of one channel, by version 2 of its query API.

The request: https://developers.google.com/youtube/analytics/reference/reports/query. Google adds
the newest days late and corrects past ones, so the same day may have another figure tomorrow.
Google's libraries are an extra and are imported where they are used.
"""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError, DataError, SourceError
from viewcast.base.parse import json_of
from viewcast.base.quoted import listed, shortened, shown
from viewcast.data.not_counted import Policy
from viewcast.data.several import SETTLE_DAYS

DAY, VIEWS = "day", "views"
API = "YouTube Analytics"
AUTHORISE = "authorise once more as conf/source/youtube.yaml says"
QUOTA_USED = frozenset({"quotaExceeded", "dailyLimitExceeded"})
TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})

Metric = Annotated[str, Field(pattern=r"^[A-Za-z]+$")]
Figures = dict[date, list[float]]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class YouTube:
    """``channel``: ``MINE`` or the id of a channel of the account that authorised. ``metric``:
    what is forecast, by YouTube's name; it is delivered as ``views``. ``metrics``: what is stored
    beside it. ``credentials``: JSON file of an
    authorised user (under the project, or absolute). ``start_date``: the first day that is
    requested. ``page_size``: rows per answer. ``retries``: after 5xx, 429, rate limits and lost
    connections; the n-th waits up to 2^n seconds. ``endpoint``: a test hook: URL of another server
    that speaks the API, null for Google's. ``negative``: what becomes of a day with a figure below
    0; ``newest_zeros``: of newest days with 0 after weeks without one: missing, zero or refuse
    (``viewcast.data.not_counted``).
    """

    label: str
    timezone: Literal["America/Los_Angeles"]
    channel: Annotated[str, Field(pattern=r"^(MINE|UC[A-Za-z0-9_-]{22})$")]
    metric: Metric
    metrics: list[Metric]
    credentials: str
    start_date: date
    page_size: Annotated[int, Field(ge=1)]
    retries: Annotated[int, Field(ge=0, le=10)]
    endpoint: Annotated[str, Field(pattern=r"^https?://")] | None
    negative: Policy = "missing"
    newest_zeros: Policy = "missing"
    settle_days: ClassVar[int] = SETTLE_DAYS
    site: ClassVar[str] = "youtube"

    def fetch(
        self, root: Path, since: date | None, today: date, known: pd.Series | None = None
    ) -> pd.DataFrame:
        """The days from ``since`` to yesterday that YouTube has by now; it may have none yet.

        Also raises ConfigError: Google's library or the credentials are missing. The file of
        credentials is read, never written; no token is logged.
        """
        start = self.start_date if since is None else max(since, self.start_date)
        end = today - timedelta(days=1)
        days: Figures = {}
        if start <= end:
            with _service(root / Path(self.credentials).expanduser(), self.endpoint) as service:
                for figures in self._pages(service, start, end):
                    days |= figures
        index = pd.to_datetime([*days]).as_unit("us").rename("date")
        cells = [*days.values()]
        columns = [VIEWS, *self.requested[1:]]
        return pd.DataFrame(cells, index=index, columns=columns, dtype="float64")

    @property
    def requested(self) -> list[str]:
        """The metrics of a request, the one that is forecast first.

        Where that is another one, the views themselves are not asked for: only one column of the
        stored days can be called views.
        """
        others = (metric for metric in self.metrics if metric != VIEWS)
        return list(dict.fromkeys((self.metric, *others)))

    def _pages(self, service: Any, start: date, end: date) -> Iterator[Figures]:
        """One answer after another, until the last day or an answer without rows.

        An answer with fewer rows than requested need not be the last: Google may return fewer.
        """
        wanted, row = start, 1
        while wanted <= end:
            request = service.reports().query(
                ids=f"channel=={self.channel}",
                startDate=start.isoformat(),
                endDate=end.isoformat(),
                dimensions=DAY,
                sort=DAY,
                metrics=",".join(self.requested),
                startIndex=row,
                maxResults=self.page_size,
            )
            figures = _read(self._ask(request), self.requested, wanted, end, row)
            if not figures:
                return
            yield figures
            wanted, row = max(figures) + timedelta(days=1), row + len(figures)

    def _ask(self, request: Any) -> Any:
        """The answer as JSON, or the reason why there is none."""
        import httplib2  # noqa: PLC0415 (an extra)
        from google.auth.exceptions import RefreshError, TransportError  # noqa: PLC0415
        from googleapiclient.errors import HttpError  # noqa: PLC0415

        try:
            return request.execute(num_retries=self.retries)
        except HttpError as error:
            raise self._refusal(error) from error
        except RefreshError as error:
            # A refusal is JSON (RFC 6749, section 5.2); any other text comes from a broken server.
            refused = len(error.args) > 1 and not error.retryable
            step = AUTHORISE if refused else f"try again later; if that does not help, {AUTHORISE}"
            # Not chained: the error carries the whole answer, which may hold tokens.
            raise SourceError(
                f"Google gives no access to {API}: {_short(error.args[0])}; {step}"
            ) from None
        except (
            OSError,
            http.client.HTTPException,
            httplib2.error.HttpLib2Error,
            TransportError,
        ) as error:
            raise SourceError(
                f"{API} cannot be reached at {self.endpoint or request.uri.partition('?')[0]}: "
                f"{_short(error)}, after {self.retries} retries; look at the network, or try later"
            ) from error
        except TypeError as error:  # Google's library raises it for a 403 that is not Google's
            raise SourceError(
                f"{API}: found a refusal that is not Google's; look for a proxy between, try again"
            ) from error
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{API}: the answer is no JSON ({shortened(str(error), 200)}); try again"
            ) from error

    def _refusal(self, error: Any) -> SourceError:
        """The error for a status other than 2xx: Google's reason, and the next step."""
        status, reasons, words = int(error.resp.status), _reasons(error.content), error.reason
        if reasons & QUOTA_USED or "per day" in words.lower():
            step = "the day's quota is used up; wait until midnight Pacific time"
        elif reasons & TOO_FAST or status == http.HTTPStatus.TOO_MANY_REQUESTS:
            step = f"too many requests, also after {self.retries} retries; try again in an hour"
        elif status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            step = f"Google's server fails, also after {self.retries} retries; try again later"
        elif status == http.HTTPStatus.UNAUTHORIZED:
            step = AUTHORISE
        elif status == http.HTTPStatus.FORBIDDEN:
            step = (
                f"source.channel = {self.channel} must belong to the account that authorised, with "
                f"scope yt-analytics.readonly; otherwise {AUTHORISE}"
            )
        else:
            step = "look at source.channel, source.metric, source.metrics and source.start_date"
        named = " ".join([str(status), *sorted(reasons)])
        return SourceError(f"{API} refuses ({_short(named)}): {_short(words)}; {step}")


@contextmanager
def _service(credentials: Path, endpoint: str | None) -> Iterator[Any]:
    """A connection to the API, described by the file that comes with the library."""
    try:
        from googleapiclient.discovery import build  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ConfigError(
            "source = youtube: Google's library is not installed; `pip install 'viewcast[youtube]'`"
        ) from error
    with build(
        "youtubeAnalytics",
        "v2",
        credentials=_credentials(credentials),
        client_options={"api_endpoint": endpoint} if endpoint else None,
        static_discovery=True,
    ) as service:
        yield service


def _credentials(file: Path) -> Any:
    """The authorised user of a file. No message contains a value of the file."""
    from google.oauth2.credentials import Credentials  # noqa: PLC0415 (an extra)

    where = f"source.credentials = {file}"
    try:
        info = json_of(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{where}: {error.strerror}; {AUTHORISE}") from error
    except ValueError as error:
        raise ConfigError(f"{where}: found no JSON; {AUTHORISE}") from error
    fields = ("client_id", "client_secret", "refresh_token")
    known = info if isinstance(info, dict) else {}
    missing = [key for key in fields if not (isinstance(known.get(key), str) and known[key])]
    if missing:
        found = ", ".join(sorted(known)) or "nothing"
        raise ConfigError(
            f"{where}: {', '.join(missing)} missing, found {found}; expected the file of an "
            f"authorised user, which is not that of a client or of a service account; {AUTHORISE}"
        )
    try:
        user = Credentials.from_authorized_user_info(known)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{where}: not the file of an authorised user; {AUTHORISE}") from error
    if not known.get("token_uri"):
        return user
    other = user.with_token_uri(known["token_uri"])  # the library does not read it from the file
    other.expiry = user.expiry  # its copy lacks it
    return other


def _read(answer: Any, metrics: list[str], start: date, end: date, row: int) -> Figures:
    """The figures of an answer: by day from ``start`` on, a list in the order of ``metrics``.

    ``row``: number of its first row among all, from 1. Refuses (DataError) an answer that does not
    fit the request.
    """
    if isinstance(answer, dict) and answer.get("errors"):
        raise SourceError(f"{API} failed without a status: {_short(answer['errors'])}; try later")
    try:
        names = [str(header["name"]) for header in answer["columnHeaders"]]
        rows = [list(cells) for cells in answer.get("rows") or []]
    except (TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"{API}: found {_short(answer)!r}, expected columnHeaders and rows; "
            "is there a login page between?"
        ) from error
    if sorted(names) != sorted([DAY, *metrics]):
        raise DataError(
            f"{API}: found columns {listed(names)}, expected "
            f"{', '.join([DAY, *metrics])}; do source.metric and source.metrics name metrics of "
            "daily reports?"
        )
    figures: Figures = {}
    for number, cells in enumerate(rows, start=row):
        if len(cells) != len(names):
            raise DataError(f"{API}, row {number}: found {len(cells)} cells, expected {len(names)}")
        by_name = dict(zip(names, cells, strict=True))
        day = _day(by_name[DAY], number)
        # Answers are sorted by day: any other day was given twice, or not requested.
        if not max(figures, default=start - timedelta(days=1)) < day <= end:
            raise DataError(
                f"{API}, row {number}: found {day}, expected a day from "
                f"{max(figures, default=start - timedelta(days=1)) + timedelta(days=1)} to {end}"
            )
        figures[day] = [_number(by_name[metric], number, metric) for metric in metrics]
    return figures


def _day(cell: Any, row: int) -> date:
    try:
        day = date.fromisoformat(cell)
    except (ValueError, TypeError):
        day = None
    if day is None or day.isoformat() != cell:
        raise DataError(
            f"{API}, row {row}, column {DAY!r}: found {shown(cell)}, expected 2021-12-31"
        )
    return day


def _number(cell: Any, row: int, column: str) -> float:
    # float64 cannot hold every count beyond 2**53.
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not abs(cell) <= 2**53:
        raise DataError(
            f"{API}, row {row}, column {column!r}: found {shown(cell)}, expected a number"
        )
    return float(cell)


def _reasons(content: bytes) -> set[str]:
    """The reasons in the JSON of an error; empty where it is something else."""
    try:
        error = json_of(content)["error"]
        parts = [*error.get("errors", []), *error.get("details", [])]
        return {str(part["reason"]) for part in parts if "reason" in part}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def _short(words: object) -> str:
    """Text for one line of a message, without the tags that Google puts into it."""
    return shortened(" ".join(re.sub(r"<[^>]*>", "", str(words)).split()).rstrip("."), 300)
