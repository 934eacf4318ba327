"""Who is told how a night ended, by a real web server that stands in for theirs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any, get_args

import pandas as pd
import pytest

from support.nights import Diary, composed, started
from support.project import REPOSITORY
from support.servers import free_port
from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.retraining.notify import KINDS, VARIABLE, Notify, tell_refusal
from viewcast.retraining.outcome import Ending
from viewcast.retraining.settings import Settings

SECRET = "a-token-that-nobody-may-see"


class Service:
    """``told``: what came, in its order; ``answers``: until it is set, nothing is answered."""

    def __init__(self) -> None:
        self.told: Queue[dict[str, Any]] = Queue()
        self.answers = Event()
        self.answers.set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.told.put(json.loads(body))
                service.answers.wait()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *said: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"json://127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.answers.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def notify(urls: Any, **changed: Any) -> Notify:
    default = composed(())["notify"]
    made: Notify = construct(Notify, {**default, "urls": urls, **changed}, "notify")
    return made


def outcome(ending: str, reason: str = "because") -> dict[str, Any]:
    return {"outcome": ending, "code": 1, "night": "2026-11-01", "reason": reason}


@pytest.mark.parametrize("ending", get_args(Ending))
def test_by_default_only_what_a_person_must_know_is_told(service: Service, ending: str) -> None:
    notify(service.address).tell(outcome(ending), "live")
    assert service.told.qsize() == (ending in ("refused", "failed", "promoted"))


def test_what_is_told_names_the_night_the_channel_the_outcome_and_the_reason(
    service: Service,
) -> None:
    notify(service.address).tell(outcome("refused", "27 days differ <b>"), "live")
    told = service.told.get_nowait()
    assert told["title"] == "viewcast: night of 2026-11-01 of live: refused"
    assert told["message"] == "27 days differ <b>"
    assert told["type"] == KINDS["refused"]


def test_several_are_told_and_a_dead_one_among_them_is_named_by_its_place_alone(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = f"json://127.0.0.1:{free_port()}/{SECRET}"
    notify(f"{dead}\n{service.address}").tell(outcome("failed"), "live")
    assert service.told.qsize() == 1
    said = capsys.readouterr()
    assert "address 1 of 2 took no message" in said.err
    assert SECRET not in said.out + said.err and "address 2 of 2" not in said.err


def test_a_service_that_never_answers_does_not_hold_up_the_night(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers.clear()
    notify(service.address, seconds=0.2).tell(outcome("failed"), "live")
    assert not service.answers.is_set()
    assert "took no message within 0.2 s" in capsys.readouterr().err


def test_an_endless_reason_is_cut(service: Service) -> None:
    notify(service.address).tell(outcome("failed", "x" * 100_000), "live")
    assert len(service.told.get_nowait()["message"]) < 2_000


@pytest.mark.parametrize("urls", [f"nothing://{SECRET}", ["json://host", SECRET], 7, {SECRET: 1}])
def test_an_address_that_is_none_is_refused_and_never_shown(urls: Any) -> None:
    with pytest.raises(ConfigError, match="none that apprise knows") as refused:
        notify(urls)
    assert SECRET not in str(refused.value)


def test_an_outcome_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"notify\.on.*'sad'.*'promoted'"):
        notify(None, on=["sad"])


def test_addresses_without_apprise_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert not notify(None).urls
    with pytest.raises(ConfigError, match=r"pip install 'viewcast\[notify\]'"):
        notify("json://host")


def test_the_settings_of_a_night_show_no_address(service: Service) -> None:
    settings = Settings.parse(dict(composed((f"notify.urls='{service.address}'",))))
    assert settings.notify.urls and SECRET not in repr(settings)


def test_a_night_tells_its_outcome_and_leaves_no_address_behind(
    service: Service, tmp_path: Path, empty_store: Path, channel: pd.Series
) -> None:
    nights = started(tmp_path / "project", empty_store, Diary(channel.iloc[:5]))
    nights.overrides = (f"notify.urls='{service.address}'",)
    told = nights.one(date(2018, 3, 1))
    assert (told["outcome"], service.told.qsize()) == ("refused", 1)
    assert service.told.get_nowait()["message"] == told["reason"]
    files = [file for file in nights.root.rglob("*") if file.is_file()]
    assert files and not [file for file in files if SECRET.encode() in file.read_bytes()]


def test_a_refusal_before_any_night_is_told_to_those_of_the_environment(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, service.address)
    tell_refusal("unknown key", None)
    tell_refusal("unknown key", {"notify": {"urls": service.address, "on": [], "seconds": 1}})
    tell_refusal("notify.on: wrong", {"notify": {"urls": None, "on": ["sad"], "seconds": 1}})
    assert service.told.qsize() == 1
    assert service.told.get_nowait()["message"] == "unknown key"


@pytest.mark.slow
def test_the_command_tells_why_it_could_begin_no_night(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, service.address)
    script = str(REPOSITORY / "pipelines" / "retrain.py")
    done = subprocess.run(
        [sys.executable, script, "retrain.nigths=2"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "retrain.nigths" in service.told.get_nowait()["message"]
