"""A referee over HTTP: one bit to whoever has a token, and nothing else that depends on targets."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from support.heard_referee import heard, write_rows
from support.served_referees import (
    IDS,
    MARKER,
    N,
    Served,
    long_texts,
    named,
    noisy,
    opened,
    parquet,
    served,
)
from viewcast.referee.answers import Answer, RefusedError
from viewcast.referee.client import Client
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.service import Limits
from viewcast.referee.wire_format import PARQUET, packed

GB = 10**9
PART = bytes(64 * 1024)
BOTH = ("loop", "agent")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A referee with two submitters."""
    with opened(tmp_path, budget=5) as folder, served(folder, monkeypatch, BOTH) as found:
        yield found


def told(answer: Any) -> Any:
    return json.loads(answer.body)


# What is answered


def test_a_submission_hears_one_bit_and_what_is_left(here: Served) -> None:
    client = here.client()
    assert client.submit(noisy(5.0)) == Answer(True, 4)
    assert client.submit(named(noisy(1.0))) == Answer(True, 3)
    assert client.submit(noisy(9.0)) == Answer(False, 2)
    assert client.submit(noisy(5.0)) == Answer(True, 2, replaced=True)  # known, and free
    assert client.submit(noisy(1.0)) == Answer(True, 2)

    answer = here.asked("POST", "/submit", [packed(noisy(9.0))])
    assert told(answer) == {"accepted": False, "left": 2}
    assert client.status().left == 2
    closing = client.closing()
    assert client.close() == closing.verdict
    assert closing.verdict.acceptances == 1
    assert closing.closed_by == "loop"


def test_the_same_predictions_are_known_again_however_they_are_sent(here: Served) -> None:
    given = noisy(5.0)
    here.client().submit(given)
    bodies = [
        packed(given),
        packed(named(given)),
        packed(named(given).set_index("id")),
        parquet({"prediction": given}, compression="snappy"),
        json.dumps({"predictions": given.tolist()}).encode(),
        json.dumps({"columns": {"id": IDS, "prediction": given.tolist()}}).encode(),
    ]
    for body in bodies:
        answer = here.asked("POST", "/submit", [body])
        assert told(answer) == {"accepted": True, "left": 4}


def test_the_kind_of_a_body_is_told_by_the_body_itself(here: Served) -> None:
    for kind in (PARQUET, "application/x-www-form-urlencoded"):
        answer = here.asked("POST", "/submit", [packed(noisy(5.0))], {"Content-Type": kind})
        assert answer.status == 200


def test_anybody_hears_what_is_judged_but_neither_rows_nor_their_digest(here: Served) -> None:
    answer = here.service.heard("GET", "/", {})
    plan = here.folder.plan
    assert told(answer)["metric"] == "mae"
    assert told(answer)["terms"]["budget"] == 5
    assert plan.holdout not in str(told(answer))
    assert plan.hash not in str(told(answer))


