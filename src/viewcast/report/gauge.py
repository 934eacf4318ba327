"""The gauge of trust: how much of a claimed gain survives, in a number, a colour and words."""

from dataclasses import dataclass

from viewcast.report.audits import Audit

SIGNS = {"green": "●", "amber": "◐", "red": "○"}  # told apart without colours, too
MOST, HALF = 0.8, 0.5  # of the gain; the colours change here


@dataclass(frozen=True)
class Gauge:
    """``percent`` of the gain survive; ``word`` says what the colour does."""

    percent: int
    colour: str
    sign: str
    word: str


def gauge(audit: Audit) -> Gauge | None:
    """The gauge of a holdout; None where no gain was claimed or none could be corrected."""
    gain = audit["gain"]
    if gain is None or gain["trust"] is None or gain["colour"] is None:
        return None
    trust, colour = gain["trust"], gain["colour"]
    return Gauge(round(100 * trust), colour, SIGNS[colour], _word(trust, colour))


def _word(trust: float, colour: str) -> str:
    if colour == "green":
        return "holds"
    if colour == "amber":
        return "holds in part" if trust < MOST else "holds, without a bound"
    return "does not hold" if trust < HALF else "may be nothing"
