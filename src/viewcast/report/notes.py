"""The notes of runs and experiments in markdown, as MLflow's UI shows them.

The UI shows the first line of an experiment's note above its runs, and about five lines of a run's
until one asks for more: the verdict comes first, then the figures, the picture last.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from viewcast.assessment.range_sentences import bound, expected
from viewcast.assessment.result import AuditedRun, AuditResult
from viewcast.assessment.wording import (
    bound_words,
    capitalised,
    counted,
    in_unit,
    noise_digits,
    sentence,
)
from viewcast.base.escaped import in_markdown
from viewcast.base.numbers import plain, with_error
from viewcast.report.audits import Audit
from viewcast.scoring.labels import label_of
from viewcast.tracking.tags import PICTURES_FOLDER
from viewcast.tracking.views.view import TABLE, View, address

LEFT_OUT = (
    "Charts leave out runs that failed or diverged, and memorizers: their tag `viewcast.compared` "
    "is `false`."
)
SHOWS = {  # what a view shows, by how its key goes on
    "curves": "training and validation loss by epoch; where they part, a run overfits",
    "scores": "training against validation loss; the shown loss beside the one to expect",
    "sweep": "what was tried and what came of it; shown against true loss where that is known",
    "differs": "only the parameters and metrics in which the runs differ",
    "nights": "what was promised, what came true, and how each recipe does, night by night",
    "pictures": "the pictures of the runs, side by side",
    "": "the run table with the figures of the audit",
}


@dataclass(frozen=True)
class StoredPicture:
    """A picture of that name in the pictures folder of a run's artifacts."""

    run_id: str
    name: str

    @property
    def markdown(self) -> str:
        """The picture, fetched from the server that shows the note."""
        path = quote(f"{PICTURES_FOLDER}/{self.name}.png")
        alt = in_markdown(self.name.replace("_", " "))
        return f"![{alt}](/get-artifact?path={path}&run_uuid={self.run_id})"


def run_note(
    audit: Audit,
    run: AuditedRun,
    error: float | None = None,
    verdict: str = "",
    pictures: Sequence[StoredPicture] = (),
) -> str:
    """The note of a run that was scored: verdict, figures, what it was compared with, pictures.

    ``error``: standard error of its score, where it is not the winner, whose error the audit has;
    ``verdict``: that of the project, where it says more than the audit's.
    """
    stated = verdict or run.excluded or run.verdict
    parts = [_bold(stated), _figures(audit.result, run, error), sentence(_compared(audit, run))]
    return _paragraphs(*parts, *(picture.markdown for picture in pictures))


def unscored_note(verdict: str, figures: str, pictures: Sequence[StoredPicture] = ()) -> str:
    """The note of a run without a score: it diverged, or had no rows to be validated on."""
    return _paragraphs(_bold(verdict), figures, *(picture.markdown for picture in pictures))


def search_note(audit: Audit, pictures: Sequence[StoredPicture] = ()) -> str:
    """The note of the run that a search is under: what came of it."""
    headline = in_markdown(sentence(audit.result.headline))
    return _paragraphs(
        short_verdict([audit]), headline, *(picture.markdown for picture in pictures)
    )


def experiment_note(
    experiment_id: str,
    audits: Sequence[Audit],
    views: Sequence[View],
    pictures: Sequence[StoredPicture] = (),
) -> str:
    """The note of an experiment: verdict and links to its views in one line, then what they mean.

    ``audits``: of the holdouts that its runs were scored on, at least one.
    """
    first = audits[0].result
    measured = label_of(first.loss) if first.understood is None else first.loss
    return _paragraphs(
        _first_line(short_verdict(audits), experiment_id, views),
        _unit(first.label, measured, first.unit),
        "\n".join(f"- {_choice(audit)}" for audit in audits),
        *_shown(views),
        *(picture.markdown for picture in pictures),
    )


def unaudited_note(
    experiment_id: str, label: str, loss: str, unit: str, views: Sequence[View]
) -> str:
    """The note of an experiment of viewcast before an audit has seen a score of it."""
    first = _first_line("**not audited yet**", experiment_id, views)
    return _paragraphs(first, _unit(label, label_of(loss), unit), *_shown(views))


def short_verdict(audits: Sequence[Audit]) -> str:
    """The verdicts of holdouts in one line of markdown, equal ones once."""
    if len(audits) == 1:
        head, colon, figure = audits[0].result.verdict.partition(": ")
        return f"**{in_markdown(head + colon + re.split('[,;:] ', figure)[0])}**"
    places: dict[str, list[str]] = {}
    for audit in audits:
        word = audit.result.verdict.split(":")[0]
        places.setdefault(word, []).append(audit.result.split or audit.which)
    return " · ".join(
        f"**{in_markdown(word)}** ({in_markdown(', '.join(named))})"
        for word, named in places.items()
    )


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _bold(statement: str) -> str:
    return f"**{in_markdown(capitalised(statement))}**" if statement else ""


