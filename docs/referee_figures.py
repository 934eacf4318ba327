"""Write the figures of docs/referee.md anew: `python docs/referee_figures.py`.

They come from benchmarks/results/referee.json, which benchmarks/referee.py writes: 366 rows, 200
and 1,000 answers.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "referee.md"
RESULTS = ROOT / "benchmarks" / "results" / "referee.json"
BEGIN, END = "<!-- by docs/referee_figures.py -->\n", "<!-- to here -->\n"
ROWS, ANSWERS = 366, (200, 1000)
OWN = "pool F = 1 (the referee)"
RULES = {
    "raw score shown": "the raw score (what is usual)",
    "Thresholdout": "Thresholdout",
    "Ladder, step 1 s.e. (explore)": "the Ladder, a step of one standard error (`explore`)",
    "paired t 5 %": "a paired t test at 5 % each time",
    "SAFFRON": "SAFFRON",
    "e-LOND": "e-LOND",
    OWN: "**the referee, F = 1**",
    "pool F = 3": "the referee, F = 3",
}
COLUMNS = (
    ("null: false acceptances", "null", "false"),
    ("null: claim − truth", "null", "claim - truth"),
    ("5 % real: share of the gain", "5 % real", "share of an oracle's gain"),
    ("5 % real: false acceptances", "5 % real", "false"),
    ("hill climb: claim − truth", "hill climb", "claim - truth"),
)
ENOUGH = 100  # intervals that a coverage is told of
PARTS = ("table", "intervals", "referee alone", "hidden rows", "real")
CHANNEL = {
    "last": "channel (simulated)",
    "spread": "channel (simulated), hidden rows spread",
}

Row = dict[str, Any]
Found = dict[tuple[str, str, int], Row]


def block() -> str:
    """What stands between the marks of the page."""
    stored = json.loads(RESULTS.read_text(encoding="utf-8"))
    results = {name: rows_of(stored[name]) for name in PARTS}
    tried = [*results["intervals"], *results["referee alone"]]
    told = [*lines(results["table"], tried), places(results["hidden rows"], results["real"])]
    return "".join(f"{line}\n" for line in told)


def rows_of(table: dict[str, Any]) -> list[Row]:
    """A stored table as rows."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def lines(table: list[Row], tried: list[Row]) -> Iterator[str]:
    """A table of rules, and what is said of ours."""
    found = {
        (row["loop"], row["rule"], row["answers"]): row for row in table if row["rows"] == ROWS
    }

    def told(loop: str, rule: str, name: str) -> str:
        return " / ".join(figure(found[loop, rule, count][name]) for count in ANSWERS)

    yield "| what the loop is told | " + " | ".join(head for head, *_ in COLUMNS) + " |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for rule, words in RULES.items():
        yield (
            f"| {words} | " + " | ".join(told(loop, rule, name) for _, loop, name in COLUMNS) + " |"
        )
    yield ""
    yield costs(found)
    yield buys(found, tried)
    yield stops_not(found)


def costs(found: Found) -> str:
    """What progress is lost."""
    ours, raw = (
        figure(found["5 % real", rule, ANSWERS[0]]["share of an oracle's gain"])
        for rule in (OWN, "raw score shown")
    )
    improver = found["honest improver", OWN, ANSWERS[0]]
    hits = [percent(improver[f"found {size} s.e."]) for size in (4, 2, 1)]
    return (
        f"- **It costs** progress where real gains are frequent: {ours} of what an oracle would "
        f"gain, against {raw} with the raw score. In {ANSWERS[0]} answers {hits[0]} of gains of 4 "
        f"standard errors are found, {hits[1]} of 2, {hits[2]} of 1."
    )


def buys(found: Found, tried: list[Row]) -> str:
    """How many false acceptances are saved, and how far the interval can be believed; ``tried``:
    rows that say what the interval covered.
    """
    few, many = (
        float(f"{found['null', 'raw score shown', count]['false'] / ours['false']:.2g}")
        for count in ANSWERS
        for ours in [found["null", OWN, count]]
    )
    known = [row for row in tried if row["some"] * row["loops"] >= ENOUGH]
    covers = [row["covers"] for row in known]
    least = known[covers.index(min(covers))]
    return (
        f"- **It buys** {few:.0f} to {many:.0f} times fewer false acceptances where nothing is an "
        "improvement, and a figure at the end that holds: the 95 % interval covered the truth in "
        f"{percent(sum(covers) / len(covers))} on average over {len(known)} kinds of loops, losses "
        f"(normal, t3, 0-1, dependent) and numbers of rows, attacks included, and in "
        f"{percent(min(covers))} at least ({least['loop']}, {least.get('noise', 'normal')}, "
        f"{least['rows']} rows)."
    )


def stops_not(found: Found) -> str:
    """What every gate of one bit lets through."""
    rare, held = (found[loop, OWN, ANSWERS[0]] for loop in ("rare huge loss", "sandbagger"))
    return (
        f"- **It does not stop** a rare huge loss, of which {figure(rare['acceptances'])} steps in "
        f"{ANSWERS[0]} were accepted (the interval covered {percent(rare['covers'])}), nor a "
        f"sandbagger, who got {figure(held['acceptances'])} acceptances for one gain."
    )


def places(rows: list[Row], real: list[Row]) -> str:
    """What hidden rows at the end miss, and what it costs that they lie spread over the time."""
    places = tuple(CHANNEL)
    own = {(row["loop"], row["rows"], row["hidden rows"]): row for row in rows}
    known = [row for row in rows if row["some"] * row["loops"] >= ENOUGH]
    covers = {
        place: [row["covers"] for row in known if row["hidden rows"] == place] for place in places
    }
    average = [percent(sum(covers[place]) / len(covers[place])) for place in places]
    season = [percent(own["5 % real, seasons", ROWS, place]["covers"]) for place in places]
    share = [figure(own["5 % real", ROWS, place]["share of an oracle's gain"]) for place in places]
    loops = {row["data"]: row for row in real if row["loop"] == "referee"}
    right = [f"{loops[name]['right'] * loops[name]['loops']:.0f}" for name in CHANNEL.values()]
    return (
        f"- **Where gains change with the season** (5 % real, {ROWS} rows, losses that depend on "
        f"4 neighbours) the interval covered the gain of all rows in {season[0]} with the last "
        f"rows hidden, and in {season[1]} with `--hidden-rows spread`; over all loops on such "
        f"rows, with and without seasons, in {average[0]} and {average[1]} on average (spread: "
        f"{percent(min(covers['spread']))} at least). Of {loops[CHANNEL['spread']]['loops']} real "
        f"loops on the simulated channel {right[0]} and {right[1]} intervals held. False "
        "acceptances are as many. Spread costs rows, and so progress: "
        f"{share[1]} of what an oracle would gain, against {share[0]}."
    )


def percent(share: float) -> str:
    """One digit behind the point."""
    return f"{100 * share:.1f} %"


def figure(value: float) -> str:
    """Two digits behind the point below 2; whole from 10 on."""
    return f"{value:.2f}" if value < 2 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def page() -> str:
    """The page with its figures."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + block() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
