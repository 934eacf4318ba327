"""What an audit answered about a foreign experiment, in the words of ``experiment.Expected``."""

from dataclasses import dataclass

import viewcast
from foreign.experiment import Answer, Expected
from viewcast.assessment.result import AuditResult
from viewcast.base.errors import ConfigError, DataError


@dataclass(frozen=True)
class Answered:
    """``answer`` as expected; ``result``: of the holdout that most runs share, None where the whole
    audit was refused; ``text``: all that a user reads.
    """

    answer: Answer
    result: AuditResult | None
    text: str

    @property
    def in_short(self) -> str:
        """One line of it."""
        if self.result is None:
            return self.text
        return self.result.headline or self.result.verdict


def ask(uri: str, name: str, expected: Expected) -> Answered:
    """The audit of an experiment, with the arguments that a user would give."""
    try:
        audited = viewcast.audit(uri, name, **expected.ask)
    except (ConfigError, DataError) as error:
        return Answered("refused", None, str(error))
    result = max(audited.results, key=lambda result: len(result.compared))
    return Answered(_answer(result), result, str(audited))


def _answer(result: AuditResult) -> Answer:
    if result.winner is not None and result.winner.expected is not None and result.rows:
        return "priced"
    return "ranged" if result.score_range else "refused"