def _figures(result: AuditResult, run: AuditedRun, error: float | None) -> str:
    """The figures of a run in one line, each with its error, as far as they are known."""
    winner = result.winner
    won = winner is not None and winner.run_id == run.run_id
    if winner is not None and won:
        error = winner.error
    figures = []
    if run.shown is not None:
        value = with_error(run.shown, error) if error else plain(run.shown)
        shown = in_unit(value, result)
        figures.append(f"shown **{in_markdown(shown)}**{_on_rows(result)}")
    hoped = noise_digits(run.expected, result) if run.expected is not None else ""
    if hoped or (won and expected(result)):
        figures.append(f"expected on new {result.rows_word} **{hoped or expected(result)}**")
    limit = noise_digits(run.bound95, result) if run.bound95 is not None else ""
    if limit or (won and bound(result)):
        figures.append(f"{bound_words(result)} {limit or bound(result)}")
    if run.train_loss is not None:
        figures.append(f"training {plain(run.train_loss)}")
    return capitalised(" · ".join(figures))


def _on_rows(result: AuditResult) -> str:
    split = f" of split “{in_markdown(result.split)}”" if result.split else ""
    return f" on {result.rows:,} {result.rows_word}{split}" if result.rows else split


def _compared(audit: Audit, run: AuditedRun) -> str:
    """With what the run was compared, and whether it can be told apart from the best."""
    result, best = audit.result, audit.result.confidence_set
    if run.excluded is not None:
        return "it takes no part in the choice"
    ids = [other.run_id for other in result.compared]
    if run.run_id not in ids:
        return ""
    text = f"rank {ids.index(run.run_id) + 1:,} of {counted(len(ids), 'run')} on the same "
    text += result.rows_word
    if best is not None and len(best.run_ids) > 1:
        inside = run.run_id in best.run_ids
        text += f"; {'one of' if inside else 'worse than'} the {len(best.run_ids):,} that cannot "
        text += "be told apart from the best"
    if result.gain is not None and result.reference_loss is not None:
        if run.name == result.gain.reference:
            text += "; the reference that gains are measured against"
        else:
            reference = in_markdown(audit.name(result.gain.reference))
            loss = noise_digits(result.reference_loss, result)
            text += f"; compared with “{reference}”, which shows {loss}"
    looks = f"; {counted(run.looks, 'look')} at these {result.rows_word}" if run.looks else ""
    return text + looks


def _first_line(verdict: str, experiment_id: str, views: Sequence[View]) -> str:
    links = _links(experiment_id, views)
    return f"{verdict} — {links}" if links else verdict


def _unit(label: str, measured: str, unit: str) -> str:
    whose = f"{in_markdown(label)}: " if label else ""
    in_its = f" in **{in_markdown(unit)}**" if unit else ""
    return (
        f"{whose}{in_markdown(measured)}{in_its}; ± is one standard error. Only runs on the same "
        "rows can be compared."
    )


def _shown(views: Sequence[View]) -> list[str]:
    """What each kind of view shows, and what none does."""
    kinds = {_kind(view): _title(view) for view in views}
    lines = [f"- {in_markdown(title)}: {SHOWS[kind]}" for kind, title in kinds.items()]
    return ["\n".join(lines), LEFT_OUT] if lines else []


def _choice(audit: Audit) -> str:
    """A holdout, what to do, and how far its figures hold."""
    result = audit.result
    where = result.split or audit.which or audit.label
    rows = f" ({result.rows:,} {result.rows_word})" if result.rows else ""
    told = sentence(result.headline)
    if result.verdict not in result.headline:
        told += f" {sentence(result.verdict)}"
    return f"**{in_markdown(where)}**{rows}: {in_markdown(told)}"


def _links(experiment_id: str, views: Sequence[View]) -> str:
    """Each view as a link by its short name; of several of one kind each by what tells it apart."""
    kinds: dict[str, list[View]] = {}
    for view in views:
        kinds.setdefault(_title(view), []).append(view)
    return " · ".join(
        _link(experiment_id, title, of_kind[0])
        if len(of_kind) == 1
        else f"{in_markdown(title)} "
        + ", ".join(_link(experiment_id, _which(view), view) for view in of_kind)
        for title, of_kind in kinds.items()
    )


def _link(experiment_id: str, text: str, view: View) -> str:
    return f"[{in_markdown(text)}]({address('', experiment_id, view.key)})"


def _kind(view: View) -> str:
    kind = view.key.removeprefix(f"{TABLE}-").split("-")[0]
    return kind if kind in SHOWS else ""


def _title(view: View) -> str:
    """The name of a view without its explanation: ``1 curves``."""
    return re.split(":| (?:between|of) ", view.name)[0]


def _which(view: View) -> str:
    """What tells a view from others of its kind: the split in parentheses, or the sweep's name."""
    last = re.search(r"\((.+)\)$", view.name)
    return last[1] if last else view.name.removeprefix(_title(view)).lstrip(": ")
