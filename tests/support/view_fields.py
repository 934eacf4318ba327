"""Which fields of a view MLflow's UI heeds, told from what it has drawn.

A view is fields in a tag that no interface of MLflow describes: a newer UI may rename one and then
draws something else without a word. Each sentence names the field that was not heeded.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run

from support.charts_page import Card, Opened

PAGE = 100  # runs that the UI loads at first
VISIBLE = {"SHOW_ALL": PAGE, "FIRST_20_RUNS": 20, "FIRST_10_RUNS": 10}
GROUPS: Mapping[str, Callable[[Run], Mapping[str, Any]]] = {  # of a table of differences
    "Parameters": lambda run: run.data.params,
    "Model metrics": lambda run: run.data.metrics,
}
OTHERS = "Model metrics"  # the section of metrics without a chart of their own
BORDER = 5  # of a card, in pixels

State = Mapping[str, Any]
Facts = list[tuple[str, Any, Any]]  # a field, what the view says, what the page shows


@dataclass(frozen=True)
class Asked:
    """A chart that a view asks for. ``field``: where it stands; ``section``: fields of its section.

    ``runs``: of which it has to draw points; None where the page does not tell them.
    """

    field: str
    fields: State
    section: State
    runs: Sequence[Run] | None


@dataclass(frozen=True)
class Wanted:
    """What a view has to look like. ``runs``: those that the UI loads, in the order of the view."""

    state: State
    client: MlflowClient
    runs: Sequence[Run]

    @classmethod
    def of(cls, client: MlflowClient, experiment_id: str, state: State) -> "Wanted":
        """By MLflow's own search, in the view's terms."""
        runs = client.search_runs(
            [experiment_id], state["searchFilter"], order_by=[order(state)], max_results=PAGE
        )
        return cls(state, client, runs)

    @property
    def charts(self) -> list[Asked]:
        """In the order of the page."""
        return [
            Asked(f"compareRunCharts[{at}]", chart, section, self._drawn(chart))
            for section in self.state["compareRunSections"]
            if section["display"]
            for at, chart in enumerate(self.state["compareRunCharts"])
            if chart["metricSectionId"] == section["uuid"] and not chart["deleted"]
        ]

    @property
    def counts(self) -> list[int]:
        """Of each chart, how many runs it has to draw at least."""
        return [len(chart.runs or ()) for chart in self.charts]

    def largest(self, chart: Asked) -> tuple[float, float]:
        """The largest value of the y axis, from and to: of a long curve the UI leaves points out,
        never the first.
        """
        fields = chart.fields
        if fields["type"] == "LINE":
            names = fields["selectedMetricKeys"]
            curves = [self._curve(run, name) for run in chart.runs or () for name in names]
            curves = [curve for curve in curves if curve]
            return max(curve[0] for curve in curves), max(max(curve) for curve in curves)
        axis = fields.get("yaxis", {"type": "METRIC", "key": fields.get("metricKey")})
        read = _setting if axis["type"] == "PARAM" else _figure
        top = max(read(run, axis["key"]) for run in chart.runs or ())
        return top, top

    def differing(self, chart: Asked) -> list[str]:
        """The names of the rows of a table of differences.

        The UI compares each run with the one before it, and no value that one of them lacks.
        """
        rows = []
        for group in chart.fields["compareGroups"]:
            sides = [GROUPS[group](run) for run in self.visible]
            names = {name for side in sides for name in side}
            rows += [
                name
                for name in names
                if any(a[name] != b[name] for a, b in pairwise(sides) if name in a and name in b)
            ]
        return rows

    @property
    def visible(self) -> Sequence[Run]:
        """The runs that charts draw."""
        return self.runs[: VISIBLE[self.state["runsHiddenMode"]]]

    def _drawn(self, chart: State) -> Sequence[Run] | None:
        visible = self.visible
        axes = [chart[axis] for axis in ("xaxis", "yaxis", "zaxis") if axis in chart]
        match chart["type"]:
            case "LINE":
                names = chart["selectedMetricKeys"]
                return [run for run in visible if any(name in run.data.metrics for name in names)]
            case "BAR":
                names = [chart["metricKey"]]
            case "SCATTER" | "CONTOUR":
                names = [axis["key"] for axis in axes if axis["type"] == "METRIC"]
            case _:
                return None
        return [run for run in visible if all(name in run.data.metrics for name in names)]

    def _curve(self, run: Run, metric: str) -> list[float]:
        points = self.client.get_metric_history(run.info.run_id, metric)
        return [point.value for point in points if math.isfinite(point.value)]


def order(state: State) -> str:
    """The order of a view as MLflow's search has it."""
    return f"{state['orderByKey']} {'ASC' if state['orderByAsc'] else 'DESC'}"


def not_heeded(wanted: Wanted, page: Opened) -> list[str]:
    """A sentence for each field of a view that the page does not heed, and for each error."""
    errors = [f"an error on the page: {error}" for error in page.errors]
    return [*errors, *_of_page(wanted, page), *_of_cards(wanted, page)]


