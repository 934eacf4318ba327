"""Runs whose row losses a test makes up, and their study."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from support.simulated_store import days
from viewcast.assessment.audit import audit
from viewcast.assessment.result import AuditResult
from viewcast.assessment.result_file import from_json, to_json
from viewcast.assessment.row_losses import RowLosses
from viewcast.assessment.settings import AuditSettings
from viewcast.assessment.study import Facts, Scored, study
from viewcast.base.settings import Tracking
from viewcast.holdout.looks import REPORT, Look, Use

TRACKING = Tracking("sqlite:///none.db", None, "study", 1.0)
SETTINGS = AuditSettings(tracking=TRACKING, draws=200)
FACTS = Facts("", data="channel", label="channel", split="year", unit="views", loss="mae")
KEYS = days(400)


def scored(
    name: str,
    losses: Any,
    *,
    start: int = 0,
    end: int | None = None,
    batch_id: str = "all",
    model: str = "deep",
    hidden_holdout: Any = None,
    states: Any = None,
    facts: Facts = FACTS,
    uses: tuple[Use, ...] = (REPORT,),
    holdout: str = "h",
    keys: pd.DataFrame = KEYS,
    **fields: Any,
) -> Scored:
    """A run with these row losses (M,), or with one figure."""
    ended = start + 1 if end is None else end
    look = Look(name, name, uses, holdout, batch_id, start, ended, "ana", "FINISHED")
    own = replace(facts, name=name, model=model)
    if np.ndim(losses) == 0:
        return Scored(look, own, shown=float(losses), **fields)
    values = np.asarray(losses, np.float64)
    table = keys.head(len(values))
    if states is not None:
        states = np.asarray(states, np.float32)
    epochs = None if states is None else np.arange(1, len(states) + 1)
    hidden = (
        None
        if hidden_holdout is None
        else RowLosses(days(len(hidden_holdout), "2023-01-01"), hidden_holdout)
    )
    rows = RowLosses(table, values, states, epochs)
    return Scored(look, own, shown=float(values.mean()), rows=rows, hidden_holdout=hidden, **fields)


def noisy(
    rng: np.random.Generator, runs: int, rows: int, truth: Any = 1.0, common: float = 0.5
) -> np.ndarray:
    """Losses (runs, rows) around true means, part of the noise common to all."""
    shared = rng.normal(size=rows) * np.sqrt(common)
    own = rng.normal(size=(runs, rows)) * np.sqrt(1 - common)
    return np.broadcast_to(truth, runs)[:, np.newaxis] * np.exp(0.5 * (shared + own) - 0.125)


def of(runs: list[Scored], settings: AuditSettings = SETTINGS, **rest: Any) -> AuditResult:
    (found,) = audit([study("h", runs)], settings, "viewcast", **rest)
    assert from_json(to_json([found]), "audit.json") == (found,)
    return found


def search(rows: int = 200, runs: int = 40, seed: int = 3) -> list[Scored]:
    rng = np.random.default_rng(seed)
    losses = noisy(rng, runs + 1, rows)
    losses[0] *= 1.5
    names = ["naive", *(f"run-{i:02d}" for i in range(runs))]
    return [
        scored(name, own, model="naive" if name == "naive" else "deep")
        for name, own in zip(names, losses, strict=True)
    ]


def sentences(found: AuditResult) -> str:
    return " ".join(found.sentences)
