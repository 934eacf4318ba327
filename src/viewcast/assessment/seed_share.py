"""Is it just the seed? What runs of one setting tell, as a part of the result."""

from collections import Counter
from collections.abc import Sequence

from viewcast.assessment.choice import SeedShare
from viewcast.assessment.study import Scored
from viewcast.selection.inference import Inference

AVERAGE = "the average setting"


def settings(runs: Sequence[Scored]) -> list[str | None]:
    """Of each run the identity of its settings but the seed; None where that is not known.

    It is not of a run that names no seed, and of runs that share their settings and the seed: they
    differ by something that they do not tell.
    """
    seeds = Counter((run.facts.settings, run.facts.seed) for run in runs)
    unclear = {settings for (settings, _), count in seeds.items() if count > 1}
    return [
        None if run.facts.seed is None or run.facts.settings in unclear else run.facts.settings
        for run in runs
    ]


def seed_share(inference: Inference | None, reference: str | None) -> SeedShare | None:
    """The winner's gain over the run ``reference``, without one over the average setting."""
    if inference is None or inference.seed_share is None:
        return None
    return SeedShare(base=reference or AVERAGE, **vars(inference.seed_share))
