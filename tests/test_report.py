"""The report: pictures that say what the numbers say, and a page that needs nothing else."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from viewcast.errors import DataError
from viewcast.models import fitted
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.report.figures.style import Picture, log_ticks, plain
from viewcast.report.page import build

CHROMIUM = Path("/usr/bin/chromium")
DAYS = pd.date_range("2020-01-01", periods=40, freq="D")
COURSE = {"entity": ["A"] * 6 + ["B"] * 4, "pages": [10.0, 20, 30, 40, 50, 60, 25, 50, 75, 100]}
SIMULATED = "channel (simulated)"


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
        lectures["split_course"] = ["train"] * 6 + ["validation"] * 3 + ["test"]
        lectures["split_swap"] = ["validation"] * 6 + ["train"] * 3 + ["test"]
        lectures.to_parquet(folder / "lectures.parquet")
        days = pd.DataFrame({"row": DAYS.strftime("%Y-%m-%d"), "time": DAYS, "unit": "views"})
        days["target"] = 3 + np.sin(np.arange(40) * 2 * np.pi / 7)
        days["split_lecture"] = ["train"] * 30 + ["validation"] * 7 + ["test"] * 3
        days.to_parquet(folder / "channel.parquet")
        self.tables = {"lectures": lectures, "channel": days}

    def run(self, data: str, name: str, model: str = "linear", **said: Any) -> dict[str, Any]:
        """Store a run; ``said`` overrides what its result says."""
        daily = data == "channel"
        row = {
            "data": data, "label": self.label if daily else data, "model": model,
            "experiment": name, "trainer": "closed_form", "split": "lecture" if daily else "course",
            "features": ["pages"], "loss": "mae" if daily else "mse",
            "unit": "thousand views" if daily else "minutes²",
            "target_unit": "thousand views" if daily else "minutes", "block": 1,
            "status": "finished", "left_out": [], "holdout": data, "published_train": None,
            "published_val": None, "published_source": None, "train_loss": 0.25, "val_loss": 0.5,
            "val_error": 0.05, "best_epoch": 3, "params": {}, "settings": {},
            "kind": "network" if model == "deep" else "line", "test": {}, "identity": name,
            "run_id": f"id-{data}-{name}-{model}", "verdict": "cannot be told from naive",
        }  # fmt: skip
        row |= said
        folder = self.root / "build" / "study" / name
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
            self.run(data, f"{data}_lazy", "lazy", train_loss=0.0, val_loss=4.0)
            self.run(data, f"{data}_lazy2", "lazy2", train_loss=0.0, val_loss=0.0, val_error=0.0)
        line = {"params": {"w": 2.0, "b": 0.5}, "published_train": 1.0, "published_val": 0.48}
        self.run("lectures", "lectures_course", **line, published_source="the lecturer")
        fitted.save(network(2.0), self.folder / "model", "minutes")
        self.run("lectures", "lectures_swap", params={"w": 1.4, "b": -8.8}, split="swap")
        self.run("lectures", "lectures_deep", "deep", val_loss=7.5)
        fitted.save(network(3.0, (4,)), self.folder / "model", "minutes")
        self.run("lectures", "lectures_brute_force")
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

    def build(self) -> tuple[dict[str, Picture], str]:
        (self.root / "reports").mkdir(exist_ok=True)
        (self.root / "reports" / "summary.json").write_text(json.dumps(self.rows))
        pictures = {picture.name: picture for picture in build(self.root)}
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


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    return Fake(tmp_path).whole()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Picture], str, Path]:
    """One report of everything, for the tests that only look at it."""
    fake = Fake(tmp_path_factory.mktemp("report")).whole()
    fake.diverged()
    return *fake.build(), fake.root


def test_page_needs_no_network_and_no_script(built: Any) -> None:
    _, page, _ = built
    without_images = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "data:", page)
    assert not re.search(r"https?://|//[a-z]|@import|url\(", without_images)
    tags = Tags(page)
    assert all((a.get("src") or "data:").startswith("data:") for _, a in tags.found)
    assert all((a["href"] or "").startswith(("#", "data:")) for _, a in tags.found if "href" in a)
    assert not tags.of("script")


def test_every_picture_is_on_the_page_once_and_has_an_alternative_text(built: Any) -> None:
    pictures, page, _ = built
    images = Tags(page).of("img")
    assert len(images) == len(pictures) > 12
    assert sorted(str(i["alt"]) for i in images) == sorted(p.alt for p in pictures.values())
    assert all(picture.title in picture.alt for picture in pictures.values())


def test_pictures_are_files_of_the_folder_and_name_the_runs_they_show(built: Any) -> None:
    pictures, _, root = built
    files = sorted((root / "reports" / "figures").iterdir())
    assert files == sorted(picture.path for picture in pictures.values())
    known = {row["run_id"] for row in json.loads((root / "reports" / "summary.json").read_text())}
    for picture in pictures.values():
        assert picture.run_ids and set(picture.run_ids) <= known
        with Image.open(picture.path) as image:
            assert image.width >= 1000


def test_simulated_is_said_wherever_the_channel_is_shown(built: Any) -> None:
    pictures, page, _ = built
    of_channel = [p for name, p in pictures.items() if name.startswith("channel")]
    assert len(of_channel) >= 6
    for picture in of_channel:
        assert SIMULATED in picture.alt and SIMULATED in picture.caption
    captions = re.findall(r'<figure id="channel\w+">.*?<figcaption>(.*?)</figcaption>', page, re.S)
    assert len(captions) == len(of_channel)
    assert all(SIMULATED in caption for caption in captions)
    headings = [h for h in re.findall(r"<h[1-3][^>]*>(.*?)</h", page) if "channel" in h]
    tables = [str(t["aria-label"]) for t in Tags(page).of("table") if "channel" in str(t)]
    assert headings and tables
    assert all(SIMULATED in text for text in headings + tables)


def test_published_figures_keep_their_digits_and_are_said_to_be_the_lecturers(built: Any) -> None:
    _, page, _ = built
    assert "1 / 0.48" in page and "0.480" not in page
    assert "the lecturer's, on his own data, and never ours" in page


def test_a_table_says_unit_and_standard_error(built: Any) -> None:
    _, page, _ = built
    assert "Mean loss in minutes²; validation ± standard error" in page
    assert "0.500 ± 0.050" in page


def test_a_diverged_run_is_told_and_breaks_nothing(built: Any) -> None:
    pictures, page, _ = built
    assert "4.2 billion after 3 updates" in pictures["lectures_learning_rates"].title
    assert "diverged at step 3" in page


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        fake = Fake(tmp_path / name)
        fake.prepare()
        fake.run("channel", "main", "deep")
        written.append(fake.build()[1])
    assert written[0] == written[1]


def test_a_title_follows_the_numbers(tmp_path: Path) -> None:
    titles = []
    for loss in (648.4, 77.7):
        root = tmp_path / str(loss)
        root.mkdir()
        fake = Fake(root)
        fake.prepare()
        fake.run("lectures", "lectures_naive", "naive")
        fake.run("lectures", "lectures_lazy", "lazy", train_loss=0.0, val_loss=loss)
        fake.run("lectures", "lectures_lazy2", "lazy2", train_loss=0.0, val_loss=0.0)
        titles.append(fake.build()[0]["lectures_canaries"].title)
    assert "loses 648 minutes²" in titles[0]
    assert titles[1] == titles[0].replace("648", "77.7")


@pytest.mark.parametrize(
    ("missing", "picture"),
    [
        ("lectures_brute_force", "lectures_learning_rates"),
        ("lectures_swap", "lectures_courses"),
        ("lectures_deep", "lectures_functions"),
        ("channel_lazy2", "channel_canaries"),
    ],
)
def test_a_picture_whose_run_is_missing_is_left_out(fake: Fake, missing: str, picture: str) -> None:
    fake.rows = [row for row in fake.rows if row["experiment"] != missing]
    pictures, page = fake.build()
    assert picture not in pictures and f'id="{picture}"' not in page
    assert pictures


def test_folders_that_have_gone_leave_pictures_out(fake: Fake) -> None:
    shutil.rmtree(fake.root / "build")
    pictures, page = fake.build()
    assert "lectures_functions" not in pictures and "channel_series" not in pictures
    assert "lectures_gaps" in pictures and "All runs" in page


def test_pictures_of_a_former_report_do_not_stay(fake: Fake) -> None:
    fake.build()
    fake.rows = [row for row in fake.rows if row["data"] == "lectures"]
    pictures, _ = fake.build()
    names = {path.stem for path in (fake.root / "reports" / "figures").iterdir()}
    assert names == set(pictures) and not any(name.startswith("channel") for name in names)


def test_a_label_cannot_bring_markup_or_mathematics(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.label = '<script>alert("x")</script> $\\frac{$ 頻道 (simulated)'
    fake.prepare()
    fake.run("channel", "main", "deep", verdict="<b>bold</b> & more")
    fake.run("channel", "channel_naive", "naive")
    pictures, page = fake.build()
    assert "channel_series" in pictures
    assert not Tags(page).of("script")
    assert "&lt;script&gt;" in page and "&lt;b&gt;bold&lt;/b&gt; &amp; more" in page


def test_without_a_summary_the_next_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"python pipelines/evaluate\.py"):
        build(tmp_path)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"), (float("nan"), "–"), (float("inf"), "∞"), (0, "0"), (3, "3"),
        (0.59278, "0.593"), (-8.8487, "−8.85"), (999.9, "1,000"), (2524.7, "2,520"),
        (1_010_265.5, "1.0 million"), (2.03e9, "2.0 billion"), (1e6, "1 million"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_read_them(value: float | None, said: str) -> None:
    assert plain(value) == said


@pytest.mark.parametrize("high", [5.0, 70.0, 1e7])
def test_a_logarithmic_axis_has_a_few_ticks(high: float) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 (the page's own import is enough)

    axes = Figure().subplots()
    log_ticks(axes.xaxis, 0.02, high)
    assert 3 <= len(axes.get_xticks()) <= 6


def test_drawing_needs_neither_torch_nor_mlflow_nor_pyplot() -> None:
    code = (
        "import sys, viewcast.report.page\n"
        "heavy = {'torch', 'mlflow', 'hydra', 'matplotlib.pyplot'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_everything_without_sideways_scrolling(built: Any, width: int) -> None:
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser: {CHROMIUM} is absent")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only here)

    pictures, _, root = built
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda request: errors.append(request.url) if "http" in request.url[:5] else None,
        )
        page.goto((root / "reports" / "index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        loaded = "[...document.images].filter(i => i.complete && i.naturalWidth > 0).length"
        assert page.evaluate(loaded) == len(pictures)
        browser.close()
    assert errors == []
