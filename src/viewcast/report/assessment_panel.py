"""The part of the page on one holdout: the winner's figures, and every fact by topic."""

from collections.abc import Iterable
from dataclasses import dataclass

from viewcast.assessment import sentences
from viewcast.assessment.sentences import Topic, looked_at
from viewcast.assessment.wording import few, noise_digits, sentence
from viewcast.base.numbers import plain, with_error
from viewcast.report.audits import Audit
from viewcast.report.gauge import Gauge, gauge

FIGURES = ("best_of", "winner", "confidence_set", "hidden_holdout", "refereed")


@dataclass(frozen=True)
class AssessmentPanel:
    """One holdout on the page.

    ``shown`` to ``reference``: figures of the winner as texts. ``headline``, ``verdict``: a
    sentence each; ``topics``: every fact of the audit; ``excluded``: a sentence for each reason;
    ``pictures``: names of those that there may be.
    """

    audit: Audit
    title: str
    anchor: str
    looked_at: str
    winner: str
    shown: str
    expected: str
    upper: str
    truth: str
    reference: str
    gauge: Gauge | None
    headline: str
    verdict: str
    topics: list[Topic]
    excluded: list[str]
    pictures: list[str]


def assessment_panel(audit: Audit) -> AssessmentPanel:
    """The panel of one holdout."""
    result, winner = audit.result, audit.result.winner
    truth = None if winner is None else winner.truth
    return AssessmentPanel(
        audit=audit,
        title=audit.title,
        anchor=f"assessment_{audit.slug}",
        looked_at=looked_at(result),
        winner="" if winner is None else audit.name(winner.name),
        shown="–" if winner is None else with_error(winner.shown, winner.error),
        expected=noise_digits(None if winner is None else winner.expected, result),
        upper=noise_digits(None if winner is None else winner.bound95, result),
        truth="" if truth is None else noise_digits(truth.mean, result),
        reference=plain(result.reference_loss),
        gauge=gauge(result),
        headline=sentence(result.headline),
        verdict=sentence(result.verdict),
        topics=sentences.topics(result),
        excluded=_excluded(audit),
        pictures=[f"{audit.slug}_{figure}" for figure in FIGURES],
    )


def caught(audits: Iterable[Audit]) -> list[str]:
    """Why memorizer_leak, which has memorised the validation rows, was excluded, and where."""
    by_reason: dict[str, list[str]] = {}
    for audit in audits:
        for run in audit.result.runs:
            named = run.model == "memorizer_leak" or "memorizer_leak" in run.name
            if named and run.excluded is not None:
                for reason in run.excluded.split("; "):
                    by_reason.setdefault(reason, []).append(audit.place)
    everywhere = max(map(len, by_reason.values()), default=0)
    common = [reason for reason, places in by_reason.items() if len(places) == everywhere]
    rare = [
        sentence(f"{reason} ({'; '.join(dict.fromkeys(places))})")
        for reason, places in by_reason.items()
        if len(places) < everywhere
    ]
    return [sentence(f"it {'; '.join(common)}"), *rare] if common else []


def _excluded(audit: Audit) -> list[str]:
    """The runs that took no part in the choice, by the reason why."""
    by_reason: dict[str, list[str]] = {}
    for run in audit.result.runs:
        if run.excluded is not None:
            by_reason.setdefault(run.excluded, []).append(run.name)
    return [sentence(f"{few(names)}: {reason}") for reason, names in by_reason.items()]
