"""Fixtures of all tests.

What takes seconds to import is imported in the fixtures that need it: the process that only hands
out tests to others reads this file too.
"""

import gc
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import settings

from support.clone import Clone

if TYPE_CHECKING:
    import pandas as pd

    from support.mlflow_store import Store
    from support.nights import Nights
    from support.project import Project
    from support.ui_server import Ui

ROOT = Path(__file__).resolve().parents[1]
LONGEST_ID = 120  # characters, as a name shows them, of a text that still names a test

# The processes of a run share the cores. Threads of linear algebra, of torch and of boosting wait
# for one another by turning in circles: on data as small as those of tests they take five to sixty
# times the CPU seconds of one thread.
for library in ("OPENBLAS", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# Classes that tests name in configurations lie in these.
os.environ.setdefault("VIEWCAST_PLUGINS", "support,test_extending,night,my_recipes,gone")

# The time of one example says how busy the machine is, not whether the code is right.
settings.register_profile("viewcast", deadline=None)
settings.load_profile("viewcast")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes and long texts do not name a test: they may hold the time, as a zip does.

    All processes of a run must give a test the same name, or none of them starts.
    """
    held = isinstance(val, bytes) or (isinstance(val, str) and len(ascii(val)) > LONGEST_ID)
    return argname if held else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, which imports hardly leave: it takes a seventh of it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests and the processes that they start leave the cache of the user alone.

    All workers of a run share one folder of machine code: the kernel takes 10 s to compile.
    """
    cache, session = tmp_path_factory.mktemp("cache"), tmp_path_factory.getbasetemp()
    kernels = (session.parent if "PYTEST_XDIST_WORKER" in os.environ else session) / "kernels"
    kernels.mkdir(exist_ok=True)
    (cache / "kernels").symlink_to(kernels)
    os.environ["VIEWCAST_CACHE"] = str(cache)
    os.environ.pop("VIEWCAST_NOTIFY_URLS", None)  # no night of a test is told to anybody


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """What other people's libraries keep in the process does not reach the next test.

    ``mlflow.set_experiment`` puts the experiment into the environment, of other processes too.
    Who configures logging anew may disable every logger there is, and changes the root's level.
    absl, which Keras imports, closes the stream of its log when logging is configured anew; the
    stream that it was made with is the one in which pytest catches output.
    MLflow keeps the files of every store open that it was ever asked for: of hundreds of tests they
    are more than a process may have open where nobody has raised the limit (1,024).
    """
    _forget_experiment()
    _hear_all()
    yield
    _forget_experiment()
    _hear_all()
    _close_stores()
    if "absl.logging" in sys.modules:
        sys.modules["absl.logging"].get_absl_handler().python_handler.stream = sys.__stderr__


def _forget_experiment() -> None:
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        os.environ.pop(name, None)
    if "mlflow.tracking.fluent" in sys.modules:
        sys.modules["mlflow.tracking.fluent"]._active_experiment_id = None


def _close_stores() -> None:
    """SQLite's files are closed; whoever asks for the store again opens them again."""
    for room in ("tracking", "model_registry"):
        module = sys.modules.get(f"mlflow.store.{room}.sqlalchemy_store")
        engines = module.SqlAlchemyStore._engine_map.values() if module else ()
        for engine in list(engines):
            if engine.dialect.name == "sqlite" and engine.pool.checkedin():
                engine.dispose()


def _hear_all() -> None:
    """Every logger is heard again, at the levels that Python starts with."""
    logging.disable(logging.NOTSET)
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    for logger in root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the repository; it may not be copied into the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the real data are absent: no folder `shared` beside the repository")
    return folder


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A tracking database with tables and without runs; making one takes more than a second.

    It is made once for all processes. Tests copy it.
    """
    base = tmp_path_factory.getbasetemp()
    path = (base if worker_id == "master" else base.parent) / "store" / "mlflow.db"
    with FileLock(f"{path.parent}.lock"):
        if not path.exists():
            from mlflow import MlflowClient  # noqa: PLC0415

            path.parent.mkdir(exist_ok=True)
            made = path.with_name("made.db")
            MlflowClient(f"sqlite:///{made}").search_experiments()
            shutil.copy(made, path)
    return path


@pytest.fixture
def project(tmp_path: Path, empty_store: Path) -> "Project":
    """An empty project in a temporary folder."""
    from support.project import Project  # noqa: PLC0415

    (tmp_path / "mlflow").mkdir()
    shutil.copy(empty_store, tmp_path / "mlflow" / "mlflow.db")
    return Project(tmp_path)


@pytest.fixture(scope="session")
def sealed_project(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> "tuple[Project, str]":
    """A project with the naive forecast of the channel, whose test is sealed; and that run.

    Tests copy it; its test is never opened.
    """
    from support.project import Project  # noqa: PLC0415

    root = tmp_path_factory.mktemp("sealed")
    (root / "mlflow").mkdir()
    shutil.copy(empty_store, root / "mlflow" / "mlflow.db")
    project = Project(root)
    return project, str(project.run("data=channel", "model=naive")["run_id"])


@pytest.fixture
def others_store(tmp_path: Path, empty_store: Path) -> "Iterator[Store]":
    """A store as somebody else uses it: an empty experiment, MLflow's fluent interface."""
    from support.mlflow_store import Store  # noqa: PLC0415

    shutil.copy(empty_store, tmp_path / "mlflow.db")
    with Store.at(tmp_path / "mlflow.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def pristine_clone(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Clone, str]:
    """A fresh clone after its first `make run`, and what that printed, made once for all processes.

    Tests copy it, or read it; no command runs in it any more.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "pristine"
    with FileLock(f"{folder}.lock"):
        printed = folder / "printed"
        if not printed.exists():
            shutil.rmtree(folder, ignore_errors=True)
            output = Clone.of_repository(folder).make("run")
            printed.write_text(output)
    return Clone(folder / "viewcast", folder / "home"), printed.read_text()


@pytest.fixture(scope="session")
def done_clone(
    pristine_clone: tuple[Clone, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Clone, str]:
    """A copy for the tests of one process, which change nothing that another test reads."""
    clone, printed = pristine_clone
    return clone.copy(tmp_path_factory.mktemp("clone")), printed


@pytest.fixture(scope="session")
def ui(
    pristine_clone: tuple[Clone, str], tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Ui]":
    """`make ui`, for all tests of one process that look at it."""
    from support.ui_server import making_ui  # noqa: PLC0415

    with making_ui(pristine_clone[0], tmp_path_factory.mktemp("ui")) as opened:
        yield opened


@pytest.fixture(scope="session")
def channel() -> "pd.Series":
    """The simulated channel, 2017-01-01 to 2018-07-31."""
    from support.nights import simulated  # noqa: PLC0415

    return simulated("2018-07-31")


@pytest.fixture(scope="session")
def first_night(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: "pd.Series"
) -> "Nights":
    """A project after its first night, 2018-03-01; tests copy it, or read it."""
    from support.nights import Diary, started  # noqa: PLC0415

    nights = started(tmp_path_factory.mktemp("night") / "project", empty_store, Diary(channel))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
        assert nights.one("2018-03-01")["outcome"] == "served"
    return nights


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    """The first feature of the rows of every update, recorded as they come."""
    from viewcast.training.torch_engine.backprop import Backprop  # noqa: PLC0415

    seen: list[list[float]] = []
    backward = Backprop.backward

    def watched(passes: Backprop, x: Any, grad: Any) -> None:
        (own,) = x  # a run is one candidate
        seen.append(own[:, 0].tolist())
        backward(passes, x, grad)

    monkeypatch.setattr(Backprop, "backward", watched)
    return seen
