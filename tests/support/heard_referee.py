"""A referee that is heard on a port of this machine while a test asks it, and rows for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd

from viewcast.referee.client import ADDRESS
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.service import Limits, app
from viewcast.referee.serving import listening, server, url_of
from viewcast.referee.terms import Terms
from viewcast.referee.tokens import Tokens

ROWS, FEATURES = 240, 30


def write_rows(place: Path) -> None:
    """``train.csv``, ``valid.csv`` with the target y, and ``valid_features.csv`` without it."""
    rng = np.random.default_rng(5)
    weights = rng.normal(size=FEATURES)
    for name, count in (("train", 120), ("valid", ROWS)):
        features = rng.normal(size=(count, FEATURES))
        frame = pd.DataFrame(features).add_prefix("x")
        if name == "valid":
            frame.to_csv(place / "valid_features.csv", index=False)
        frame["y"] = features @ weights + 2 * rng.normal(size=count)
        frame.to_csv(place / f"{name}.csv", index=False)


@contextmanager
def heard(place: Path, budget: int) -> Iterator[RefereeFolder]:
    """A referee of ``valid.csv``, in the folder ``referee`` beside it."""
    terms = Terms(budget=budget)
    referee = RefereeFolder.start(place / "referee", place / "valid.csv", "y", "mae", terms)
    bound = listening("127.0.0.1", 0)
    service = app(referee, Tokens.of(referee.folder), Limits.of(referee.plan.rows))
    serving = server(service)
    thread = Thread(target=serving.run, kwargs={"sockets": [bound]})
    (referee.folder / ADDRESS).write_text(url_of(bound))
    thread.start()
    try:
        yield referee
    finally:
        serving.should_exit = True
        thread.join()
        bound.close()
        referee.stop()
