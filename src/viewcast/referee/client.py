"""Ask a referee from any training script.

from viewcast.referee import Client

referee = Client()
answer = referee.submit(predictions)
"""

from typing import Any

from viewcast.referee.answers import Answer, Verdict
from viewcast.referee.record import Status


class Client:
    """A submitter's end of ``viewcast referee start``.

    ``url``, ``token``: by default VIEWCAST_REFEREE_URL and VIEWCAST_REFEREE_TOKEN, else what the
    folder ``folder`` (by default ``referee`` here) tells: its ``address``, and its only token.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, folder: str = "referee"
    ) -> None:
        raise NotImplementedError

    def submit(self, predictions: Any) -> Answer:
        """Predictions (N,), probabilities (N, C), or a frame with the keys of the rows.

        Raises RefusedError, SpentError, ClosedError as the referee does; ConfigError for a wrong
        token; SourceError where nobody answers.
        """
        raise NotImplementedError

    def status(self) -> Status:
        """What is left."""
        raise NotImplementedError

    def close(self) -> Verdict:
        """Read the hidden rows, once, and hear the verdict."""
        raise NotImplementedError
