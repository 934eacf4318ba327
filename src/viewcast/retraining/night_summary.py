"""What a night has to tell: the outcome with its reason, and the figures of its run in MLflow."""

from typing import Any

from viewcast.retraining.journal import Journal
from viewcast.retraining.outcome import Ending, ended


def outcome(journal: Journal, champion: int | None, least: int, begun: float) -> dict[str, Any]:
    """The line of a night that has come to its end.

    ``champion``: the version that reigns now. ``least``: fresh days that a judgement takes.
    """
    ending, reason = _ending(journal, least)
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


def figures(journal: Journal, told: dict[str, Any]) -> dict[str, float | None]:
    """The metrics of a night; ``told``: its outcome."""
    gate = journal.gate or {}
    difference = gate.get("difference") or {}
    return {
        "days_added": len(journal.added),
        "days_corrected": len({one["day"] for one in journal.corrected}),
        "age_of_newest_day": journal.age,
        **{f"drift_p_{_plain(test['name'])}": test["p"] for test in journal.drift},
        "fresh_days": journal.fresh_days,
        "champion_version": told["champion"],
        "challenger_version": told["challenger"],
        "exit_code": told["code"],
        **{name: gate.get(name) for name in ("champion_loss", "challenger_loss", "naive_loss")},
        **{f"difference_{name}": value for name, value in difference.items()},
    }


def _plain(name: str) -> str:
    return name.split(" (", maxsplit=1)[0].replace(" ", "_")


def _ending(journal: Journal, least: int) -> tuple[Ending, str]:
    gate, challenger = journal.gate, journal.challenger or {}
    if challenger.get("version") is None:
        return "not better", f"no challenger: {challenger.get('reason')}"
    if gate is None:
        days = journal.fresh_days
        return "days spent", (
            f"fresh days: {days} of the {least} that a judgement takes; version "
            f"{challenger['version']} is judged in {least - days} more"
        )
    return ("promoted" if gate["promote"] else "not better"), gate["reason"]
