"""Made-up audits as the audit stage leaves them, of studies whose truth is known here."""

import json
from hashlib import sha256
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

YEAR = pd.date_range("2020-01-01", "2020-12-31", freq="D").strftime("%Y-%m-%d")
NEXT = pd.date_range("2021-01-01", periods=45, freq="D").strftime("%Y-%m-%d")
SHOWN = YEAR[np.arange(len(YEAR)) // 14 % 4 != 1]  # the others are the hidden_holdout


def entry(name: str, shown: float, **said: Any) -> dict[str, Any]:
    """A run as the audit lists it; ``said`` overrides."""
    return {
        "run_id": f"id-{name}", "name": name, "model": "deep", "experiment": name,
        "train_loss": 0.2, "shown": shown, "expected": None, "upper95": None, "optimism": None,
        "looks": 1, "confidence_set": None, "verdict": "fine", "excluded": None,
    } | said  # fmt: skip


def best_of(shown: Any, true: Any, spread: float) -> list[dict[str, float]]:
    """The best-of-k curve of runs whose true losses are known: exact weights, no sampling."""
    order = np.argsort(shown)
    count = len(order)
    ks = sorted({round(k) for k in np.geomspace(1, count, 25)})
    curve = []
    for k in ks:
        weights = np.array([comb(count - i, k - 1) / comb(count, k) for i in range(1, count + 1)])
        honest = float(weights @ true[order])
        curve.append(
            {"k": k, "shown": float(weights @ shown[order]), "honest": honest,
             "honest_low": honest - spread, "honest_high": honest + spread}
        )  # fmt: skip
    return curve


def blank(data: str, rows: int, **said: Any) -> dict[str, Any]:
    """An audit that found nothing to say; ``said`` overrides."""
    runs = said.get("runs", [])
    looks = {
        "runs": len(runs), "scores": len(runs), "distinct": len(runs), "rounds": 1,
        "by_purpose": {"report": len(runs)}, "by_user": {"ana": len(runs)},
        "log_class": float(np.log1p(len(runs))), "bits_used": float(np.log2(1 + len(runs))),
        "bits_budget": 5.2, "tolerance": 0.1,
    }  # fmt: skip
    return {
        "holdout": sha256(f"{data}{rows}".encode()).hexdigest()[:16], "data": data, "label": data,
        "split": "course", "unit": "minutes²", "loss": "mse", "experiment": "viewcast",
        "rows": rows, "first": None, "last": None, "dated": False, "looks": looks,
        "dependence": 1.0, "independent": float(rows), "rows_wanted": 0, "refusal": None,
        "excluded": [], "winner": None, "gain": None, "confidence_set": None, "effective": None,
        "half_width": None, "overfit_probability": None, "best_of": [],
        "adaptive": {"caveat": None, "hoeffding": {"half_width": 0.4, "rows_asked": 900,
                                                   "tolerance": 0.1}},
        "hidden_holdout": None, "opened": [], "verdict": "fine", "sentences": [], "runs": runs,
    } | said  # fmt: skip


def lectures(rows: int = 7, split: str = "course") -> dict[str, Any]:
    """Too few rows for any corrected figure."""
    runs = [entry("lectures_deep", 330.0), entry("lectures_course", 2525.0)]
    return blank(
        "lectures", rows, split=split, runs=runs, first="0", last="9", rows_wanted=100,
        refusal=f"{rows} rows are too few for a corrected figure; 100 would do",
        winner={"run_id": "id-lectures_deep", "name": "lectures_deep", "shown": 330.0,
                "error": 140.0, "expected": None, "optimism": None, "upper95": None,
                "truth": None},
        excluded=[{"run_id": "id-lectures_course_memorizer_leak", "name": "lectures_course_memorizer_leak",
                "why": "has seen the validation rows: loss 0 on every one"}],
        verdict="too few rows to say anything",
    )  # fmt: skip


def channel() -> dict[str, Any]:
    """45 days: a corrected figure, and no bound for it."""
    names = ["channel_layers_3", "channel_layers_2", "deep", "channel_full_batch",
             "channel_relu_1000", "channel_linear_28", "linear", "channel_naive"]  # fmt: skip
    shown = np.array([0.368, 0.372, 0.378, 0.384, 0.392, 0.463, 0.592, 0.608])
    true = np.array([0.401, 0.399, 0.388, 0.391, 0.405, 0.455, 0.580, 0.600])
    runs = [
        entry(name, s, expected=t, optimism=t - s, looks=60, confidence_set=s < 0.4, verdict="fine")
        for name, s, t in zip(names, shown.tolist(), true.tolist(), strict=True)
    ]
    return blank(
        "channel", 45, label="channel (simulated)", split="lecture", unit="thousand views",
        loss="mae", dated=True, first="2021-01-01", last="2021-02-14", runs=runs,
        dependence=7.0, independent=6.4, rows_wanted=112,
        refusal="45 days hold about 6 independent ones: too few for a bound; 112 days would do",
        winner={"run_id": "id-channel_layers_3", "name": "channel_layers_3", "shown": 0.368,
                "error": 0.087, "expected": 0.401, "optimism": 0.033, "upper95": None,
                "truth": None},
        gain={"reference": "channel_naive", "shown": 0.240, "expected": 0.207, "lower95": None,
              "trust": 0.86, "colour": "amber", "simultaneous": 0.09},
        confidence_set={"count": 5, "run_ids": [r["run_id"] for r in runs[:5]], "names": names[:5],
              "p_spa": 0.004},
        best_of=best_of(shown, true, 0.05), effective=4.2, half_width=0.11,
        overfit_probability=0.21,
        excluded=[{"run_id": "id-channel_memorizer_leak", "name": "channel_memorizer_leak",
                "why": "has seen the validation rows: loss 0 on every one"}],
        sentences=["These 45 days have been looked at 480 times by 8 runs in 8 rounds."],
    )  # fmt: skip


def search(count: int = 200) -> dict[str, Any]:
    """A random search on a year of days, whose runs' true losses are known."""
    random = np.random.default_rng(7)
    true = 0.40 + 0.12 * random.beta(1.2, 2.5, count)
    shown = true + 0.018 * random.standard_normal(count)
    order = np.argsort(shown)
    true, shown = true[order], shown[order]
    curve = best_of(shown, true, 0.045)
    expected, best = curve[-1]["honest"] + 0.002, float(shown[0])
    runs = [
        entry(f"channel_search/{i}", float(s), experiment="channel_search", confidence_set=i < 23,
              expected=float(t), upper95=float(t) + 0.04, optimism=float(t - s))
        for i, (s, t) in enumerate(zip(shown, true, strict=True))
    ]  # fmt: skip
    looks = blank("x", 1, runs=runs)["looks"] | {"scores": count, "bits_budget": 20.3}
    return blank(
        "channel", 366, label="channel (simulated)", split="year", unit="thousand views",
        loss="mae", dated=True, first="2020-01-01", last="2020-12-31", runs=runs, looks=looks,
        dependence=9.0, independent=40.7,
        winner={"run_id": "id-channel_search/0", "name": "channel_search/0", "shown": best,
                "error": 0.019, "expected": expected, "optimism": expected - best,
                "upper95": expected + 0.041,
                "truth": {"mean": float(true[0]), "error": 0.001}},
        gain={"reference": "channel_naive", "shown": 0.60 - best, "expected": 0.60 - expected,
              "lower95": 0.12, "trust": (0.60 - expected) / (0.60 - best), "colour": "green",
              "simultaneous": 0.05},
        confidence_set={"count": 23, "run_ids": [r["run_id"] for r in runs[:23]],
              "names": [r["name"] for r in runs[:23]], "p_spa": 0.001},
        effective=31.0, half_width=0.05, overfit_probability=0.08, best_of=curve,
        verdict="validation set in use: half of what the search gained was luck",
        sentences=["Best validation loss 0.38; picked fairly it is 0.41."],
    )  # fmt: skip


def attack() -> dict[str, Any]:
    """200 steps of hill climbing against the shown days; the hidden holdout shows that nothing is won."""
    random = np.random.default_rng(11)
    steps = np.arange(1, 201)
    shown_gain = 0.11 * (1 - np.exp(-steps / 70))
    shadow_gain = np.cumsum(random.normal(0, 0.0012, 200))
    path = [
        {"look": int(i), "shown": float(a), "hidden_holdout": float(b)}
        for i, a, b in zip(steps, shown_gain, shadow_gain, strict=True)
    ]
    runs = [
        entry(f"channel_leaderboard/{199 - i}", 0.49 + 0.0005 * i, experiment="channel_leaderboard")
        for i in range(200)
    ]
    return blank(
        "channel", len(SHOWN), label="channel (simulated)", split="year",
        unit="thousand views", loss="mae", dated=True, first="2020-01-01", last="2020-12-31",
        runs=runs,
        looks=blank("x", 1, runs=runs)["looks"] | {"rounds": 200, "log_class": 138.6,
                                                   "bits_used": 200.0, "bits_budget": 14.0},
        dependence=1.0, independent=float(len(SHOWN)),
        winner={"run_id": "id-channel_leaderboard/199", "name": "channel_leaderboard/199",
                "shown": 0.49, "error": 0.02, "expected": None, "optimism": None, "upper95": None,
                "truth": {"mean": 0.603, "error": 0.002}},
        refusal="200 rounds of choice, each made in sight of the last: no figure from these rows",
        adaptive={"caveat": "holds only if no run was tuned on these rows",
                  "hoeffding": {"half_width": 0.51, "rows_asked": 7120, "tolerance": 0.1}},
        hidden_holdout={"rows": len(YEAR) - len(SHOWN), "gain_shown": float(shown_gain[-1]),
                "gain_shadow": float(shadow_gain[-1]),
                "difference": float(shown_gain[-1] - shadow_gain[-1]), "error": 0.012,
                "estimate": 0.604, "alarm": True, "looks": 200, "path": path,
                "sentence": "The alarm rings: what the shown days gained, the hidden holdout did not."},
        verdict="validation set worn out: the hidden days say 0.604",
    )  # fmt: skip


def everything() -> list[dict[str, Any]]:
    """All studies, in the order of the audit."""
    few = [lectures(17, "swap"), lectures(7, "course"), lectures(5, "within")]
    return [search(), attack(), channel(), *few]


def uses(audits: list[dict[str, Any]]) -> pd.DataFrame:
    """How often each row was used in all holdouts: a row per holdout and row."""
    tables = []
    for audit in audits:
        keys = _rows(audit)
        table = pd.DataFrame({"data": audit["data"], "entity": "A", "time": keys, "row": keys})
        looks = {"runs": audit["looks"]["runs"], "scores": audit["looks"]["scores"]}
        tables.append(table.assign(holdout=audit["holdout"], **looks))
    table = pd.concat(tables, ignore_index=True)
    of_row = table.groupby(["data", "row"])[["runs", "scores"]]
    return table.assign(**of_row.transform("sum"))


def _rows(audit: dict[str, Any]) -> pd.Index:
    if audit["dated"]:
        return next(days for days in (NEXT, YEAR, SHOWN) if len(days) == audit["rows"])
    course = "GenAI-ML-2025" if audit["split"] == "course" else "ML2021"
    first = 13 if audit["split"] == "within" else 1
    return pd.Index([f"{course}/{first + i}" for i in range(audit["rows"] or 0)])


def write(root: Path, audits: list[dict[str, Any]]) -> None:
    """Store audits where the report looks for them."""
    (root / "reports").mkdir(parents=True, exist_ok=True)
    (root / "build" / "audit").mkdir(parents=True, exist_ok=True)
    (root / "reports" / "audit.json").write_text(json.dumps(audits))
    uses(audits).to_parquet(root / "build" / "audit" / "rows.parquet", index=False)
