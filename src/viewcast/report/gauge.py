"""The gauge: how much of a shown gain is expected to stay, in a number, a colour and words."""

from dataclasses import dataclass

from viewcast.assessment.result import AuditResult
from viewcast.selection.share_of_gain import AMBER, GREEN

SIGNS = {"green": "●", "amber": "◐", "red": "○"}  # told apart without colours, too
EXPLANATION = (
    f"green from {GREEN:.0%}".replace("%", " %")
    + ", if a bound shows that some gain stays; "
    + f"red below {AMBER:.0%}".replace("%", " %")
    + ", or if the bound shows none"
)


@dataclass(frozen=True)
class Gauge:
    """``percent`` of the gain stay; ``word`` says what the colour does."""

    percent: int
    colour: str
    sign: str
    word: str


def gauge(result: AuditResult) -> Gauge | None:
    """The gauge of a holdout; None where there is no gain or none could be corrected."""
    gain = result.gain
    if gain is None or gain.share is None or gain.colour is None:
        return None
    word = _word(gain.share, gain.colour)
    return Gauge(round(100 * gain.share), gain.colour, SIGNS[gain.colour], word)


def _word(share: float, colour: str) -> str:
    if colour == "green":
        return "holds"
    if colour == "amber":
        return "holds in part" if share < GREEN else "holds, without a bound"
    return "does not hold" if share < AMBER else "may be nothing"
