"""A referee in a folder, heard without a socket, and what is submitted to it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from requests.adapters import HTTPAdapter

from support.in_process import URL, InProcess, in_process
from viewcast.referee.client import Client
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.service import Limits, app
from viewcast.referee.terms import Terms
from viewcast.referee.tokens import Tokens

N = 120
MARKER = 8_675_309.125  # a target that is looked for wherever it must not be
RNG = np.random.default_rng(17)
TARGETS = np.concatenate([RNG.normal(size=N - 1) * 10, [MARKER]])
IDS = [f"row-{place}" for place in range(N)]


def noisy(size: float, seed: int = 0) -> Any:
    """Predictions (N,) with errors of this size; they do not tell the marker."""
    seen = np.where(TARGETS == MARKER, 0.0, TARGETS)
    return seen + size * np.random.default_rng(seed).normal(size=N)


def named(predictions: Any) -> pd.DataFrame:
    """Predictions with the names of their rows, in another order."""
    frame = pd.DataFrame({"id": IDS, "prediction": predictions})
    return frame.sample(frac=1, random_state=1)


def parquet(columns: Any, **options: Any) -> bytes:
    """A table as the content of a file."""
    body = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), body, **options)
    return body.getvalue()


def long_texts() -> bytes:
    """One text of 30 KB that each row names: 2 KB here, 3.6 MB unpacked."""
    texts = pa.DictionaryArray.from_arrays(np.zeros(N, np.int32), ["x" * 30_000])
    return parquet({"id": texts.cast(pa.string()), "prediction": np.zeros(N)})


def table(folder: Path) -> Path:
    """The rows, as the user has them."""
    path = folder / "valid.parquet"
    pd.DataFrame({"id": IDS, "y": TARGETS}).to_parquet(path)
    return path


def opened(folder: Path, **terms: Any) -> RefereeFolder:
    """A referee of these rows in the folder ``referee``."""
    return RefereeFolder.start(
        folder / "referee", table(folder), "y", "mae", Terms(**terms), key="id"
    )


@dataclass
class Served:
    """A referee with its service; requests of this process reach it."""

    folder: RefereeFolder
    tokens: Tokens
    service: InProcess

    @property
    def place(self) -> Path:
        return self.folder.folder

    def token(self, submitter: str = "loop") -> str:
        return (self.tokens.folder / submitter).read_text().strip()

    def client(self, submitter: str = "loop") -> Client:
        return Client(URL, self.token(submitter))

    def asked(
        self, method: str, path: str, body: Any = (b"",), headers: dict[str, str] | None = None
    ) -> Any:
        """The answer to a request with a right token."""
        own = {"Authorization": f"Bearer {self.token()}", **(headers or {})}
        return self.service.heard(method, path, own, body)


@contextmanager
def served(
    folder: RefereeFolder,
    monkeypatch: pytest.MonkeyPatch,
    submitters: tuple[str, ...] = (),
    limits: Limits | None = None,
    **options: Any,
) -> Iterator[Served]:
    """A folder that is heard at ``URL``, as its file ``address`` says."""
    tokens = Tokens.of(folder.folder, submitters)
    limits = limits or Limits.of(folder.plan.rows)
    (folder.folder / "address").write_text(f"{URL}\n")
    with in_process(app(folder, tokens, limits, **options)) as service:

        def send(
            _: HTTPAdapter, request: requests.PreparedRequest, **given: Any
        ) -> requests.Response:
            return service.send(request, **given)

        monkeypatch.setattr(HTTPAdapter, "send", send)
        yield Served(folder, tokens, service)
