"""What a validation score is worth, per holdout, as the page tells it."""

from collections.abc import Iterable
from dataclasses import dataclass

from viewcast.base.numbers import plain, with_error
from viewcast.report.audits import Audit, stated
from viewcast.report.figures import hidden_gains, more_runs, run_comparison
from viewcast.report.gauge import Gauge, gauge

PURPOSES = {
    "report": "final losses",
    "early_stop": "early stopping",
    "select": "choices among candidates",
    "gate": "champion against challenger",
    "test": "openings of the test",
}
NAMED = 4  # runs that a sentence names
FIGURES = ("best_of", "winner", "ties", "hidden_holdout")


@dataclass(frozen=True)
class Worth:
    """One holdout on the page; ``lines`` are the panel: what each is about, and what it says."""

    audit: Audit
    title: str
    anchor: str
    winner: str
    shown: str
    expected: str
    upper: str
    truth: str
    naive: str
    gauge: Gauge | None
    lines: list[tuple[str, str]]
    excluded: list[str]
    pictures: list[str]


def worth(audit: Audit) -> Worth:
    """What the page says of one holdout."""
    winner = audit["winner"] or {}
    truth = winner.get("truth")
    return Worth(
        audit,
        audit.title,
        f"worth_{audit.slug}",
        audit.name(winner["name"]) if winner else "",
        with_error(winner.get("shown"), winner.get("error")) if winner else "–",
        plain(winner.get("expected")),
        plain(winner.get("upper95")),
        "" if truth is None else plain(truth["mean"]),
        plain(audit.naive),
        gauge(audit),
        [line for line in _panel(audit) if line[1]],
        _aside(audit),
        [f"{audit.slug}_{figure}" for figure in FIGURES],
    )


def caught(audits: Iterable[Audit]) -> list[str]:
    """Where memorizer_leak, the function that has memorised the validation rows, was excluded, and why."""
    by_reason: dict[str, list[str]] = {}
    for audit in audits:
        models = {run["run_id"]: run["model"] for run in audit["runs"]}
        for run in audit["excluded"]:
            if models.get(run["run_id"]) == "memorizer_leak" or "memorizer_leak" in str(
                run["name"]
            ):
                for reason in run["why"].split("; "):
                    by_reason.setdefault(reason, []).append(audit.place)
    everywhere = max(map(len, by_reason.values()), default=0)
    common = [reason for reason, places in by_reason.items() if len(places) == everywhere]
    rare = [
        stated(f"{reason} ({'; '.join(dict.fromkeys(places))})")
        for reason, places in by_reason.items()
        if len(places) < everywhere
    ]
    return [stated(f"it {'; '.join(common)}"), *rare] if common else []


def _panel(audit: Audit) -> list[tuple[str, str]]:
    return [
        ("Looks", _looks(audit)),
        ("Score", _score(audit)),
        ("Trust", _gain(audit)),
        ("More runs", more_runs.finding(audit) + "." if more_runs.drawable(audit) else ""),
        ("Ties", _ties(audit)),
        ("Unseen rows", f"{_shadow(audit)} {_test(audit)}"),
    ]


def _looks(audit: Audit) -> str:
    looks = audit["looks"]
    uses = [
        f"{plain(count)} for {PURPOSES.get(purpose, purpose)}"
        for purpose, count in looks["by_purpose"].items()
        if count
    ]
    said = f"{audit.rounds}" + (f" ({', '.join(uses)})" if len(uses) > 1 else "") + "."
    users = looks["by_user"]
    if len(users) > 1:
        said += f" By {', '.join(f'{user} {plain(count)}' for user, count in users.items())}."
    if looks["bits_used"] is not None and looks["bits_budget"] is not None:
        said += " " + _bits(audit)
    return said


