"""The summary of a night: its outcome with the reason, and the metrics of its run in MLflow."""

from typing import Any

from viewcast.retraining.journal import Journal
from viewcast.retraining.outcome import Ending, ended
from viewcast.tracking import tags


def summary(
    journal: Journal, champion: int | None, evaluation_days: int, begun: float
) -> dict[str, Any]:
    """The line of ``registry/outcomes.jsonl`` for a night that has come to its end.

    ``champion``: the version that is champion now. ``evaluation_days``: fresh days that an
    evaluation needs. ``begun``: seconds on the monotonic clock.
    """
    ending, reason = _ending(journal, evaluation_days)
    return {
        **ended(ending, reason, journal.today, begun),
        "newest": journal.newest,
        "added": len(journal.added),
        "corrected": journal.corrected,
        "drifted": journal.drifted,
        "fresh_days": journal.fresh_days,
        "champion": champion,
        "challenger": (journal.challenger or {}).get("version"),
        "stages": journal.stages,
        "run_id": journal.run_id,
        "gate": journal.gate,
    }


def metrics(journal: Journal, outcome: dict[str, Any]) -> dict[str, float | None]:
    """The metrics of a night, None where one has no value; ``outcome``: its ``summary``."""
    gate = journal.gate or {}
    difference = gate.get("difference") or {}
    return {
        tags.DAYS_ADDED: len(journal.added),
        tags.DAYS_CORRECTED: len({correction["day"] for correction in journal.corrected}),
        tags.AGE_OF_NEWEST_DAY: journal.age,
        **{f"{tags.DRIFT_P_OF}{_metric_name(test['name'])}": test["p"] for test in journal.drift},
        tags.FRESH_DAYS: journal.fresh_days,
        tags.CHAMPION_VERSION: outcome["champion"],
        tags.CHALLENGER_VERSION: outcome["challenger"],
        tags.EXIT_CODE: outcome["code"],
        tags.CHAMPION_LOSS: gate.get("champion_loss"),
        tags.CHALLENGER_LOSS: gate.get("challenger_loss"),
        tags.NAIVE_LOSS: gate.get("naive_loss"),
        **{f"{tags.DIFFERENCE_OF}{name}": value for name, value in difference.items()},
    }


def _metric_name(name: str) -> str:
    return name.split(" (", maxsplit=1)[0].replace(" ", "_")


def _ending(journal: Journal, evaluation_days: int) -> tuple[Ending, str]:
    gate, challenger = journal.gate, journal.challenger or {}
    if challenger.get("version") is None:
        return "not better", f"no challenger: {challenger.get('reason')}"
    if gate is None:
        days = journal.fresh_days
        return "days spent", (
            f"fresh days: {days} of the {evaluation_days} that an evaluation needs; version "
            f"{challenger['version']} is evaluated after {evaluation_days - days} more"
        )
    return ("promoted" if gate["promote"] else "not better"), gate["reason"]
