"""What MLflow's UI keeps of a page of charts, from the charts and the runs they show.

Runs are chosen by a filter: the UI ignores lists of hidden runs that somebody else made. Fields
that a reader of a view has of his own are written as well, empty: before MLflow 3.16 the page stops
where one is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from viewcast.tracking.views.cards import Section, identity

ALL, FIRST_10, FIRST_20 = "SHOW_ALL", "FIRST_10_RUNS", "FIRST_20_RUNS"
OTHERS = "Model metrics"  # the section in which the UI puts every metric that has no chart


@dataclass(frozen=True)
class Runs:
    """Which runs, in which order. ``visible``: those that charts draw of them.

    ``search``: a filter of MLflow, ``order``: a column (``metric``, ``tag``), ``columns``: what the
    table shows of each run.
    """

    search: str
    order: str
    columns: Sequence[str]
    ascending: bool = True
    visible: str = ALL


def state(key: str, runs: Runs, sections: Sequence[Section]) -> dict[str, Any]:
    """The state of a page of charts. ``key``: of the view, by which its parts are named."""
    charts = [
        {"uuid": identity(key, each, place), "metricSectionId": identity(key, each), **card}
        for each, section in enumerate(sections)
        for place, card in enumerate(section.cards)
    ]
    drawn = [_section(section, identity(key, each)) for each, section in enumerate(sections)]
    return {
        **table(runs),
        "compareRunCharts": charts,
        "compareRunSections": [*drawn, _folded(identity(key, OTHERS))],
        "isAccordionReordered": True,
    }


def table(runs: Runs) -> dict[str, Any]:
    """The state of a page whose charts are those that the UI makes by itself."""
    return {
        "searchFilter": runs.search,
        "orderByKey": runs.order,
        "orderByAsc": runs.ascending,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(runs.columns),
        "columnOrder": list(runs.columns),
        "runsHiddenMode": runs.visible,
        "viewMaximized": False,
        "runListHidden": False,
        "isAccordionReordered": False,
        "hideEmptyCharts": True,
        "useGroupedValuesInCharts": True,
        "groupBy": None,
        "groupsExpanded": {},
        "globalLineChartConfig": {
            "xAxisKey": "step",
            "lineSmoothness": 0,
            "selectedXAxisMetricKey": "",
        },
        "chartsSearchFilter": "",
        "columnWidths": {},
        "runsExpanded": {},
        "runsPinned": [],
        "runsHidden": [],
        "runsVisibilityMap": {},
        "autoRefreshEnabled": True,
    }


def metric(name: str) -> str:
    """A metric as a column, for an order and for a filter."""
    return f"metrics.`{name}`"


def param(name: str) -> str:
    """A parameter as a column."""
    return f"params.`{name}`"


def tag(name: str) -> str:
    """A tag as a column, for an order and for a filter."""
    return f"tags.`{name}`"


def equals(name: str, value: str) -> str:
    """The filter of runs with this value of a tag; any letter stands for a quote that is in it.

    MLflow's filters know no way to write both kinds of quotes, or a backslash before one.
    """
    if "'" in value or "\\" in value:
        anything = value.replace("'", "_").replace("\\", "_")
        return f"{tag(name)} LIKE '{anything}'"
    return f"{tag(name)} = '{value}'"


def _section(section: Section, own: str) -> dict[str, Any]:
    return {
        "uuid": own,
        "name": section.heading,
        "display": True,
        "isReordered": True,
        "deleted": False,
        "isGenerated": False,
        "columns": section.columns,
        "cardHeight": section.height,
    }


def _folded(own: str) -> dict[str, Any]:
    """Charts of all other metrics, out of sight."""
    return {
        "uuid": own,
        "name": OTHERS,
        "display": False,
        "isReordered": True,
        "deleted": False,
        "isGenerated": True,
        "columns": 4,
    }