def test_two_submitters_at_once_are_counted_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Answer] = []
    with opened(tmp_path, budget=30) as folder:
        with served(folder, monkeypatch, ("a", "b")) as here:

            def loop(submitter: str, first: int) -> None:
                client = here.client(submitter)
                for seed in range(first, first + 15):
                    answers.append(client.submit(noisy(5.0, seed)))

            threads = [threading.Thread(target=loop, args=given) for given in (("a", 0), ("b", 15))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(answer.left for answer in answers) == list(range(30))
        closing = folder.close("referee")
    assert [one.submitter for one in closing.submissions].count("a") == 15
    assert {one.left for one in closing.submissions} == set(range(30))


# Who is refused


@pytest.mark.parametrize("route", ["GET /status", "POST /submit", "POST /close"])
def test_without_a_right_token_nothing_is_read_and_nothing_is_done(
    here: Served, route: str
) -> None:
    method, path = route.split()
    wrong = ["Bearer wrong", "Bearer ", f"Basic {here.token()}", here.token()]
    for headers in [{}, *({"Authorization": each} for each in wrong)]:
        answer = here.service.heard(method, path, headers, [packed(noisy(5.0))])
        assert (answer.status, told(answer)["code"], answer.read) == (401, "token", 0)
    assert not here.folder.status().submissions
    assert not here.folder.is_closed


def test_there_are_no_other_pages(here: Served) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/rows", "/tokens/loop"):
        answer = here.asked("GET", path)
        assert (answer.status, told(answer)["code"]) == (404, "unknown")


def test_another_method_is_refused_in_words(here: Served) -> None:
    answer = here.asked("PUT", "/submit")
    assert (answer.status, told(answer)["code"]) == (405, "method")


def test_a_page_that_takes_another_name_for_this_machine_is_not_heard(here: Served) -> None:
    for host, status in (("evil.example", 400), ("localhost:8573", 200), ("[::1]:8573", 200)):
        assert here.service.heard("GET", "/", {}, host=host).status == status


# What is too much


def test_a_body_of_a_gigabyte_is_refused_by_its_length_and_none_of_it_is_read(
    here: Served,
) -> None:
    answer = here.asked("POST", "/submit", [PART], {"Content-Length": str(GB)})
    assert (answer.status, told(answer)["code"], answer.read) == (413, "too_large", 0)


def test_a_body_without_a_length_is_read_no_further_than_the_limit(here: Served) -> None:
    parts = (PART for _ in range(GB // len(PART)))
    answer = here.asked("POST", "/submit", parts)
    assert answer.status == 413
    assert answer.read <= Limits.of(N).bytes + len(PART) < 2_000_000
    assert not here.folder.status().submissions


def test_a_body_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(1_000_000, seconds=0.01, linger=0.01)
    with opened(tmp_path) as folder, served(folder, monkeypatch, limits=limits) as here:
        answer = here.asked("POST", "/submit", None)
    assert (answer.status, told(answer)["code"]) == (408, "slow")
    assert answer.headers["connection"] == "close"


def test_what_is_refused_before_it_has_come_closes_its_connection_after_one_more_limit(
    here: Served,
) -> None:
    """Whoever reads only after sending hears why, and nobody is listened to for a gigabyte."""
    wrong = {"Authorization": "Bearer wrong"}
    for path, headers, code in (
        ("/submit", {"Content-Length": str(GB)}, "too_large"),
        ("/submit", {}, "too_large"),
        ("/submit", wrong, "token"),
        ("/rows", {}, "unknown"),
    ):
        answer = here.asked("POST", path, (PART for _ in range(GB // len(PART))), headers)
        assert told(answer)["code"] == code
        assert answer.headers["connection"] == "close"
        assert 0 < answer.thrown <= Limits.of(N).bytes + len(PART)


@dataclass
class Endless:
    """A body of so many bytes, of which ``sent`` were asked for."""

    size: int
    sent: int = 0

    def __len__(self) -> int:
        return self.size

    def read(self, most: int) -> bytes:
        self.sent += most
        return bytes(most)


def test_who_sends_far_too_much_is_cut_off_and_hears_why(tmp_path: Path) -> None:
    """Through sockets, by a program that reads only after it has sent."""
    write_rows(tmp_path)
    body = Endless(GB)
    with heard(tmp_path, budget=3) as referee:
        client = Client(folder=referee.folder)
        limit = client.plan()["bytes"]
        with requests.Session() as stranger:
            stranger.trust_env = False  # loopback is reached by no proxy
            answer = stranger.post(f"{client.url}/submit", body, timeout=60)
        with pytest.raises(RefusedError, match=f"longer than {limit:,} bytes"):
            client.submit(np.random.default_rng(0).random((240, 3_000)))
        assert client.status().left == 3
    assert (answer.status_code, answer.json()["code"]) == (401, "token")
    assert body.sent < GB / 10


def test_an_answer_to_a_body_that_has_come_leaves_the_connection_open(here: Served) -> None:
    answers = [here.asked("POST", "/submit", [body]) for body in (packed(noisy(5.0)), b"{}")]
    answers += [here.asked("GET", "/status"), here.asked("GET", "/rows")]
    assert [answer.status for answer in answers] == [200, 422, 200, 404]
    assert not any("connection" in answer.headers or answer.thrown for answer in answers)


def test_the_limit_grows_with_the_rows_and_has_an_end() -> None:
    assert Limits.of(100).bytes < Limits.of(1_000).bytes < Limits.of(10**6).bytes == 2**26
    assert len(packed(np.random.default_rng(0).random((1_000, 400)))) < Limits.of(1_000).bytes


def test_what_is_refused_is_not_counted(here: Served) -> None:
    for body in (long_texts(), parquet({"other": np.zeros(N)}), b"{}"):
        answer = here.asked("POST", "/submit", [body])
        assert (answer.status, told(answer)["code"]) == (422, "refused")
    assert not here.folder.status().submissions


# What tells of targets


def test_no_answer_and_no_error_tells_a_target(
    here: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever is asked: the marker is looked for as text and as a number."""
    bodies = [
        packed(noisy(5.0)),
        packed(np.where(np.arange(N) == 3, np.nan, 0.0)),
        packed(named(noisy(1.0)).head(N - 1)),
        packed(named(noisy(1.0)).assign(id="unknown")),
        packed(np.full(N, 1e308)),
        json.dumps({"predictions": [float("nan")] * N}).encode(),
        packed(["text"] * N),
        b"nonsense",
    ]
    answers = [here.asked("POST", "/submit", [body]) for body in bodies]
    answers += [here.asked(*route.split()) for route in ("GET /", "GET /status", "GET /rows")]
    failing: Callable[..., Any] = lambda *_: 1 / (MARKER - MARKER)  # noqa: E731
    monkeypatch.setattr(RefereeFolder, "submit", failing)
    failed = here.asked("POST", "/submit", [bodies[0]])
    assert (failed.status, told(failed)["code"]) == (500, "failed")
    assert "ZeroDivisionError" in capfd.readouterr().err  # on the referee's own terminal

    assert {answer.status for answer in answers} == {200, 404, 422}
    for answer in [*answers, failed]:
        everything = answer.body + repr(answer.headers).encode()
        for form in (b"8675309", b"8,675,309", b"8.675e+06", np.float64(MARKER).tobytes()):
            assert form not in everything


def test_an_unexpected_error_of_any_text_is_one_constant_sentence(
    here: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    heard = set()
    for text in (str(MARKER), "another"):

        def failing(*_: Any, text: str = text) -> Any:
            raise KeyError(text)

        monkeypatch.setattr(RefereeFolder, "submit", failing)
        heard.add(here.asked("POST", "/submit", [packed(noisy(1.0))]).body)
    assert len(heard) == 1
    assert str(MARKER) in capfd.readouterr().err
