"""What an audit answered about a foreign experiment, in the words of ``experiment.Expected``."""

from dataclasses import dataclass

import viewcast
from foreign.experiment import Answer, Expected
from viewcast.assessment.result import AuditResult
from viewcast.base.errors import ConfigError, DataError


@dataclass(frozen=True)
class Answered:
    """``answer`` as expected; ``result``: of the holdout of the winner that is expected, None where
    the whole audit was refused; ``holdouts``: how many there are; ``text``: all that a user reads.
    """

    answer: Answer
    result: AuditResult | None
    text: str
    holdouts: int = 0

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
    meant = [
        result
        for result in audited.results
        if any(run.name == expected.winner for run in result.runs)
    ]
    result = (meant or audited.results)[0]
    return Answered(_answer(result), result, str(audited), len(audited.results))


def _answer(result: AuditResult) -> Answer:
    if result.winner is not None and result.winner.expected is not None and result.rows:
        return "priced"
    return "ranged" if result.score_range else "refused"
