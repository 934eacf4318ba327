"""What the report leaves in MLflow: pictures as artifacts and images, notes that show them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from mlflow import MlflowClient

from support import audited
from support.reported import Fake
from viewcast.base.settings import Tracking
from viewcast.report.figures.style import Picture
from viewcast.report.publication import publish
from viewcast.tracking.images import FEW
from viewcast.tracking.note_mark import is_ours
from viewcast.tracking.tags import DATA, LABEL, LOSS, NOTE, RUN_KEY, UNIT

EXPERIMENT = {DATA: "lectures", LABEL: "lectures", LOSS: "mse", UNIT: "minutes²"}
RUNS = {
    "lectures_deep": "deep",  # shown by the picture of two runs
    "lectures_course": "linear",
    "lectures_descent": "linear",
    "lectures_words": "linear",  # not validated
}


class Published:
    """A project with runs in its store, of which an audit knows three, and two pictures."""

    def __init__(self, root: Path, empty: Path) -> None:
        self.root = root
        shutil.copy(empty, root / "mlflow.db")
        self.tracking = Tracking(f"sqlite:///{root}/mlflow.db", None, "viewcast", 0.0)
        self.client = MlflowClient(self.tracking.uri)
        place = (root / "artifacts").as_uri()
        self.experiment = self.client.create_experiment("viewcast-lectures", place, EXPERIMENT)
        self.ids = {name: self._run(name) for name in RUNS}
        fake = Fake(root)
        fake.prepare()
        for name, model in RUNS.items():
            fake.run("lectures", name, model, key=f"key of {name}", **self._said(name))
            if name in ("lectures_course", "lectures_words"):  # least squares has no epochs
                (fake.folder / "curve.csv").write_text("epoch,train_loss,val_loss\n")
        (root / "reports").mkdir()
        (root / "reports" / "summary.json").write_text(json.dumps(fake.rows))
        audited.write(root, [self._audit()])
        of_two = ["key of lectures_deep", "unknown to the store"]
        self.few = self.picture("lectures_functions", of_two)
        self.many = self.picture("lectures_gaps", [*(f"key of {name}" for name in RUNS), *"abcdef"])

    def publish(self) -> None:
        publish(self.root, [self.few, self.many], self.tracking)

    def picture(self, name: str, runs: list[str], colour: str = "white") -> Picture:
        path = self.root / f"{name}.png"
        PIL.Image.new("RGB", (20, 10), colour).save(path)
        return Picture(name, path, "a finding", "", "", runs)

    def files(self, name: str, folder: str) -> list[str]:
        listed = self.client.list_artifacts(self.ids[name], folder)
        return sorted(Path(file.path).name for file in listed)

    def keys(self, name: str) -> list[str]:
        """The key and step of each image, as their files tell MLflow's UI."""
        files = self.files(name, "images")
        return ["+".join(file.split("+")[:3]) for file in files if file.endswith(".png")]

    def note(self, name: str) -> str:
        return str(self.client.get_run(self.ids[name]).data.tags[NOTE])

    def state(self) -> Any:
        """Everything that a second time could have written anew."""
        tags = [self.client.get_run(run_id).data.tags for run_id in self.ids.values()]
        images = [self.files(name, "images") for name in RUNS]
        return tags, images, self.client.get_experiment(self.experiment).tags

    def _run(self, name: str) -> str:
        tags = {RUN_KEY: f"key of {name}"}
        run = self.client.create_run(self.experiment, run_name=name, tags=tags)
        self.client.log_metric(run.info.run_id, "model_val_error", 140.0)
        self.client.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def _said(self, name: str) -> dict[str, Any]:
        if name != "lectures_words":
            return {}
        verdict = "not validated: words unknown"
        return {"val_loss": None, "val_error": None, "holdout": None, "verdict": verdict}

    def _audit(self) -> Any:
        names = ("lectures_deep", "lectures_course", "lectures_descent")
        runs = tuple(
            replace(audited.entry(name, 330.0 + place), run_id=f"key of {name}")
            for place, name in enumerate(names)
        )
        return replace(
            audited.lectures(), runs=runs, winner=replace(audited.winner(runs[0], 140.0))
        )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Published:
    """A project whose report was made, which tests only read."""
    return _published(tmp_path_factory.mktemp("published"), empty_store)


@pytest.fixture
def own(tmp_path: Path, empty_store: Path) -> Published:
    """One that a test may change."""
    return _published(tmp_path, empty_store)


def _published(root: Path, empty: Path) -> Published:
    made = Published(root, empty)
    made.publish()
    return made


def test_a_run_has_as_images_the_pictures_that_show_it_among_few(published: Published) -> None:
    assert published.keys("lectures_deep") == ["lectures_functions+step+0"]
    assert published.files("lectures_deep", "pictures") == [
        *("lectures_functions.png", "lectures_gaps.png"),
    ]
    assert len(published.many.run_ids) > FEW


def test_a_run_that_no_picture_shows_well_gets_its_learning_curve_or_its_predictions(
    published: Published,
) -> None:
    assert published.keys("lectures_descent") == ["learning_curve+step+0"]
    assert published.keys("lectures_course") == ["predictions+step+0"]


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("lectures_deep", "lectures_functions"),
        ("lectures_course", "predictions"),
        ("lectures_descent", "learning_curve"),
        ("lectures_words", "lectures_gaps"),  # nothing but the picture of many shows it
    ],
)
def test_the_note_of_every_run_shows_a_picture_that_the_run_has(
    published: Published, name: str, picture: str
) -> None:
    address = f"/get-artifact?path=pictures/{picture}.png&run_uuid={published.ids[name]}"
    assert address in published.note(name)
    assert f"{picture}.png" in published.files(name, "pictures")


def test_notes_say_what_the_summary_and_the_audit_know(published: Published) -> None:
    assert published.note("lectures_deep").startswith("**Cannot be told from naive**")
    assert "**331 ± 140 minutes²**" in published.note("lectures_course")
    assert published.note("lectures_words").startswith("**Not validated: words unknown**")
    told = published.client.get_experiment(published.experiment).tags[NOTE]
    assert told.startswith("**too few rows to say anything** — [")
    assert "mean squared error in **minutes²**" in told


def test_a_second_report_writes_nothing_but_the_next_step_of_a_picture_that_has_changed(
    own: Published,
) -> None:
    before = own.state()
    own.publish()
    assert own.state() == before
    own.picture("lectures_functions", [], "black")  # the same file
    own.publish()
    own.publish()
    assert own.keys("lectures_deep") == [
        *("lectures_functions+step+0", "lectures_functions+step+1"),
    ]


def test_the_report_leaves_alone_what_a_person_has_noted(own: Published) -> None:
    mine = own.note("lectures_deep") + " Ask Ana."
    own.client.set_tag(own.ids["lectures_deep"], NOTE, mine)
    own.publish()
    assert own.note("lectures_deep") == mine
    assert is_ours(own.note("lectures_course"))


def test_an_experiment_that_no_audit_knows_is_described_by_its_unit(
    tmp_path: Path, empty_store: Path
) -> None:
    made = Published(tmp_path, empty_store)
    shutil.rmtree(made.root / "build" / "audit")
    (made.root / "reports" / "audit.json").unlink()
    made.publish()
    note = made.client.get_experiment(made.experiment).tags[NOTE]
    assert note.startswith("**not audited yet**")
    assert "**minutes²**" in note
