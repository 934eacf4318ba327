"""What a page shows of a referee: its verdict, its figures, and what weakens it."""

from dataclasses import dataclass

from viewcast.assessment.refereed import Refereed
from viewcast.assessment.refereed_sentences import digits, word
from viewcast.assessment.wording import sentence
from viewcast.report.audits import refereed_title


@dataclass(frozen=True)
class RefereedFigure:
    """A number with its name."""

    name: str
    value: str


@dataclass(frozen=True)
class RefereedPanel:
    """A referee on a page. ``weak``: whether something was not as planned, or read elsewhere."""

    title: str
    anchor: str
    verdict: str
    figures: list[RefereedFigure]
    sentences: tuple[str, ...]
    weak: bool


def refereed_panel(refereed: Refereed) -> RefereedPanel:
    """The panel of a referee."""
    return RefereedPanel(
        refereed_title(refereed),
        f"referee_{refereed.plan_hash[:8]}",
        sentence(refereed.verdict),
        _figures(refereed),
        refereed.sentences,
        bool(refereed.deviations or refereed.raw_readers),
    )


def _figures(refereed: Refereed) -> list[RefereedFigure]:
    gain, plan = refereed.gain, refereed.plan
    known = {
        word(plan): f"{len(refereed.accepted):,} of {refereed.submissions:,}",
        "answers left": f"{refereed.left:,} of {plan.terms.budget:,}",
    }
    if gain is not None and refereed.accepted:
        known = {
            f"gain in {plan.metric}": digits(gain.estimate, gain),
            "95 % interval": f"{digits(gain.low, gain)} to {digits(gain.high, gain)}",
            "claimed by the rows that judged": digits(gain.claimed, gain),
        } | known
    if gain is not None and gain.raw is not None:
        known["claimed by a raw loop"] = digits(gain.raw, gain)
    return [RefereedFigure(name, value) for name, value in known.items()]
