"""An agent's tools: one bit, what is left, and what refuses, by the library's own client."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from support.heard_referee import heard, write_rows
from viewcast.base.errors import SourceError
from viewcast.commands.program import program
from viewcast.commands.referee_tools import command
from viewcast.referee.answers import Answer, Verdict
from viewcast.referee.record import Status
from viewcast.referee.referee import Referee
from viewcast.referee.tokens import Tokens

mcp = pytest.importorskip("mcp")
from viewcast.referee.tool_server import Asked, tool_server  # noqa: E402

RNG = np.random.default_rng(3)
TARGET = RNG.normal(size=200)
NOISE = RNG.normal(size=200)
POOR, GOOD, WORSE = TARGET + NOISE, TARGET + 0.2 * NOISE, TARGET + 2 * NOISE


@dataclass
class Here:
    """A referee in this process, asked as one behind a service is."""

    budget: int = 5
    mode: Any = "referee"
    referee: Referee = field(init=False)

    def __post_init__(self) -> None:
        self.referee = Referee(TARGET, "mae", budget=self.budget, mode=self.mode)

    def submit(self, predictions: Any) -> Answer:
        return self.referee.submit(predictions)

    def status(self) -> Status:
        left, closed = self.referee.left, self.referee.verdict is not None
        counted, taken = self.budget - left, self.referee.acceptances
        return Status("r", "mae", False, 200, self.budget, left, counted, taken, closed, self.mode)

    def close(self) -> Verdict:
        return self.referee.close()


Call = tuple[str, dict[str, Any]]


def session(referee: Callable[[], Asked], *calls: Call) -> list[Any]:
    """What the tools answer to calls in one session."""

    async def talk() -> list[Any]:
        async with mcp.Client(tool_server(referee)) as client:
            return [await client.call_tool(name, given) for name, given in calls]

    return anyio.run(talk)


def submit(predictions: Any) -> Call:
    return "submit", {"predictions": np.asarray(predictions).tolist()}


def close(**given: Any) -> Call:
    return "close", given


def said(answer: Any) -> str:
    """The text of an answer; an error has no values beside it."""
    assert not answer.is_error or answer.structured_content is None
    return str(answer.content[0].text)


def test_an_agent_hears_one_bit_what_is_left_and_at_the_end_the_gain() -> None:
    here = Here()
    first, better, worse, closed = session(
        lambda: here, submit(POOR), submit(GOOD), submit(WORSE), close(even_with_answers_left=True)
    )
    bits = [answer.structured_content for answer in (first, better, worse)]
    assert [(bit["accepted"], bit["left"]) for bit in bits] == [(True, 4), (True, 3), (False, 2)]
    assert bits[0]["meaning"].startswith("The first submission: gains are measured from it")
    assert bits[1]["meaning"].startswith("Accepted: there is evidence")
    assert bits[2]["meaning"].startswith("Not accepted: go back")
    assert all(set(bit) == {"accepted", "left", "replaced", "meaning"} for bit in bits)
    verdict = closed.structured_content
    assert verdict["meaning"] == str(here.close())
    assert verdict["low"] < np.abs(NOISE).mean() * 0.8 < verdict["high"]


def test_the_same_predictions_are_free_in_a_file_too(tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", GOOD)
    file = ("submit", {"path": str(tmp_path / "good.npy")})
    here = Here()
    answers = session(lambda: here, submit(POOR), submit(GOOD), file, submit(POOR))
    assert [answer.structured_content["left"] for answer in answers] == [4, 3, 3, 3]
    best, older = (answer.structured_content for answer in answers[2:])
    assert (best["accepted"], best["replaced"]) == (True, False)
    assert best["meaning"] == "Submitted before, and accepted then: no news."
    assert (older["accepted"], older["replaced"]) == (True, True)
    assert older["meaning"].startswith("Submitted before and accepted then, but others since: go")


def test_the_last_answer_says_that_none_is_left_and_the_next_is_an_error() -> None:
    here = Here(budget=2)
    _, last, refused = session(lambda: here, submit(POOR), submit(GOOD), submit(WORSE))
    assert last.structured_content["meaning"].endswith(
        "No answer is left: the work ends with close."
    )
    assert refused.is_error
    assert "all 2 answers have been given" in said(refused)


def test_where_it_explores_an_answer_says_kept_and_nothing_of_better() -> None:
    here = Here(mode="explore")
    _, kept, not_kept, status = session(
        lambda: here, submit(POOR), submit(GOOD), submit(WORSE), ("status", {})
    )
    assert kept.structured_content["meaning"].startswith("Kept: go on from here")
    assert not_kept.structured_content["meaning"].startswith("Not kept")
    assert not any("ccepted" in answer.structured_content["meaning"] for answer in (kept, not_kept))
    assert status.structured_content["mode"] == "explore"


def test_status_is_free_and_tells_no_score() -> None:
    here = Here()
    before, _, after = session(lambda: here, ("status", {}), submit(POOR), ("status", {}))
    assert (before.structured_content["left"], after.structured_content["left"]) == (5, 4)
    names = "name metric more_is_better rows budget left submissions acceptances closed mode"
    assert set(after.structured_content) == set(names.split())


def test_closing_with_answers_left_needs_that_to_be_meant() -> None:
    here = Here()
    _, refused, closed, again, late = session(
        lambda: here,
        submit(POOR),
        close(),
        close(even_with_answers_left=True),
        close(),
        submit(GOOD),
    )
    assert refused.is_error
    assert "4 answers are left" in said(refused)
    assert not closed.is_error
    assert again.structured_content == closed.structured_content
    assert late.is_error
    assert "this referee is closed" in said(late)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "found neither path nor predictions; expected one of them"),
        ({"path": "p.npy", "predictions": [1]}, "found path and predictions; expected one of them"),
        ({"path": "p.txt"}, "p.txt: found the ending '.txt'; expected .parquet, .csv, .npy"),
        ({"path": "p.npy"}, "p.npy: does not exist"),
        ({"predictions": [1.0, 2.0]}, "predictions of shape (2,); expected (200,)"),
        ({"predictions": [[1.0, 2.0], [3.0]]}, "found rows of unequal length"),
        ({"predictions": [None] * 200}, "not finite"),
        ({"predictions": [{"a": 1}] * 200}, "expected numbers"),
        ({"predictions": 3}, "Input should be a valid list"),
    ],
)
def test_what_cannot_be_judged_is_an_error_in_words_and_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    here = Here()
    refused, status = session(lambda: here, ("submit", given), ("status", {}))
    assert refused.is_error
    assert told in said(refused)
    assert len(said(refused)) < 500
    assert status.structured_content["left"] == 5


def test_a_referee_that_nobody_started_is_told_and_is_found_when_it_is_there() -> None:
    here, started = Here(), [False, True]

    def referee() -> Asked:
        if not started.pop(0):
            raise SourceError("http://127.0.0.1:1: nobody answers; start the \x1breferee")
        return here

    lacks, there = session(referee, ("status", {}), ("status", {}))
    assert lacks.is_error
    assert said(lacks).endswith(r"http://127.0.0.1:1: nobody answers; start the \x1breferee")
    assert not there.is_error


def test_the_descriptions_say_what_an_agent_must_know() -> None:
    async def listed() -> dict[str, Any]:
        async with mcp.Client(tool_server(Here)) as client:
            assert "You never get a score" in str(client.instructions)
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = anyio.run(listed)
    assert set(tools) == {"submit", "status", "close"}
    text = {name: " ".join(tool.description.split()) for name, tool in tools.items()}
    for sentence in (
        "hear one bit",
        "Scores are never returned",
        "The first submission is accepted by definition: it is what all gains are measured from",
        "`left`: how many answers are left",
        "Equal predictions get the answer that they got before, free of charge",
    ):
        assert sentence in text["submit"]
    assert text["close"].startswith("End everything")
    assert "It can be done once" in text["close"]
    assert tools["close"].annotations.destructive_hint
    assert tools["status"].annotations.read_only_hint


def test_over_stdio_the_command_asks_the_referee_that_the_folder_tells(tmp_path: Path) -> None:
    write_rows(tmp_path)
    target = pd.read_csv(tmp_path / "valid.csv")["y"]
    for name, factor in (("poor", 0.0), ("good", 0.9)):
        pd.DataFrame({"prediction": factor * target}).to_parquet(tmp_path / f"{name}.parquet")
    program = Path(sys.executable).with_name("viewcast")
    words = ["referee", "tools", "--folder", "referee"]
    started = mcp.StdioServerParameters(command=str(program), args=words, cwd=str(tmp_path))

    async def talk() -> list[Any]:
        async with mcp.Client(started) as client:
            return [
                await client.call_tool("submit", {"path": "poor.parquet"}),
                await client.call_tool("submit", {"path": "good.parquet"}),
                await client.call_tool("submit", {"path": "rows.txt"}),
                await client.call_tool("status", {}),
                await client.call_tool("close", {"even_with_answers_left": True}),
            ]

    with heard(tmp_path, budget=3) as referee:
        poor, good, refused, status, closed = anyio.run(talk)
        kept = referee.close("test")
    assert [answer.structured_content["left"] for answer in (poor, good)] == [2, 1]
    assert good.structured_content["accepted"]
    assert refused.is_error
    assert status.structured_content["submissions"] == 2
    assert closed.structured_content["estimate"] == kept.verdict.estimate
    assert kept.closed_by == "loop"


def test_the_command_asks_at_the_address_and_with_the_token_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = Tokens.of(tmp_path, ["alice", "bob"])
    asked: list[Any] = []

    class Server:
        def __init__(self, referee: Callable[[], Any]) -> None:
            asked.append(referee())

        def run(self, transport: str) -> None:
            asked.append(transport)

    monkeypatch.setattr("viewcast.referee.tool_server.tool_server", Server)
    monkeypatch.setattr("signal.signal", lambda number, handler: asked.append(handler))
    given = ["--url", "http://127.0.0.1:1/", "--token-file", str(tokens.folder / "bob")]
    done = CliRunner().invoke(command, given)
    assert done.exit_code == 0, done.output
    client, *handlers, transport = asked
    assert client.url == "http://127.0.0.1:1"
    assert tokens.submitter(client._session.auth._token) == "bob"
    assert transport == "stdio"
    assert set(handlers) == {signal.SIG_DFL}  # it ends at once, though a thread waits for stdin


def test_without_the_library_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(SystemExit) as ended:
        program(["referee", "tools"], standalone_mode=True)
    assert ended.value.code == 1
    assert "pip install 'viewcast[agents]'" in capsys.readouterr().err
