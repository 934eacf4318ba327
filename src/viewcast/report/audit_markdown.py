"""The audit as GitHub-flavoured Markdown, for a comment under a pull request."""

from collections.abc import Sequence

from viewcast.assessment.refereed import Refereed
from viewcast.assessment.wording import bound_word, sentence
from viewcast.base.escaped import in_markdown
from viewcast.report.assessment_panel import AssessmentPanel, assessment_panel
from viewcast.report.audits import Audit, refereed_title
from viewcast.report.gauge import SIGNS

HEADS = (
    *("chosen on", "winner", "shown", "expected on new rows", "with 95 % confidence"),
    *("share of the gain", "looks"),
)
RIGHT = ("shown", "expected on new rows", "with 95 % confidence")
TITLE = "What the validation scores are worth"
NOTE = (
    "*Shown* chose the winner (± one standard error); *expected* and its bound are what the same "
    "run earns on new rows, corrected for the choice and the looks."
)
NAME, MOST = 80, 50  # characters of a name; holdouts of the table: a comment has a limit
TITLE_LENGTH = 300


def audit_markdown(audits: Sequence[Audit], refereed: Sequence[Refereed] = ()) -> str:
    """The table of all holdouts and a verdict on each, with the figures of the page; then the
    verdict of each referee.
    """
    panels = [assessment_panel(audit) for audit in audits[:MOST]]
    lines = [f"### {TITLE}", ""]
    if panels:
        lines += [_row(HEADS), _row(["---:" if head in RIGHT else "---" for head in HEADS])]
        lines += [_row(_cells(panel)) for panel in panels]
        lines += ["", *map(_verdict, panels)]
        if len(audits) > MOST:
            lines += [f"- and {len(audits) - MOST:,} more"]
        lines += ["", NOTE]
    elif not refereed:
        lines += ["No holdout has runs that could be audited."]
    if refereed:
        lines += [""] if panels else []
        lines += [_refereed(each) for each in refereed[:MOST]]
        if len(refereed) > MOST:
            lines += [f"- and {len(refereed) - MOST:,} more referees"]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(panel: AssessmentPanel) -> list[str]:
    result = panel.audit.result
    bound = panel.upper if panel.upper == "–" else f"{bound_word(result)} {panel.upper}"
    unit = f", loss in {in_markdown(result.unit, NAME)}" if result.unit else ""
    return [
        in_markdown(panel.title, TITLE_LENGTH) + unit,
        in_markdown(panel.winner, NAME),
        in_markdown(panel.shown),
        in_markdown(panel.expected),
        in_markdown(bound),
        _gain(panel),
        in_markdown(panel.looked_at),
    ]


def _gain(panel: AssessmentPanel) -> str:
    if panel.gauge is None:
        return "refused" if panel.audit.result.refusal else ""
    gauge = panel.gauge
    return f"{SIGNS[gauge.colour]} {gauge.percent} %, {in_markdown(gauge.word)}"


def _verdict(panel: AssessmentPanel) -> str:
    verdict = "" if panel.verdict in panel.headline else f" {in_markdown(panel.verdict, 600)}"
    title = in_markdown(panel.title, TITLE_LENGTH)
    return f"- **{title}**: {in_markdown(panel.headline, 600)}{verdict}"


def _refereed(refereed: Refereed) -> str:
    deviations = "".join(f" {in_markdown(sentence(each), 600)}" for each in refereed.deviations)
    title = in_markdown(refereed_title(refereed), TITLE_LENGTH)
    return f"- **{title}**: {in_markdown(sentence(refereed.verdict), 900)}{deviations}"
