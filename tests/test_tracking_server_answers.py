"""A tracking server in every wrong state: seconds, and a sentence that tells what to do."""

import shutil
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from support.ailing_server import PATIENT, ailing, self_signed
from viewcast.base.errors import TrackingError
from viewcast.base.masked import masked, masked_values
from viewcast.base.settings import Tracking
from viewcast.tracking import patience
from viewcast.tracking.answers import is_taken, unanswered
from viewcast.tracking.store import connect, connect_to

TOLD = {
    "401": r"refuses the password of user 'bob' \(401\); give MLFLOW_TRACKING_USERNAME and",
    "403": r"user 'bob' may not do this \(403\); ask its administrator",
    "404": r"no MLflow under this path \(404\); mend the uri",
    "429": r"takes no more requests at present \(429\)",
    "500": "answers with status 500; look into the log of the server",
    "502": "answers with status 502",
    "503": "answers with status 503",
    "html": "answers '<!DOCTYPE html>.*', which is no JSON; is this the address of MLflow",
    "hang up": "broke off the connection; .*https://",
    "silent": "gave no answer in time; .*MLFLOW_HTTP_REQUEST_TIMEOUT",
    "a byte a second": "gave no answer in time",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of one try and of the first question, short."""
    monkeypatch.setitem(patience.FIRST, patience.TIMEOUT, "1")
    monkeypatch.setitem(patience.FIRST, patience.RETRIES, "1")
    monkeypatch.setattr(patience, "FIRST_SECONDS", 1.5)


@pytest.mark.parametrize("way", TOLD)
def test_what_a_server_answers_is_told_with_a_remedy_and_without_the_password(way: str) -> None:
    with ailing(way) as server:
        uri = f"http://bob:s3cret@127.0.0.1:{server.port}/mlflow"
        with pytest.raises(TrackingError, match=TOLD[way]) as refusal:
            connect(Tracking(uri, None, "viewcast", 1.0))
        assert f"tracking.uri = http://bob:***@127.0.0.1:{server.port}/mlflow: " in str(
            refusal.value
        )
        assert server.asked <= (1 if way in PATIENT else 2), (
            f"MLflow {mlflow.__version__} makes a request again that the server took: it takes its "
            "retries from elsewhere than viewcast.tracking.patience.install puts them"
        )


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("http://127.0.0.1:9", r"nobody listens there \(connection refused\); start the server"),
        ("http://host.invalid:5000", "the name of the host does not resolve"),
        ("http://127.0.0.1:99999", "no address of a server; write http://<host>:<port>"),
        ("htp://127.0.0.1:5000", "no address of a server"),
    ],
)
def test_an_address_without_a_server_is_told(uri: str, told: str) -> None:
    with pytest.raises(TrackingError, match=f"tracking.uri = {uri}: .*{told}"):
        connect_to(uri)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
def test_a_server_with_an_unknown_certificate_or_without_one_is_told(tmp_path: Path) -> None:
    with ailing("html", self_signed(tmp_path)) as server:
        with pytest.raises(TrackingError, match="certificate is not known here; name the file"):
            connect_to(f"https://127.0.0.1:{server.port}")
        with pytest.raises(TrackingError, match="https://"):
            connect_to(f"http://127.0.0.1:{server.port}")
    with (
        ailing("html") as server,
        pytest.raises(TrackingError, match="does not speak TLS; write http://"),
    ):
        connect_to(f"https://127.0.0.1:{server.port}")


def test_what_a_user_has_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(patience.RETRIES, "0")
    with ailing("503") as server:
        with pytest.raises(TrackingError, match="503"):
            connect_to(f"http://127.0.0.1:{server.port}")
        assert server.asked == 1


def test_an_answer_of_mlflow_is_no_silence() -> None:
    with ailing("404") as server, pytest.raises(TrackingError) as absent:
        connect_to(f"http://127.0.0.1:{server.port}")
    assert isinstance(absent.value.__cause__, MlflowException)
    assert not unanswered(MlflowException("No run", error_code=1))
    assert unanswered(TimeoutError("no answer"))


@pytest.mark.parametrize(
    "said",
    [
        "RESOURCE_ALREADY_EXISTS: Experiment(name=viewcast-channel) already exists.",
        "(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.name",
        'duplicate key value violates unique constraint "experiments_name_key"',
        "(pymysql.err.IntegrityError) (1062, \"Duplicate entry 'viewcast' for key 'name'\")",
    ],
)
def test_a_race_is_known_in_the_words_of_every_database(said: str) -> None:
    assert is_taken(MlflowException(said))
    assert not is_taken(MlflowException("No space left on device"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://bob:s3@cret@host:5000/mlflow", "http://bob:***@host:5000/mlflow"),
        ("postgresql+psycopg://u:p%40@/db?host=/run", "postgresql+psycopg://u:***@/db?host=/run"),
        (
            "see http://host:5000 and sqlite:///a:b@c.db",
            "see http://host:5000 and sqlite:///a:b@c.db",
        ),
        ("at 10:30 write to a@b.de", "at 10:30 write to a@b.de"),
    ],
)
def test_only_passwords_of_addresses_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert str(TrackingError(text)) == shown


def test_stored_settings_hold_no_password() -> None:
    """They are an artifact of every run, which whoever reads the server can read."""
    given = {"tracking": {"uri": "http://bob:secret@host:5000"}, "of": ["a", 1], "seed": 0}
    assert masked_values(given) == {
        "tracking": {"uri": "http://bob:***@host:5000"},
        "of": ["a", 1],
        "seed": 0,
    }
