"""The page of an audit alone: everything on one screen of a phone or a desk, in one file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from viewcast.assessment import range_sentences, understood_sentences
from viewcast.assessment.refereed import Refereed
from viewcast.assessment.result import AuditResult
from viewcast.assessment.understood_sentences import Line
from viewcast.assessment.wording import bound_words, noise_digits, sentence
from viewcast.base.numbers import plain, with_error
from viewcast.report.assessment_panel import AssessmentPanel, assessment_panel
from viewcast.report.audits import Audit
from viewcast.report.figures import hidden_gains, more_runs, run_comparison, winner
from viewcast.report.figures.style import Drawing, applied
from viewcast.report.picture_shelf import PictureShelf, embedded
from viewcast.report.refereed_panel import refereed_panel

PAGE, FRAGMENT = "page_audit.html", "audit_fragment.html"
NAMED = 32  # letters of a name above a figure
LISTED = 100  # runs in the table; the file of the results has all


@dataclass(frozen=True)
class Figure:
    """A number of the winner with its name."""

    name: str
    value: str


@dataclass(frozen=True)
class RunRow:
    """A run in the table; ``best``: whether it cannot be told apart from the best."""

    name: str
    shown: str
    expected: str
    best: bool
    verdict: str


@dataclass(frozen=True)
class Section:
    """One holdout: the panel of facts with what the page of an audit adds."""

    panel: AssessmentPanel
    understood: list[Line]
    advice: str
    figures: list[Figure]
    runs: list[RunRow]
    left_out: int


def page(audits: Sequence[Audit], refereed: Sequence[Refereed] = ()) -> str:
    """The whole page as text; it needs no network."""
    return _rendered(PAGE, audits, refereed)


def fragment(audits: Sequence[Audit], refereed: Sequence[Refereed] = ()) -> str:
    """What a notebook shows: headline, figures and curve, without touching its own style."""
    return _rendered(FRAGMENT, audits, refereed)


def section(audit: Audit) -> Section:
    """What the page shows of one holdout."""
    result = audit.result
    understood = result.understood
    compared = result.compared
    return Section(
        panel=assessment_panel(audit),
        understood=[] if understood is None else understood_sentences.lines(understood),
        advice="" if understood is None else understood.advice or "",
        figures=_figures(result),
        runs=[
            RunRow(
                run.name,
                noise_digits(run.shown, result),
                "" if run.expected is None else noise_digits(run.expected, result),
                bool(run.in_confidence_set),
                sentence(run.verdict),
            )
            for run in compared[:LISTED]
        ],
        left_out=max(0, len(compared) - LISTED),
    )


def _figures(result: AuditResult) -> list[Figure]:
    best = result.winner
    if best is None:
        return []
    set_of_best = result.confidence_set
    winner = best.name if len(best.name) <= NAMED else f"{best.name[: NAMED - 1]}…"
    pairs = {
        f"shown by “{winner}”": with_error(best.shown, best.error),
        "expected of it on new rows": _known(best.expected, result)
        or range_sentences.expected(result),
        bound_words(result): _known(best.bound95, result) or range_sentences.bound(result),
        "true": "" if best.truth is None else noise_digits(best.truth.mean, result),
        "reference": "" if result.reference_loss is None else plain(result.reference_loss),
        "cannot be told apart": f"{len(set_of_best.run_ids)} of {len(result.compared)} runs"
        if set_of_best
        else "",
    }
    return [Figure(name, value) for name, value in pairs.items() if value]


def _known(value: float | None, result: AuditResult) -> str:
    return "" if value is None else noise_digits(value, result)


def _rendered(template: str, audits: Sequence[Audit], refereed: Sequence[Refereed]) -> str:
    experiments = [audit.result.experiment for audit in audits]
    experiments += [each.experiment for each in refereed]
    with TemporaryDirectory() as folder, applied():
        drawings = [drawing for audit in audits for drawing in _drawings(audit)]
        shelf = PictureShelf(drawing.save(Path(folder)) for drawing in drawings)
        return (
            _templates()
            .get_template(template)
            .render(
                sections=[section(audit) for audit in audits],
                refereed=list(map(refereed_panel, refereed)),
                experiment=next(iter(experiments), ""),
                take=shelf.take,
                embedded=embedded,
            )
        )


def _drawings(audit: Audit) -> Iterator[Drawing]:
    for module in (more_runs, winner, run_comparison, hidden_gains):
        yield from module.of_audit(audit)


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
