"""What a night does while it waits: the store is asked without MLflow, and modules are loaded."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from support.histories import recipes
from viewcast.retraining.loading import LIBRARIES, NEXT, loading, needed
from viewcast.tracking.reachable import reachable


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = self.path == "/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
        known = self.headers["Authorization"] == "Basic Ym9iOnMzY3JldA=="  # bob:s3cret
        self.send_response(200 if asked and known else 401)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *said: object) -> None:
        pass


def test_a_server_is_there_if_it_answers_as_mlflow_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        host = f"127.0.0.1:{server.server_port}/mlflow"
        assert not reachable(f"http://{host}")
        assert reachable(f"http://bob:s3cret@{host}/")
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "bob")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s3cret")
        assert reachable(f"http://{host}")
        assert not reachable(f"http://{host}/elsewhere")
        server.shutdown()


def test_a_file_is_a_store_if_it_is_a_database(tmp_path: Path, empty_store: Path) -> None:
    assert reachable(f"sqlite:///{empty_store}")
    other = tmp_path / "mlflow.db"
    assert not reachable(f"sqlite:///{other}")
    other.write_text("no database")
    assert not reachable(f"sqlite:///{other}")


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9", "http://[broken", "postgresql://host/name", "databricks", ""]
)
def test_of_any_other_store_mlflow_itself_is_asked(uri: str) -> None:
    assert not reachable(uri)


def test_modules_are_there_after_the_block_and_a_missing_one_is_no_error() -> None:
    code = (
        "import sys; from viewcast.retraining.loading import loading\n"
        "with loading('http://x', ['no.such.module', 'wave']): pass\n"
        "assert 'wave' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_night_loads_the_libraries_of_its_own_recipes_and_of_no_others() -> None:
    everything = recipes()
    assert needed(everything.values()) == [*NEXT, *LIBRARIES.values()]
    assert needed([everything["ridge"], everything["theta"]]) == [*NEXT, "statsforecast.theta"]


def test_an_error_of_the_block_is_raised() -> None:
    with pytest.raises(KeyError), loading("http://x", []):
        raise KeyError


def test_a_night_without_new_days_has_loaded_none_of_it() -> None:
    loaded = {name for name in (*NEXT, *LIBRARIES.values()) if not name.startswith("viewcast")}
    names = loaded | {"mlflow", "torch"}
    code = f"import sys, viewcast.retraining.retrain; print({names!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_a_program_that_spares_the_collector_still_frees_what_is_left() -> None:
    code = (
        "import gc, weakref\n"
        "from viewcast.base.collector import spare\n"
        "spare()\n"
        "class Ring: pass\n"
        "ring = Ring(); ring.self = ring; seen = weakref.ref(ring); del ring\n"
        "gc.collect(); assert seen() is None and gc.isenabled()\n"
        "print(gc.get_threshold()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "100000\n"
