"""A made-up record of nights, as the newest of them would leave it."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from viewcast.base.paths import retraining_path
from viewcast.report.nights_record import NightsRecord, parsed

NIGHT = date(2021, 3, 11)
LABEL = "my channel"
WEEK = np.array([1.1, 1.0, 0.95, 1.0, 0.9, 0.7, 0.8])
RECIPES = ("combination", "theta", "ridge", "boosted", "rhythm", "mean7", "seasonal_naive")


def day(ahead: int) -> str:
    """An ISO day, counted from the night."""
    return (NIGHT + timedelta(days=ahead)).isoformat()


def record(nights: int = 61, past: int = 60, weeks: int = 30, seed: int = 0) -> dict[str, Any]:
    """The record of as many ``nights``, days that ``past`` and judged ``weeks``."""
    draws = np.random.default_rng(seed)

    def expected(ahead: int) -> float:
        return float(3200 * WEEK[(NIGHT + timedelta(days=ahead)).weekday()])

    def ahead_of(factor: float) -> list[dict[str, Any]]:
        return [
            {"day": day(h), "views": factor * expected(h), "low": factor * expected(h) * 0.87,
             "high": factor * expected(h) * 1.15}
            for h in range(7)
        ]  # fmt: skip

    noise = np.exp(draws.normal(0, 0.085, past))
    days = [
        {"day": day(i - past), "views": round(expected(i - past) * noise[i]),
         "forecast": expected(i - past), "low": 0.87 * expected(i - past),
         "high": 1.15 * expected(i - past), "backtest": i < past - nights + 1,
         "naive": None if i < 7 else round(expected(i - past) * noise[i - 7])}
        for i in range(past)
    ]  # fmt: skip
    shares = {**{str(h): 0.92 - 0.005 * h for h in range(1, 8)}, "path": 0.71, "total": 0.9}
    growth = {"theta": 0.055, "ridge": 0.02, "boosted": -0.01, "rhythm": -0.02, "mean7": -0.05}
    evidence = []
    for week in range(weeks):
        e = {n: float(np.exp(g * week + draws.normal(0, 0.12))) for n, g in growth.items()}
        last = day(7 * (week - weeks) - 1)
        evidence.append({"last": last, "e": e, "mean": float(np.mean(list(e.values())))})
    newest = evidence[-1]["e"] if evidence else {}
    against = {n: None if n == "combination" else newest.get(n, 0.4) for n in RECIPES}
    recipes = [
        {"name": name, "mase": 0.72 + 0.05 * place, "mase_error": 0.03, "loss": 260.0 + 18 * place,
         "weeks": weeks + 26, "backtest_weeks": 26, "e": against[name], "in_set": place < 4,
         "sentence": "would need about 31 more weeks at this rate" if name == "theta" else ""}
        for place, name in enumerate(RECIPES)
    ]  # fmt: skip
    ended = [
        {"night": day(n - nights + 1), "outcome": "new version", "code": 0,
         "reason": f"version {n + 1} serves: it knows the days to {day(n - nights)}"}
        for n in range(nights)
    ]  # fmt: skip
    ahead = ahead_of(1.0)
    total = sum(one["views"] for one in ahead)
    return {
        "channel": "live", "label": LABEL, "metric": "views", "unit": "views", "name": "viewcast",
        "version": nights, "night": day(0), "newest": day(-1), "level": 0.9,
        "served": "The mean of theta, ridge, boosted and rhythm serves: there are 400 days of "
                  "history, and from 180 days on these four together lose least.",
        "claim": True, "days": ahead, "past": days,
        "total": {"first": day(0), "last": day(6), "views": total, "low": 0.93 * total,
                  "high": 1.08 * total},
        "coverage": [
            {"of": of, "covered": share, "error": 0.03, "count": 120}
            for of, share in shares.items()
        ],
        "recipes": recipes, "threshold": 20.0, "evidence": evidence,
        "evidence_sentence": "No recipe is proven better than the combination: theta has 5.1 of "
                             "20, and would need about 31 more weeks at this rate.",
        "reigns": [{"recipe": "combination", "since": day(-nights), "why": "the first night"}],
        "alarms": [], "remarks": [], "nights": ended,
    }  # fmt: skip


def alarmed(confirmed: bool = False, factor: float = 2.0) -> dict[str, Any]:
    """A record whose kept errors show a change of habit six days ago."""
    told = record()
    changed = [
        {**one, **{key: factor * one[key] for key in ("views", "low", "high")}}
        for one in told["days"]
    ]
    sentence = f"Since {day(-6)} the views are about {factor:g} times what was forecast"
    alarm = {"since": day(-6), "sentence": sentence, "confirmed": confirmed, "rebased": changed}
    return told | {"alarms": [alarm]}


def first(claim: bool = True) -> dict[str, Any]:
    """The record of a first night: every kept error is of the backtest; without ``claim`` the
    history was too short even for that.
    """
    told = record(nights=1, past=60, weeks=0)
    if claim:
        return told
    for one in (*told["days"], told["total"]):
        one |= {"low": None, "high": None}
    sentence = "The rhythm serves: with 5 days of history nothing better can be told."
    empty: dict[str, Any] = {"past": [], "coverage": [], "recipes": [], "evidence": []}
    return told | empty | {"claim": False, "served": sentence, "evidence_sentence": ""}


def leave(told: dict[str, Any], root: Path) -> NightsRecord:
    """Write a record where the report finds it."""
    path = retraining_path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told))
    return parsed(told)
