"""The judging of a night: matured weeks, the evidence of the gate, and a promotion it may bring."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from viewcast.base.paths import judgements_path
from viewcast.forecast.ledger import COMBINATION
from viewcast.retraining import judgement
from viewcast.retraining.gate import Evidence, decide, weigh
from viewcast.retraining.kept_lines import KeptLines
from viewcast.retraining.reigns import Reign, crown, reigns
from viewcast.retraining.settings import Settings


@dataclass(frozen=True)
class Judged:
    """``reigns``: all of them, the present one last. ``evidence``: against its champion."""

    reigns: list[Reign]
    evidence: Evidence
    sentence: str

    @property
    def champion(self) -> str:
        """The recipe that is champion."""
        return self.reigns[-1].recipe


def judge(kept: KeptLines, settings: Settings, root: Path, night: date) -> Judged:
    """Judge the weeks that can be judged, and promote where the evidence says so.

    Every judgement and promotion is written once, however often this is called.
    """
    channel = settings.retrain.channel
    path = judgements_path(root, channel)
    judgement.append(path, judgement.due(kept.lines, kept.views, judgement.read(path)))
    while True:
        found = judged(settings, root)
        decision = decide(found.evidence)
        if decision.promote is None:
            return found
        crown(root, channel, night, found.champion, decision)


def judged(settings: Settings, root: Path) -> Judged:
    """The reigns and the evidence as they are on the disk."""
    channel = settings.retrain.channel
    known = reigns(root, channel)
    present = known[-1]
    evidence = weigh(
        judgement.read(judgements_path(root, channel)),
        present.recipe,
        [*settings.recipes, COMBINATION],
        settings.gate,
        present.number,
        present.since,
    )
    return Judged(known, evidence, decide(evidence).reason)
