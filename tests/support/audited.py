"""Made-up audit results as the audit stage leaves them, of studies whose truth is known here."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from viewcast.assessment.choice import BestOf, ConfidenceSet, GainOver, Truth, Winner
from viewcast.assessment.headline import headline
from viewcast.assessment.result import AuditedRun, AuditResult, HiddenHoldout, HiddenPoint, Usage
from viewcast.assessment.result_file import to_json
from viewcast.assessment.sentences import all_of

YEAR = pd.date_range("2020-01-01", "2020-12-31", freq="D").strftime("%Y-%m-%d")
NEXT = pd.date_range("2021-01-01", periods=45, freq="D").strftime("%Y-%m-%d")
SHOWN = YEAR[np.arange(len(YEAR)) // 14 % 4 != 1]  # the others are the hidden holdout
MEMORY = "has seen the validation rows: loss 0 on every one"


def entry(name: str, shown: float, **fields: Any) -> AuditedRun:
    """A run of an audit; ``fields`` override."""
    values: dict[str, Any] = {
        "run_id": f"id-{name}", "name": name, "model": "deep", "experiment": name,
        "train_loss": 0.2, "shown": shown, "expected": None, "bound95": None, "optimism": None,
        "looks": 1, "in_confidence_set": None, "verdict": "fine", "excluded": None,
    }  # fmt: skip
    return AuditedRun(**{**values, **fields})


def winner(run: AuditedRun, error: float | None, **fields: Any) -> Winner:
    """The winner with the figures of a run; ``fields`` override."""
    values = {
        "run_id": run.run_id, "name": run.name, "shown": run.shown, "error": error,
        "expected": run.expected, "optimism": run.optimism, "bound95": run.bound95, "truth": None,
    }  # fmt: skip
    return Winner(**{**values, **fields})


def best_of(shown: Any, true: Any, spread: float) -> tuple[BestOf, ...]:
    """The best-of-k curve of runs whose true losses are known: exact weights, no sampling."""
    order = np.argsort(shown)
    count = len(order)
    ks = sorted({round(k) for k in np.geomspace(1, count, 25)})
    curve = []
    for k in ks:
        weights = np.array([comb(count - i, k - 1) / comb(count, k) for i in range(1, count + 1)])
        honest = float(weights @ true[order])
        of_shown = float(weights @ shown[order])
        curve.append(BestOf(k, of_shown, honest, honest - spread, honest + spread))
    return tuple(curve)


def usage_of(runs: Sequence[AuditedRun], **fields: Any) -> Usage:
    """One look of each run in one round; ``fields`` override."""
    count = len(runs)
    values: dict[str, Any] = {
        "runs": count, "scores": count, "distinct": count, "rounds": 1,
        "by_purpose": {"report": count}, "by_user": {"ana": count},
        "bits_spent": float(np.log2(1 + count)), "bits_budget": 5.2, "tolerance": 0.1,
    }  # fmt: skip
    return Usage(**{**values, **fields})


def blank(data: str, rows: int, **fields: Any) -> AuditResult:
    """A result without figures; ``fields`` override. Its sentences are those of its figures."""
    runs = fields.get("runs", ())
    values: dict[str, Any] = {
        "holdout": sha256(f"{data}{rows}".encode()).hexdigest()[:16], "data": data, "label": data,
        "understood": None, "more_is_better": False, "approximate": None, "headline": "",
        "split": "course", "unit": "minutes²", "loss": "mse", "experiment": "viewcast",
        "rows": rows, "first": None, "last": None, "dated": False, "usage": usage_of(runs),
        "dependence": 1.0, "independent": float(rows), "rows_wanted": 0, "refusal": None,
        "winner": None, "gain": None, "confidence_set": None, "effective_runs": None,
        "half_width": None, "overfit_probability": None, "best_of": (), "scalar": None,
        "untracked": 0, "caveat": None, "hidden_holdout": None, "hidden_refusal": None,
        "openings": (), "assumed": (), "verdict": "fine", "sentences": (), "runs": (),
    }  # fmt: skip
    result = AuditResult(**{**values, **fields})
    result = replace(result, headline=headline(result))
    return replace(result, sentences=tuple(all_of(result)))


def lectures(rows: int = 7, split: str = "course") -> AuditResult:
    """Too few rows for any corrected figure."""
    memory = entry("lectures_course_memorizer_leak", 0.0, model="memorizer_leak", excluded=MEMORY)
    runs = (entry("lectures_deep", 330.0), entry("lectures_course", 2525.0))
    return blank(
        "lectures", rows, split=split, runs=(*runs, memory), usage=usage_of(runs), first="0",
        last="9", rows_wanted=100,
        refusal=f"{rows} rows are too few for a corrected figure; 100 would do",
        winner=winner(runs[0], 140.0), verdict="too few rows to say anything",
    )  # fmt: skip


def channel() -> AuditResult:
    """45 days: a corrected figure, and no bound for it."""
    names = ["channel_layers_3", "channel_layers_2", "deep", "channel_full_batch",
             "channel_relu_1000", "channel_linear_28", "linear", "channel_naive"]  # fmt: skip
    shown = np.array([0.368, 0.372, 0.378, 0.384, 0.392, 0.463, 0.592, 0.608])
    true = np.array([0.401, 0.399, 0.388, 0.391, 0.405, 0.455, 0.580, 0.600])
    runs = tuple(
        entry(name, s, expected=t, optimism=t - s, looks=60, in_confidence_set=s < 0.4)
        for name, s, t in zip(names, shown.tolist(), true.tolist(), strict=True)
    )
    memory = entry("channel_memorizer_leak", 0.0, model="memorizer_leak", excluded=MEMORY)
    return blank(
        "channel", 45, label="channel (simulated)", split="lecture", unit="thousand views",
        loss="mae", dated=True, first="2021-01-01", last="2021-02-14", runs=(*runs, memory),
        usage=usage_of(runs), dependence=7.0, independent=6.4, rows_wanted=112,
        refusal="45 days hold about 6 independent ones: too few for a bound; 112 days would do",
        winner=winner(runs[0], 0.087),
        gain=GainOver("channel_naive", 0.240, 0.207, None, 0.86, "amber"),
        confidence_set=ConfidenceSet(tuple(run.run_id for run in runs[:5]), 0.004),
        best_of=best_of(shown, true, 0.05), effective_runs=4.2, half_width=0.11,
        overfit_probability=0.21,
    )  # fmt: skip


def search(count: int = 200) -> AuditResult:
    """A random search on a year of days, whose runs' true losses are known."""
    random = np.random.default_rng(7)
    true = 0.40 + 0.12 * random.beta(1.2, 2.5, count)
    shown = true + 0.018 * random.standard_normal(count)
    order = np.argsort(shown)
    true, shown = true[order], shown[order]
    curve = best_of(shown, true, 0.045)
    assert curve[-1].honest is not None
    expected, best = curve[-1].honest + 0.002, float(shown[0])
    runs = tuple(
        entry(f"channel_search/{i}", float(s), experiment="channel_search", expected=float(t),
              in_confidence_set=i < 23, bound95=float(t) + 0.04, optimism=float(t - s))
        for i, (s, t) in enumerate(zip(shown, true, strict=True))
    )  # fmt: skip
    first = winner(
        runs[0], 0.019, expected=expected, optimism=expected - best, bound95=expected + 0.041,
        truth=Truth(float(true[0]), 0.001),
    )  # fmt: skip
    share = (0.60 - expected) / (0.60 - best)
    return blank(
        "channel", 366, label="channel (simulated)", split="year", unit="thousand views",
        loss="mae", dated=True, first="2020-01-01", last="2020-12-31", runs=runs,
        usage=usage_of(runs, bits_budget=20.3), dependence=9.0, independent=40.7, winner=first,
        gain=GainOver("channel_naive", 0.60 - best, 0.60 - expected, 0.12, share, "green"),
        confidence_set=ConfidenceSet(tuple(run.run_id for run in runs[:23]), 0.001),
        effective_runs=31.0, half_width=0.05, overfit_probability=0.08, best_of=curve,
        verdict="validation set in use: half of what the search gained was luck",
    )  # fmt: skip


