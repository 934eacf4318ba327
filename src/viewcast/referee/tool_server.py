"""The tools by which an agent asks a referee: the Model Context Protocol, over stdin and stdout.

The server runs on the agent's side, as the agent's user. It holds a token and the address of the
referee, never a target: it cannot tell more than it is told.

    https://modelcontextprotocol.io
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from pydantic import Field, WithJsonSchema

from viewcast import __version__
from viewcast.base.escaped import on_screen
from viewcast.base.failures import sentence
from viewcast.referee.answers import Answer, RefusedError, Verdict
from viewcast.referee.prediction_file import read_predictions
from viewcast.referee.record import Status
from viewcast.scoring.metrics.given import as_array

if TYPE_CHECKING:
    from mcp.server import MCPServer

INSTRUCTIONS = """\
A referee holds the targets of validation rows that you cannot read. Change your model, predict
all of the rows, submit the predictions, and hear one bit: accepted as the best so far, or not.
Keep a change that was accepted; take back one that was not. You never get a score, and no answer
tells how far a submission was from being accepted. The answers are counted: spend them on changes
that you have a reason for, not on seeds.\
"""

SUBMIT = """\
Submit predictions for all validation rows, and hear one bit.

`accepted` = true: there is evidence that the predictions are better than those that were accepted
last; build on this model. false: there is no such evidence; go back to the model that was accepted
last. Chance alone is allowed very few acceptances over the whole budget, so a small gain may go
unnoticed. Where the `mode` that status tells is "explore", true means "kept" and no more: it says
nothing of better. Scores are never returned, neither here nor in an error.

The first submission is accepted by definition: it is what all gains are measured from. Let it be
the model that you want to improve.

`left`: how many answers are left, for all submitters together. Equal predictions get the answer
that they got before, free of charge; `replaced` = true says that others were accepted since: go
back to those. What is refused with an error is not counted.\
"""

STATUS = """\
How many answers are left, how many submissions were counted and accepted, and what is judged: the
metric, whether more of it is better, and the number of rows. It is free and tells no score.\
"""

CLOSE = """\
End everything: the hidden rows, which entered no answer, are read, once, and the verdict is told:
`estimate`, the gain of the last accepted submission over the first, with its 95 % interval from
`low` to `high`, in the unit of the metric, positive is better; and the gain that the rows that
judged claim (`claimed`), which is too high where they were climbed on. It can be done once, for all
submitters: afterwards nothing is judged on these rows any more. Call it when the work is done.\
"""

PATH = """\
A file of predictions: .parquet or .csv with a column `prediction`, or `probability_<class>` for
each class, and with the key columns of the rows unless they are in the order of the referee's
table; or .npy, in that order. Give this or `predictions`.\
"""

NUMBERS = """\
One number (or class, or list of class probabilities) for each row, in the order of the referee's
table. Give this or `path`.\
"""

LEFT = """\
Needed where answers are left: closing ends them, for all submitters.\
"""

# Checked by the referee, for the library would list what is wrong with each of 10,000 rows.
Numbers = Annotated[
    list[Any],
    WithJsonSchema({"type": "array", "items": {"type": ["number", "string", "array"]}}),
]


class Asked(Protocol):
    """What is asked: ``viewcast.referee.client.Client``."""

    def submit(self, predictions: Any) -> Answer:
        """See ``Client.submit``."""

    def status(self) -> Status:
        """See ``Client.status``."""

    def close(self) -> Verdict:
        """See ``Client.close``."""


@dataclass(frozen=True)
class Answered:
    """An answer (``viewcast.referee.answers.Answer``), and its ``meaning`` in words."""

    accepted: bool
    left: int
    replaced: bool
    meaning: str


@dataclass(frozen=True)
class Closed:
    """A verdict, and its ``meaning`` in words; None where there is no finite score."""

    estimate: float | None
    low: float | None
    high: float | None
    claimed: float | None
    acceptances: int
    meaning: str


def tool_server(referee: Callable[[], Asked]) -> "MCPServer":
    """The tools ``submit``, ``status`` and ``close``.

    ``referee`` is asked for at each call: one that was started later, or again at another address,
    is found. What it refuses is an error of the tool, in a sentence. Raises ModuleNotFoundError
    without the library ``mcp``.
    """
    from mcp.server import MCPServer  # noqa: PLC0415 (an extra)
    from mcp.types import ToolAnnotations  # noqa: PLC0415

    server = MCPServer(
        "viewcast-referee",
        title="Referee of validation rows",
        instructions=INSTRUCTIONS,
        version=__version__,
        log_level="ERROR",
    )

    @server.tool(
        description=SUBMIT,
        annotations=ToolAnnotations(destructive_hint=False, idempotent_hint=True),
    )
    def submit(
        path: Annotated[str | None, Field(description=PATH)] = None,
        predictions: Annotated[Numbers | None, Field(description=NUMBERS)] = None,
    ) -> Answered:
        with _told():
            given = _given(path, predictions)
            asked = referee()
            before = asked.status()
            answer = asked.submit(given)
            return Answered(**asdict(answer), meaning=_meaning(answer, before))

    @server.tool(description=STATUS, annotations=ToolAnnotations(read_only_hint=True))
    def status() -> Status:
        with _told():
            return referee().status()

    @server.tool(
        description=CLOSE,
        annotations=ToolAnnotations(destructive_hint=True, idempotent_hint=True),
    )
    def close(
        even_with_answers_left: Annotated[bool, Field(description=LEFT)] = False,
    ) -> Closed:
        with _told():
            asked = referee()
            now = asked.status()
            if now.left and not now.closed and not even_with_answers_left:
                raise RefusedError(
                    f"{now.left} answers are left, and closing ends them for all submitters; if "
                    "the work is done, call close with even_with_answers_left = true"
                )
            verdict = asked.close()
            return Closed(**verdict.plain(), meaning=str(verdict))

    return server


def _given(path: str | None, predictions: list[Any] | None) -> Any:
    if (path is None) == (predictions is None):
        found = "neither path nor" if path is None else "path and"
        raise RefusedError(f"found {found} predictions; expected one of them")
    if path is not None:
        return read_predictions(Path.cwd() / Path(path).expanduser())
    try:
        return as_array(predictions)
    except ValueError as error:
        raise RefusedError("predictions: found rows of unequal length; expected a table") from error


def _meaning(answer: Answer, before: Status) -> str:
    """An answer in words; ``before``: the status a moment earlier."""
    explores = before.mode == "explore"
    word = "kept" if explores else "accepted"
    if answer.replaced:
        said = f"Submitted before and {word} then, but others since: go back to those"
    elif answer.left == before.left:  # nothing was counted
        said = f"Submitted before, and {word if answer.accepted else f'not {word}'} then: no news"
    elif not answer.accepted:
        said = f"Not {word}: go back to the predictions that were {word} last"
    elif answer.left == before.budget - 1:
        said = "The first submission: gains are measured from it. It says nothing of how good it is"
    elif explores:
        said = "Kept: go on from here. That says nothing of better"
    else:
        said = "Accepted: there is evidence that it is better than what was accepted before"
    return said + ("." if answer.left else ". No answer is left: the work ends with close.")


@contextmanager
def _told() -> Iterator[None]:
    """Errors as those of a tool, in a sentence."""
    from mcp.server.mcpserver.exceptions import ToolError  # noqa: PLC0415

    try:
        yield
    except Exception as error:  # (the agent is told whatever it is)
        raise ToolError(on_screen(sentence(error))) from error
