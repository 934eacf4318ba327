"""A server that goes away in the middle: training goes on, and what was done is kept."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

from support.project import Project
from viewcast.base.errors import TrackingError
from viewcast.tracking.patience import FIRST, LATER, ONCE, RETRIES, TIMEOUT, Bridge, patience
from viewcast.tracking.write import recorder as module
from viewcast.tracking.write.recorder import Recorder


def away(*_: Any, **__: Any) -> None:
    """As MLflow's client when nobody listens."""
    try:
        raise ConnectionError("Connection refused")
    except ConnectionError:
        raise MlflowException("API request failed")  # noqa: B904 (as MLflow does it)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in LATER:
        monkeypatch.delenv(name, raising=False)
    yield


def test_points_wait_while_the_server_is_away_and_are_written_when_it_is_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    config = project.config("model=linear", "tracking.flush_seconds=0")
    with Recorder(config, project.root) as recorder:
        write, asked = recorder.client.log_batch, []
        recorder.client.log_batch = lambda *a, **k: (asked.append(1), away())
        for epoch in range(1, 6):
            recorder.on_epoch(epoch, 1.0, 2.0)
        assert len(asked) == 1, "it is asked again after a pause only"
        recorder.client.log_batch = write
    points = project.client.get_metric_history(recorder.run_id, "val_loss")
    assert sorted(point.step for point in points) == [1, 2, 3, 4, 5]


def test_a_refusal_of_the_server_is_no_outage(project: Project) -> None:
    config = project.config("model=linear", "tracking.flush_seconds=0")
    with pytest.raises(MlflowException, match="no such run"), Recorder(config, project.root) as r:
        r.client.log_batch = lambda *a, **k: (_ for _ in ()).throw(MlflowException("no such run"))
        r.on_epoch(1, 1.0, 2.0)


def test_a_run_whose_server_stays_away_is_told_and_the_same_again_finishes_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "scores", away)
        with pytest.raises(TrackingError, match=r"connection refused\).*what was done is kept"):
            project.run("model=linear")
    (former,) = project.runs()
    result = project.run("model=linear")
    recorded = project.recorded(result["run_id"])
    assert recorded.info.status == "FINISHED"
    assert former.info.run_id != recorded.info.run_id
    assert former.info.status == "FAILED"


def test_only_a_request_that_was_not_taken_is_made_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with HTTPConnectionPool("tracking.example", 5000) as pool:
        bridge = Bridge(4, backoff_factor=1, allowed_methods=None)
        refused = NewConnectionError(pool, "Connection refused")  # type: ignore[arg-type]
        for waits in (0, 2, 4, 8):
            bridge = bridge.increment("POST", "/", error=refused, _pool=pool)
            assert bridge.get_backoff_time() == waits
        with pytest.raises(MaxRetryError):
            bridge.increment("POST", "/", error=refused, _pool=pool)
        told = "the tracking server tracking.example:5000 does not answer; trying again\n"
        assert capsys.readouterr().err == told
        with pytest.raises(MaxRetryError):
            Bridge(4).increment("GET", "/", error=ReadTimeoutError(pool, "/", "slow"), _pool=pool)


def test_settings_hold_in_their_context_and_those_of_a_user_always(
    environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TIMEOUT, "77")
    with patience(LATER):
        assert os.environ[RETRIES] == LATER[RETRIES]
        with patience(FIRST):
            assert os.environ[RETRIES] == FIRST[RETRIES]
        assert os.environ[RETRIES] == LATER[RETRIES]
        assert os.environ[TIMEOUT] == "77"
    assert RETRIES not in os.environ
    monkeypatch.setenv(RETRIES, ONCE[RETRIES])
    with patience(LATER):
        assert os.environ[RETRIES] == ONCE[RETRIES], "a value that is also one of ours"