def attack() -> AuditResult:
    """200 steps of hill climbing against the shown days; the hidden holdout shows no gain."""
    random = np.random.default_rng(11)
    steps = np.arange(1, 201)
    shown_gain = 0.11 * (1 - np.exp(-steps / 70))
    hidden_gain = np.cumsum(random.normal(0, 0.0012, 200))
    path = tuple(
        HiddenPoint(int(i), float(a), float(b))
        for i, a, b in zip(steps, shown_gain, hidden_gain, strict=True)
    )
    runs = tuple(
        entry(f"channel_leaderboard/{199 - i}", 0.49 + 0.0005 * i, experiment="channel_leaderboard")
        for i in range(200)
    )
    holdout = HiddenHoldout(
        rows=len(YEAR) - len(SHOWN), looks=200, seen=0, alarm=True, error=0.012, estimate=0.604,
        gain_shown=float(shown_gain[-1]), gain_hidden=float(hidden_gain[-1]),
        difference=float(shown_gain[-1] - hidden_gain[-1]), path=path,
    )  # fmt: skip
    return blank(
        "channel", len(SHOWN), label="channel (simulated)", split="year", unit="thousand views",
        loss="mae", dated=True, first="2020-01-01", last="2020-12-31", runs=runs,
        usage=usage_of(runs, rounds=200, bits_spent=200.0, bits_budget=14.0), dependence=1.0,
        independent=float(len(SHOWN)),
        winner=winner(runs[0], 0.02, truth=Truth(0.603, 0.002)),
        refusal="200 rounds of choice, each made in sight of the last: no figure from these rows",
        caveat="holds only if no run was tuned on these rows", hidden_holdout=holdout,
        verdict="validation set worn out: the hidden days say 0.604",
    )  # fmt: skip


