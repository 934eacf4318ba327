"""The page of a person's own channel: it begins with its next days and tells of nothing else."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from support import told_nights
from support.audited import blank
from support.reported import Fake, Tags, seen
from viewcast.assessment.understanding import Understanding
from viewcast.base.paths import experiment_path, params_path, run_folders, train_path
from viewcast.report import nights_html
from viewcast.report.audits import named, of_datasets
from viewcast.report.figures.run_results import Results
from viewcast.report.nights_page import write_page
from viewcast.report.page import render

pytestmark = pytest.mark.xdist_group("report of a channel")  # what is costly is made once for all

SCREEN = 844  # pixels of height, of a phone 390 pixels wide


def own(root: Path) -> Fake:
    """A report of the runs on one data set that is not of the lectures."""
    root.mkdir(exist_ok=True)
    fake = Fake(root)
    fake.prepare()
    prepared = root / "build" / "prepared"
    shutil.copy(prepared / "channel.parquet", prepared / "mine.parquet")
    fake.tables["mine"] = fake.tables["channel"]
    said = {"label": "my channel", "split": "lecture", "loss": "mae", "unit": "views"}
    for model in ("linear", "augmented", "deep"):
        fake.run("mine", "main", model, target_unit="views", **said)
    for model in ("naive", "memorizer", "memorizer_leak"):
        fake.run("mine", f"mine_{model}", model, target_unit="views", **said)
    return fake


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """The page before the first night, and after one; the file of the latter."""
    fake = own(tmp_path_factory.mktemp("channel") / "project")
    _, before = fake.build()
    told_nights.leave(told_nights.alarmed(), fake.root)
    return before, write_page(fake.root).read_text(), fake.root / "reports" / "index.html"


def test_the_page_begins_with_the_next_days_and_ends_with_what_scores_are_worth(
    pages: tuple[str, str, Path],
) -> None:
    headings = re.findall(r"<h[1-3][^>]*>(.*?)</h", pages[1])
    assert headings[0] == "my channel"
    starts = [
        "The next days", "What came true", "A change of habit", "Which recipe serves",
        "The days that the models learn from", "What the validation score is worth", "All runs",
    ]  # fmt: skip
    assert [
        heading[: len(start)] for heading, start in zip(headings[1:], starts, strict=False)
    ] == (starts)


def test_the_page_tells_of_no_lecture_and_of_no_simulated_channel(
    pages: tuple[str, str, Path],
) -> None:
    for page in pages[:2]:
        words = re.sub(r'base64,[^"]+', "", page)
        assert "simulated" not in words and "slide" not in words and "Hung-yi" not in words


def test_before_the_first_night_the_command_that_runs_one_stands_in_its_place(
    pages: tuple[str, str, Path],
) -> None:
    before, after, _ = pages
    assert "pipelines/own_nights.py" in before.split(nights_html.OPENING)[1]
    assert "No night has forecast" not in after


def test_every_picture_and_every_run_is_on_the_page_and_most_are_folded_away(
    pages: tuple[str, str, Path],
) -> None:
    _, page, file = pages
    drawn = {path.stem for path in (file.parent / "figures").glob("*.png")}
    assert set(re.findall(r'<figure id="(\w+)">', page)) == drawn
    assert len(Tags(page).of("img")) == len(drawn)
    folded = "".join(re.findall(r"<details.*?</details>", page, re.S))
    assert all(f'<figure id="mine_{name}">' in folded for name in ("gaps", "memorizers"))
    assert folded.count('<td class="verdict">') == 6


def test_lectures_beside_the_channel_bring_their_page_back(tmp_path: Path) -> None:
    fake = own(tmp_path / "project")
    fake.run("lectures", "main", "linear")
    page = render(Results(fake.root, fake.rows), [])
    assert "<h1>How far can a validation score be believed?</h1>" in page


def test_runs_of_a_data_set_that_was_taken_out_are_no_runs_of_the_pipeline(tmp_path: Path) -> None:
    runs = [train_path(tmp_path, data, "deep") for data in ("mine", "lectures")]
    runs.append(experiment_path(tmp_path, "mine_naive"))
    for run in runs:
        run.mkdir(parents=True)
        (run / "result.json").touch()
    planned = params_path(tmp_path, "train", "mine", "deep")
    planned.parent.mkdir(parents=True)
    planned.touch()
    assert run_folders(tmp_path) == [runs[0], runs[2]]


def test_audits_of_a_data_set_that_was_taken_out_are_left_out_and_those_of_others_stay() -> None:
    mine, gone, others = named([blank("mine", 45), blank("lectures", 7), blank("", 10)])
    understood = Understanding("val/mae", "most runs", False, "", "last", 10, None, "", 3)
    others = replace(others, result=replace(others.result, understood=understood))
    assert of_datasets([mine, gone, others], ["mine"]) == [mine, others]


@pytest.mark.slow
def test_a_phone_needs_at_most_ten_screens(pages: tuple[str, str, Path]) -> None:
    questions = ["document.documentElement.scrollWidth", "document.documentElement.scrollHeight"]
    (width, height), errors = seen(pages[2], 390, questions)
    assert width <= 390
    assert height <= 10 * SCREEN
    assert errors == []
