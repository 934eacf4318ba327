"""The report: pictures that say what the numbers say, and a page that needs nothing else."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.reported import FIGURES, SIMULATED, Fake, Tags, seen
from viewcast.base.errors import DataError
from viewcast.base.numbers import plain
from viewcast.report.figures.style import Picture, log_ticks, loss_label
from viewcast.report.page import build

pytestmark = pytest.mark.xdist_group("report")  # what is costly is made once for all

WIDTH = "document.documentElement.scrollWidth"


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
    files = sorted((root / "reports" / "figures").glob("*.png"))
    assert files == sorted(picture.path for picture in pictures.values())
    known = {row["key"] for row in json.loads((root / "reports" / "summary.json").read_text())}
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
    assert "4.2 billion minutes² after 3 updates" in pictures["lectures_learning_rates"].title
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
        fake.run("lectures", "lectures_memorizer", "memorizer", train_loss=0.0, val_loss=loss)
        fake.run(
            "lectures", "lectures_memorizer_leak", "memorizer_leak", train_loss=0.0, val_loss=0.0
        )
        titles.append(fake.build()[0]["lectures_memorizers"].title)
    assert "loses 648.400 ± 0.050 minutes²" in titles[0]
    assert titles[1] == titles[0].replace("648.4", "77.7")


def test_a_picture_whose_run_is_missing_is_left_out(fake: Fake) -> None:
    missing = {
        "lectures_grid_search": "lectures_learning_rates",
        "lectures_swap": "lectures_courses",
        "lectures_deep": "lectures_functions",
        "channel_memorizer_leak": "channel_memorizers",
    }
    fake.rows = [row for row in fake.rows if row["experiment"] not in missing]
    pictures, page = fake.build()
    for picture in missing.values():
        assert picture not in pictures and f'id="{picture}"' not in page
    assert {"lectures_gaps", "channel_series"} <= set(pictures)


def test_folders_that_have_gone_leave_pictures_out(fake: Fake) -> None:
    shutil.rmtree(fake.root / "build")
    pictures, page = fake.build()
    assert "lectures_functions" not in pictures and "channel_series" not in pictures
    assert "lectures_gaps" in pictures and "All runs" in page


def test_pictures_of_a_former_report_do_not_stay(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.prepare()
    for data in ("lectures", "channel"):
        fake.run(data, "main", "deep")
    former, _ = fake.build()
    assert any(name.startswith("channel") for name in former)
    fake.rows = [row for row in fake.rows if row["data"] == "lectures"]
    pictures, _ = fake.build()
    names = {path.stem for path in (fake.root / "reports" / "figures").glob("*.png")}
    assert names == set(pictures) != set() and not any(name.startswith("channel") for name in names)


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


def test_models_and_losses_that_no_figure_knows_are_drawn_like_any_other(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.prepare()
    strange = {"kind": "trees", "loss": "pinball", "unit": "points", "settings": {"leaves": 31}}
    for data in ("lectures", "channel"):
        for model in ("linear", "boosted", "forest", "boosted_deep", "kernel", "rules"):
            kind = {"kind": "line"} if model == "linear" else {}
            fake.run(data, "main", model, val_loss=0.3, **strange | kind)
        fake.run(data, f"{data}_naive", "naive", val_loss=0.9, **strange | {"kind": "lookup"})
    pictures, page = fake.build()
    for data in ("lectures", "channel"):
        assert {f"{data}_gaps", f"{data}_predictions", f"{data}_overfitting"} <= set(pictures)
    assert "The linear model is off by 3 minutes" in pictures["lectures_predictions"].title
    assert "boosted" in page and "points" in page


@pytest.mark.parametrize(
    ("loss", "label"),
    [
        ("mse", "mean squared error (points)"),
        ("pinball", "pinball loss (points)"),
        ("log_loss", "log loss (points)"),
        ("", "loss (points)"),
    ],
)
def test_a_loss_is_called_by_its_label_or_by_its_name(loss: str, label: str) -> None:
    assert loss_label(loss, "points") == label


def test_the_overfitting_picture_pairs_a_run_with_its_stopped_twin(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.prepare()
    settings = {"lr": 0.1, "epochs": 300, "restore_best": False, "patience": None}
    stopped = settings | {"epochs": 90, "restore_best": True, "patience": 9}
    fake.run("channel", "main", "deep", settings=stopped | {"lr": 0.2})
    fake.run("channel", "channel_other_network", "deep", settings=stopped, features=["lag_1"])
    fake.run("channel", "channel_to_the_end", "deep", settings=settings)
    fake.run("channel", "channel_stopped", "deep", settings=stopped)
    picture = fake.build()[0]["channel_overfitting"]
    names = ("to_the_end", "stopped")
    assert picture.run_ids == [f"id-channel-channel_{name}-deep" for name in names]
    assert "The same model with early stopping (“stopped”)" in picture.caption


def test_without_a_summary_the_next_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"python pipelines/evaluate\.py"):
        build(tmp_path, FIGURES)


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


def test_a_logarithmic_axis_whose_ends_are_near_each_other_has_ticks_that_say_where() -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415

    axes = Figure().subplots()
    log_ticks(axes.xaxis, 19.0, 37.0)
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == [f"{tick:g}" for tick in axes.get_xticks()]
    assert 3 <= len(labels) <= 6


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
    pictures, _, root = built
    loaded = "[...document.images].filter(i => i.complete && i.naturalWidth > 0).length"
    answers, errors = seen(root / "reports" / "index.html", width, [WIDTH, loaded])
    assert answers[0] <= width
    assert answers[1] == len(pictures)
    assert errors == []
