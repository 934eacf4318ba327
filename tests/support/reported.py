"""Made-up results of runs, as the pipeline would leave them, and the page that they become."""

import json
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from support.browser import chromium
from viewcast.demo import figures as lecture_figures
from viewcast.models import fitted
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.report import figures
from viewcast.report.figures.style import Picture
from viewcast.report.page import build

DAYS = pd.date_range("2020-01-01", periods=40, freq="D")
COURSE = {"entity": ["A"] * 6 + ["B"] * 4, "pages": [10.0, 20, 30, 40, 50, 60, 25, 50, 75, 100]}
SIMULATED = "channel (simulated)"
FIGURES = (figures, lecture_figures)
LOOKUPS = ("naive", "memorizer", "memorizer_leak")  # models that learn nothing


def network(slope: float, hidden: tuple[int, ...] = ()) -> FittedNetwork:
    """A line, or a net of max(0, pages) units that together have the slope."""
    if not hidden:
        return FittedNetwork(["pages"], (), np.array([slope, 0.0]), Scaling.identity(1))
    units = hidden[0]
    parts = [np.ones(units), np.zeros(units), np.full(units, slope / units), [0.0]]
    return FittedNetwork(["pages"], (units,), np.concatenate(parts), Scaling.identity(1))


class Fake:
    """Results of made-up runs in a folder, as the pipeline would leave them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: list[dict[str, Any]] = []
        self.label = SIMULATED

    def prepare(self) -> None:
        folder = self.root / "build" / "prepared"
        folder.mkdir(parents=True, exist_ok=True)
        lectures = pd.DataFrame(COURSE).assign(unit="minutes")
        lectures.insert(0, "row", [f"{e}/{i}" for i, e in enumerate(lectures["entity"])])
        lectures["target"] = 2 * lectures["pages"] + [1, -1] * 5
        lectures.loc[9, "target"] = np.nan  # of the test: sealed
        lectures["split_course"] = ["train"] * 6 + ["validation"] * 3 + ["test"]
        lectures["split_swap"] = ["validation"] * 6 + ["train"] * 3 + ["test"]
        lectures.to_parquet(folder / "lectures.parquet")
        days = pd.DataFrame({"row": DAYS.strftime("%Y-%m-%d"), "time": DAYS, "unit": "views"})
        days["target"] = 3 + np.sin(np.arange(40) * 2 * np.pi / 7)
        days = days[:37].assign(split_lecture=["train"] * 30 + ["validation"] * 7)
        days.to_parquet(folder / "channel.parquet")  # the last three days are the test: sealed
        splits = {"lecture": {"test": {"first": "2020-02-07", "last": "2020-02-09"}}}
        params = self.root / "build" / "params" / "prepare" / "channel.yaml"
        params.parent.mkdir(parents=True)
        params.write_text(json.dumps({"splits": splits}))
        self.tables = {"lectures": lectures, "channel": days}

    def run(self, data: str, name: str, model: str = "linear", **said: Any) -> dict[str, Any]:
        """Store a run; ``said`` overrides what its result says."""
        daily = data == "channel"
        row = {
            "data": data, "label": self.label if daily else data, "model": model,
            "experiment": name, "trainer": "least_squares",
            "split": "lecture" if daily else "course",
            "features": ["pages"], "loss": "mae" if daily else "mse",
            "unit": "thousand views" if daily else "minutes²",
            "target_unit": "thousand views" if daily else "minutes", "block": 1,
            "status": "finished", "left_out": [], "holdout": data, "published_train": None,
            "published_val": None, "published_source": None, "train_loss": 0.25, "val_loss": 0.5,
            "val_error": 0.05, "best_epoch": 3, "params": {}, "settings": {},
            "kind": "lookup" if model in LOOKUPS else "network" if model == "deep" else "line",
            "test": {}, "identity": name,
            "key": f"id-{data}-{name}-{model}", "verdict": "cannot be told from naive",
        }  # fmt: skip
        row |= said
        folder = self.root / "build" / "experiments" / name
        if name == "main":
            folder = self.root / "build" / "train" / data / model
        folder.mkdir(parents=True)
        self.rows.append(row)
        epochs = np.arange(1, 11)
        curve = pd.DataFrame({"epoch": epochs, "train_loss": 1 / epochs})
        curve["val_loss"] = 0.4 + 0.02 * (epochs - 3) ** 2
        curve.to_csv(folder / "curve.csv", index=False)
        if row["status"] == "finished":
            table = self.tables[data]
            split = table[f"split_{row['split']}"]
            guess = table["target"] + (0.1 if daily else 3.0)
            pd.DataFrame(
                {"row": table["row"], "split": split, "target": table["target"],
                 "prediction": guess, "loss": row["val_loss"]}
            ).to_parquet(folder / "predictions.parquet")  # fmt: skip
        self.folder = folder
        return row

    def whole(self) -> "Fake":
        """Every run that a picture asks for, small."""
        self.prepare()
        for data in ("lectures", "channel"):
            for model in ("linear", "augmented", "deep"):
                self.run(data, "main", model, test={"B/9": 150.0} if data == "lectures" else {})
                if (data, model) == ("channel", "deep"):
                    fitted.save(network(1.0, (100,)), self.folder / "model", "views")
            self.run(data, f"{data}_naive", "naive", val_loss=0.9)
            self.run(data, f"{data}_memorizer", "memorizer", train_loss=0.0, val_loss=4.0)
            self.run(
                data,
                f"{data}_memorizer_leak",
                "memorizer_leak",
                train_loss=0.0,
                val_loss=0.0,
                val_error=0.0,
            )
        line = {"params": {"w": 2.0, "b": 0.5}, "published_train": 1.0, "published_val": 0.48}
        self.run("lectures", "lectures_course", **line, published_source="the lecturer")
        fitted.save(network(2.0), self.folder / "model", "minutes")
        self.run("lectures", "lectures_swap", params={"w": 1.4, "b": -8.8}, split="swap")
        self.run("lectures", "lectures_deep", "deep", val_loss=7.5)
        fitted.save(network(3.0, (4,)), self.folder / "model", "minutes")
        self.run("lectures", "lectures_grid_search")
        w, b = np.meshgrid(np.linspace(0, 3, 30), np.linspace(0, 20, 30), indexing="ij")
        loss = 1 + 100 * (w - 2) ** 2 + (b - 0.5) ** 2 + 10 * (w - 2) * (b - 0.5)
        grid = {"w": w.ravel(), "b": b.ravel(), "loss": loss.ravel()}
        pd.DataFrame(grid).to_parquet(self.folder / "surface.parquet")
        for name in ("descent", "descent_1000", "descent_batch_1"):
            self.run("lectures", f"lectures_{name}", params={"w": 1.5, "b": 14.0})
            path = {"update": range(1, 201), "p0": 1.5, "b": np.linspace(15, 14, 200)}
            pd.DataFrame(path).to_csv(self.folder / "path.csv", index=False)
        self.run("channel", "channel_linear_7", features=[f"lag_{i}" for i in range(7)])
        self.run("channel", "channel_batch_1", "deep", best_epoch=4)
        return self

    def diverged(self) -> None:
        nothing = {"status": "diverged", "failure": "diverged at step 3: too high", "holdout": None,
                   "train_loss": None, "val_loss": None, "val_error": None, "best_epoch": None,
                   "verdict": "diverged at step 3"}  # fmt: skip
        self.run("lectures", "lectures_descent_diverges", **nothing)
        curve = {"epoch": [1, 2, 3], "train_loss": [1e3, 1e6, 4.2e9], "val_loss": [np.nan] * 3}
        pd.DataFrame(curve).to_csv(self.folder / "curve.csv", index=False)

    def build(self, packages: Sequence[ModuleType] = FIGURES) -> tuple[dict[str, Picture], str]:
        """The pictures that these packages draw, by name, and the page."""
        (self.root / "reports").mkdir(exist_ok=True)
        (self.root / "reports" / "summary.json").write_text(json.dumps(self.rows))
        pictures = {picture.name: picture for picture in build(self.root, packages)}
        return pictures, (self.root / "reports" / "index.html").read_text()


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def seen(file: Path, width: int, questions: Sequence[str]) -> tuple[list[Any], list[str]]:
    """What a browser of that width answers (JavaScript), and what it complained of or fetched."""
    errors: list[str] = []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda request: errors.append(request.url) if "http" in request.url[:5] else None,
        )
        page.goto(file.as_uri())
        answers = [page.evaluate(question) for question in questions]
    return answers, errors
