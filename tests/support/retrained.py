"""A made-up history of champions, as the nights would leave it."""

import json
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from viewcast.base.paths import retraining_path
from viewcast.report.champion_record import ChampionHistory, read
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import Drawing, applied

FIRST = date(2021, 3, 1)
LABEL = "live channel (simulated)"
MODELS = ("augmented", "deep", "linear")


def day(at: int) -> str:
    """An ISO day, counted from the first night."""
    return (FIRST + timedelta(days=at)).isoformat()


def around(losses: np.ndarray) -> dict[str, Any] | None:
    """A mean with its interval, as the core tells it."""
    if len(losses) == 0:
        return None
    mean = float(losses.mean())
    if len(losses) < 3:
        return {"mean": mean, "low": None, "high": None, "days": len(losses)}
    half = 1.8 * float(losses.std(ddof=1)) / len(losses) ** 0.5
    return {"mean": mean, "low": mean - half, "high": mean + half, "days": len(losses)}


def history(nights: int, promotions: dict[int, float], seed: int = 0) -> dict[str, Any]:
    """``promotions``: the night of each promotion, counted from 0, and the factor by which the
    champion loses more than it promised.
    """
    draws = np.random.default_rng(seed)
    starts = [*promotions, nights]
    losses = np.concatenate([
        draws.gamma(4, 78 * factor, end - start)
        for (start, factor), end in zip(promotions.items(), starts[1:], strict=True)
    ])  # fmt: skip
    champions, daily, gates = [], [], []
    for place, (start, end) in enumerate(pairwise(starts)):
        own = losses[start - starts[0] : end - starts[0]]
        why = "first" if place == 0 else ("better", "refresh")[place % 2 == 0]
        champions.append(
            {
                "version": place + 1, "model": MODELS[place % 3], "promoted": day(start),
                "trained_to": day(start - 28), "why": why,
                "reason": f"{why}: made up for a test", "realised": around(own),
                "promised": {"mean": 312.0, "low": 250.0, "high": 374.0, "days": 28},
                "until": day(end) if end < nights else None,
            }
        )  # fmt: skip
        daily += [
            {
                "day": day(start + i), "version": place + 1, "views": 3300.0 + loss,
                "predicted": 3300.0, "loss": float(loss), "naive_loss": float(draws.gamma(4, 105)),
            }
            for i, loss in enumerate(own)
        ]  # fmt: skip
    for night in range(starts[0], nights, 7):
        promotion = max((start for start in promotions if start < night), default=None)
        champion = None if promotion is None else starts.index(promotion) + 1
        passed = next((start for start in promotions if night <= start < night + 7), None)
        why = "kept"
        if passed is not None:
            why = champions[starts.index(passed)]["why"]
        mean = {"better": -130.0, "refresh": -4.0}.get(why, 15.0) + float(draws.normal(0, 20))
        told = {"mean": mean, "low": mean - 70, "high": mean + 70, "p": 0.5}
        gates.append(
            {
                "night": day(night if passed is None else passed), "first": day(night - 7),
                "last": day(night - 1), "days": 7, "champion": champion,
                "challenger": len(gates) + 2, "challenger_model": MODELS[len(gates) % 3],
                "champion_loss": None if champion is None else 330.0,
                "challenger_loss": 330.0 + mean, "why": why, "reason": "made up for a test",
                "difference": None if champion is None else told,
            }
        )  # fmt: skip
    endings = dict.fromkeys(promotions, ("promoted", 0, "better than the champion: made up"))
    kept = ("not better", 11, "not clearly better than the champion: made up for a test")
    spent = ("days spent", 12, "fresh days: 3 of the 7 that a judgement takes")
    keys = ("night", "outcome", "code", "reason")
    nights_ = [
        dict(zip(keys, (day(n), *endings.get(n, spent if n % 7 else kept)), strict=True))
        for n in range(nights)
    ]
    weeks = [
        {"week": day(7 * (week - 26)), "model": MODELS[(len(promotions) - 1) % 3], "days": 7,
         "loss": float(draws.gamma(40, 8)), "naive": float(draws.gamma(40, 10))}
        for week in range(26)
    ]  # fmt: skip
    return {
        "label": LABEL, "loss": "mae", "unit": "views", "loss_unit": "views", "name": "viewcast",
        "newest": day(nights - 1), "level": 0.9, "error_rate": 0.05, "champions": champions,
        "daily": daily, "gates": gates, "nights": nights_[-60:], "walk_forward": weeks,
        "coverage": {"level": 0.9, "covered": 0.88, "error": 0.03, "days": 120},
    }  # fmt: skip


def short() -> dict[str, Any]:
    """Ten nights, two champions: the first kept its word, the second has had three days."""
    return history(10, {0: 0.95, 7: 1.0})


def long() -> dict[str, Any]:
    """Sixty nights, five champions, of which the third broke its word."""
    return history(60, {0: 0.9, 14: 0.95, 28: 2.0, 42: 1.0, 54: 0.9})


def leave(told: dict[str, Any], root: Path) -> None:
    """Write a history where the report finds it."""
    path = retraining_path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told))


def parsed(told: dict[str, Any], root: Path) -> ChampionHistory:
    """The history as the report reads it."""
    leave(told, root)
    found = read(root)
    assert found is not None
    return found


def drawings(module: Any, told: dict[str, Any], root: Path) -> list[Drawing]:
    """What a module of pictures draws of a history."""
    leave(told, root)
    with applied():
        return list(module.draw(Results(root, [])))
