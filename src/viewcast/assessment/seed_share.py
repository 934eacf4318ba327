"""Is it just the seed? What runs of one setting tell, as a part of the result."""

from collections.abc import Sequence

from viewcast.assessment.result import SeedShare
from viewcast.assessment.study import Scored
from viewcast.selection.inference import Inference

AVERAGE = "the average setting"


def settings(runs: Sequence[Scored]) -> list[str | None]:
    """Of each run the identity of its settings but the seed; None of one that names no seed."""
    return [run.facts.settings if run.facts.seed is not None else None for run in runs]


def seed_share(inference: Inference | None, reference: str | None) -> SeedShare | None:
    """The winner's gain over the run ``reference``, without one over the average setting."""
    if inference is None or inference.seed_share is None:
        return None
    return SeedShare(base=reference or AVERAGE, **vars(inference.seed_share))