def _bits(audit: Audit) -> str:
    looks = audit["looks"]
    used, budget = looks["bits_used"], max(looks["bits_budget"], 0)
    rows = f"{plain(audit['rows'])} {audit.rows_word}"
    if budget == 0:
        spent = f"They spend {plain(used, 2)} bits; {rows} can answer none"
    elif used > budget:
        spent = f"They spend {plain(used, 2)} bits, more than the {plain(budget, 2)} that {rows} "
        spent += "can answer"
    else:
        spent = f"They spend {plain(used, 2)} of the {plain(budget, 2)} bits that {rows} can answer"
    return f"{spent} to within {plain(100 * looks['tolerance'])} % of the range of a bounded loss."


def _score(audit: Audit) -> str:
    winner = audit["winner"]
    if winner is None:
        return f"No winner: {audit['refusal'] or 'no run has losses by row'}."
    unit = audit["unit"]
    name, shown = audit.name(winner["name"]), with_error(winner["shown"], winner["error"])
    said = f"“{name}” shows {shown} {unit}"
    if winner["expected"] is not None:
        said += f"; on new {audit.rows_word} expect {plain(winner['expected'])}"
    if winner["upper95"] is not None:
        said += f", with 95 % confidence less than {plain(winner['upper95'])}"
    if winner["truth"] is not None:
        said += f"; in truth it is {plain(winner['truth']['mean'])}"
    said += "."
    if audit["independent"] is not None and (audit["dependence"] or 1) > 1:
        said += (
            f" {audit.rows_word.capitalize()} depend on those {plain(audit['dependence'], 2)} "
            f"before: the {plain(audit['rows'])} are worth {plain(audit['independent'], 2)} "
            "independent ones."
        )
    if audit["refusal"] and audit["refusal"] not in audit["verdict"]:
        said += f" Refused: {audit['refusal'].rstrip('.')}."
    return said


def _gain(audit: Audit) -> str:
    gain, unit = audit["gain"], audit["unit"]
    if gain is None or gain["expected"] is None:
        return ""
    over = audit.name(str(gain["reference"]))
    if gain["shown"] <= 0:
        return f"Nothing was gained over {over}."
    said = (
        f"Of the {plain(gain['shown'])} {unit} gained over {over}, {plain(gain['expected'])} "
        "is to be expected on new rows"
    )
    if gain["lower95"] is not None:
        said += f", with 95 % confidence more than {plain(gain['lower95'])}"
    return said + "."


def _shadow(audit: Audit) -> str:
    if audit["hidden_holdout"] is None:
        caveat = audit["adaptive"]["caveat"]
        return "No hidden_holdout was kept." + (f" {stated(caveat)}" if caveat else "")
    return stated(audit["hidden_holdout"].get("sentence") or hidden_gains.finding(audit))


def _test(audit: Audit) -> str:
    opened = audit["opened"]
    if not opened:
        return "The test is sealed, never opened."
    said = [
        f"“{audit.name(str(one['name']))}” on {str(one['time'])[:10]} by {one['user']}, loss "
        f"{with_error(one['loss'], one['error'])}"
        + (f" (reason: {one['reason']})" if one["reason"] else "")
        for one in opened
    ]
    times = "once" if len(opened) == 1 else f"{len(opened)} times"
    return f"The test was opened {times}: {'; '.join(said)}."


def _ties(audit: Audit) -> str:
    if audit["confidence_set"] is None:
        return ""
    names = [audit.name(name) for name in audit["confidence_set"]["names"]]
    return f"{run_comparison.finding(audit)}" + (f" ({_few(names)})." if len(names) > 1 else ".")


def _aside(audit: Audit) -> list[str]:
    """The runs that took no part in the choice, by the reason why."""
    by_reason: dict[str, list[str]] = {}
    for run in audit["excluded"]:
        by_reason.setdefault(run["why"], []).append(audit.name(str(run["name"])))
    return [f"{_few(names)}: {reason.rstrip('.')}." for reason, names in by_reason.items()]


def _few(names: list[str]) -> str:
    more = len(names) - NAMED
    shown = ", ".join(f"“{name}”" for name in names[: NAMED if more > 1 else NAMED + 1])
    return shown + (f" and {plain(more)} more" if more > 1 else "")
