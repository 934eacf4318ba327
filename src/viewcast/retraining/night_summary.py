"""The summary of a night: its outcome with the reason, and the metrics of its run in MLflow."""

from typing import Any

from viewcast.retraining.journal import Journal
from viewcast.retraining.outcome import Ending, ended
from viewcast.tracking import tags


def summary(
    journal: Journal, serves: int | None, approve: str, left_out: dict[str, str], begun: float
) -> dict[str, Any]:
    """The line of ``outcomes.jsonl`` for a night that has come to its end.

    ``serves``: the version that serves now. ``approve``: ``retrain.approve``. ``left_out``: why a
    recipe has no forecast tonight, by name. ``begun``: seconds on the monotonic clock.
    """
    ending, reason = _ending(journal, serves, approve)
    return {
        **ended(ending, reason, journal.today, begun),
        "newest": journal.newest,
        "added": len(journal.added),
        "corrected": journal.corrected,
        "drifted": journal.drifted,
        "remarks": journal.remarks,
        "left_out": left_out,
        "serves": serves,
        "version": journal.version,
        "stages": journal.stages,
        "run_id": journal.run_id,
        "gate": journal.gate,
        "guard": journal.guard,
    }


def metrics(journal: Journal, outcome: dict[str, Any]) -> dict[str, float | None]:
    """The metrics of a night, None where one has no value; ``outcome``: its ``summary``."""
    gate = journal.gate or {}
    return {
        tags.DAYS_ADDED: len(journal.added),
        tags.DAYS_CORRECTED: len({correction["day"] for correction in journal.corrected}),
        tags.AGE_OF_NEWEST_DAY: journal.age,
        **{f"{tags.DRIFT_P_OF}{_metric_name(test['name'])}": test["p"] for test in journal.drift},
        tags.CHAMPION_VERSION: outcome["serves"],
        tags.EVIDENCE: gate.get("evidence"),
        tags.JUDGED_WEEKS: gate.get("weeks"),
        tags.EXIT_CODE: outcome["code"],
    }


def _metric_name(name: str) -> str:
    return name.split(" (", maxsplit=1)[0].replace(" ", "_")


def _ending(journal: Journal, serves: int | None, approve: str) -> tuple[Ending, str]:
    gate, guard, version = journal.gate or {}, journal.guard or {}, journal.version
    if not guard.get("passes"):
        stays = f"version {serves} stays" if serves else "no version serves"
        return "kept", f"{stays}: the guard stopped version {version}: {guard.get('reason')}"
    waits = approve == "manual"
    what = f"version {version} {'waits for approval (make approve)' if waits else 'serves'}"
    if gate.get("promoted"):
        return "promoted", f"{gate['promoted']} is champion, and {what}: {gate['reason']}"
    return "served", f"{what}; {gate.get('reason')}"