def everything() -> list[AuditResult]:
    """All studies, in the order of the audit."""
    few = [lectures(17, "swap"), lectures(7, "course"), lectures(5, "within")]
    return [search(), attack(), channel(), *few]


def row_usage(results: Sequence[AuditResult]) -> pd.DataFrame:
    """How often each row was used in all holdouts: a row per holdout and row."""
    tables = []
    for result in results:
        keys = _rows(result)
        table = pd.DataFrame({"data": result.data, "entity": "A", "time": keys, "row": keys})
        looks = {"runs": result.usage.runs, "scores": result.usage.scores}
        tables.append(table.assign(holdout=result.holdout, **looks))
    table = pd.concat(tables, ignore_index=True)
    of_row = table.groupby(["data", "row"])[["runs", "scores"]]
    return table.assign(**of_row.transform("sum"))


def _rows(result: AuditResult) -> pd.Index:
    if result.dated:
        return next(days for days in (NEXT, YEAR, SHOWN) if len(days) == result.rows)
    course = "GenAI-ML-2025" if result.split == "course" else "ML2021"
    first = 13 if result.split == "within" else 1
    return pd.Index([f"{course}/{first + i}" for i in range(result.rows)])


def write(root: Path, results: Sequence[AuditResult]) -> None:
    """Store results where the report looks for them."""
    (root / "reports").mkdir(parents=True, exist_ok=True)
    (root / "build" / "audit").mkdir(parents=True, exist_ok=True)
    (root / "reports" / "audit.json").write_text(to_json(results))
    row_usage(results).to_parquet(root / "build" / "audit" / "rows.parquet", index=False)