def _of_page(wanted: Wanted, page: Opened) -> Iterator[str]:
    state, runs = wanted.state, [run.info.run_id for run in wanted.runs]
    yield from _unlike("searchFilter", state["searchFilter"], page.asked.get("filter", ""))
    asked_order = next(iter(page.asked.get("order_by", [])), "")
    yield from _unlike("orderByKey, orderByAsc", order(state), asked_order)
    yield from _unlike("searchFilter, orderByKey: runs", runs, list(page.loaded))
    yield from _unlike("searchFilter: matching runs", len(runs), page.matching)
    names = [section["name"] for section in state["compareRunSections"]]
    names = [name for name in names if name != OTHERS]
    shown = [name for name in page.sections if name != OTHERS]
    yield from _unlike("compareRunSections.name, isAccordionReordered", names, shown)
    open_others = [card.title for card in page.cards if card.section == OTHERS]
    yield from _unlike(f"compareRunSections.display of {OTHERS!r}", [], open_others)


def _of_cards(wanted: Wanted, page: Opened) -> Iterator[str]:
    asked = wanted.charts
    yield from _unlike("compareRunCharts: number of cards", len(asked), len(page.cards))
    for chart, card in zip(asked, page.cards, strict=False):
        yield from _of_card(wanted, chart, card)


def _of_card(wanted: Wanted, chart: Asked, card: Card) -> Iterator[str]:
    kind = chart.fields["type"]
    yield from _unlike(f"{chart.field}.type", kind, card.kind)
    yield from _unlike(f"{chart.field}.metricSectionId", chart.section["name"], card.section)
    if kind != card.kind:
        return
    if card.marks == 0:
        yield f"{chart.field}: the card {card.title!r} is empty"
    for name, says, shows in FACTS[kind](chart.fields, card):
        yield from _unlike(f"{chart.field}.{name}", says, shows)
    height = chart.section["cardHeight"]
    if abs(card.box[1] - height) > BORDER:
        yield from _unlike("compareRunSections.cardHeight", height, card.box[1])
    if kind == "DIFFERENCE":
        rows = [row[0] for row in card.rows[1:] if len(row) > 1]
        yield from _others(f"{chart.field}.compareGroups: rows", wanted.differing(chart), rows)
    if chart.runs is None:
        return
    ids = [run.info.run_id for run in chart.runs]
    yield from _others(f"{chart.field}, runsHiddenMode: runs", ids, card.runs)
    if not ids:
        yield f"{chart.field}: no run of the view has a point in it"
        return
    low, high = wanted.largest(chart)
    largest = max(card.values, default=math.nan)
    if not low - 1e-6 * abs(low) <= largest <= high + 1e-6 * abs(high):
        yield from _unlike(f"{chart.field}: largest value", f"{low} to {high}", largest)


def _line(chart: State, card: Card) -> Facts:
    x = "date" if chart["xAxisKey"] == "time" else chart["xAxisScaleType"]
    return [
        ("selectedMetricKeys", sorted(chart["selectedMetricKeys"]), sorted(card.metrics)),
        ("scaleType", chart["scaleType"], card.axes[1]),
        ("xAxisKey, xAxisScaleType", x, card.axes[0]),
    ]


def _bar(chart: State, card: Card) -> Facts:
    return [("metricKey", chart["metricKey"], card.title)]


def _scatter(chart: State, card: Card) -> Facts:
    return [
        ("xaxis", chart["xaxis"]["key"], card.titles[0]),
        ("yaxis", chart["yaxis"]["key"], card.titles[1]),
    ]


def _contour(chart: State, card: Card) -> Facts:
    return [*_scatter(chart, card), ("zaxis", chart["zaxis"]["key"], card.title.split(" vs. ")[-1])]


def _parallel(chart: State, card: Card) -> Facts:
    axes = [*chart["selectedParams"], *chart["selectedMetrics"]]
    return [("selectedParams, selectedMetrics", axes, list(card.metrics))]


def _difference(chart: State, card: Card) -> Facts:
    switches = [chart["showChangeFromBaseline"], chart["showDifferencesOnly"]]
    return [
        ("chartName", chart["chartName"], card.title),
        ("showChangeFromBaseline, showDifferencesOnly", switches, list(card.switched)),
    ]


def _image(chart: State, card: Card) -> Facts:
    return [("imageKeys", True, any(key in card.title for key in chart["imageKeys"]))]


FACTS: Mapping[str, Callable[[State, Card], Facts]] = {
    "LINE": _line, "BAR": _bar, "SCATTER": _scatter, "CONTOUR": _contour,
    "PARALLEL": _parallel, "DIFFERENCE": _difference, "IMAGE": _image,
}  # fmt: skip


def _figure(run: Run, metric: str) -> float:
    return float(run.data.metrics[metric])


def _setting(run: Run, name: str) -> float:
    return float(run.data.params[name])


def _others(field: str, says: Sequence[str], shows: Sequence[str]) -> Iterator[str]:
    lacking, besides = sorted({*says} - {*shows}), sorted({*shows} - {*says})
    if lacking or besides:
        yield f"{field}: the page lacks {lacking} of {len(says)} in the store, and has {besides}"


def _unlike(field: str, says: Any, shows: Any) -> Iterator[str]:
    if says != shows:
        yield f"{field}: the view says {says!r}, the page shows {shows!r}"
