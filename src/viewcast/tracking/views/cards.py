"""The charts of a view, as MLflow's UI keeps them, in sections with a heading.

The UI shows its own titles above lines, bars and points (the names of the metrics), so that words
and units stand in the heading of the section. Identities are made from the key of the view and a
place in it: the same view is the same text, and nothing is written twice.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Card = dict[str, Any]

AT_ONCE = 100  # runs that the UI loads and draws
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "viewcast/views")


@dataclass(frozen=True)
class Axis:
    """What a chart shows along an axis: a metric, or a parameter."""

    key: str
    param: bool = False

    @property
    def state(self) -> dict[str, str]:
        """As the UI keeps it."""
        return {"key": self.key, "type": "PARAM" if self.param else "METRIC"}


@dataclass(frozen=True)
class Section:
    """Charts under a heading. ``columns``: of charts side by side; ``height`` in pixels."""

    heading: str
    cards: Sequence[Card]
    columns: int = 1
    height: int = 480


def lines(
    metrics: Sequence[str], log: bool, x: str = "step", log_x: bool = False, points: bool = False
) -> Card:
    """Metrics over the steps or, with ``x`` = time, the moments at which they were logged.

    ``points``: marks each of them.
    """
    return _card(
        "LINE",
        " and ".join(metrics),
        metricKey=metrics[0],
        selectedMetricKeys=list(metrics),
        scaleType="log" if log else "linear",
        xAxisScaleType="log" if log_x else "linear",
        xAxisKey=x,
        selectedXAxisMetricKey="",
        useGlobalXaxisKey=False,
        lineSmoothness=0,
        useGlobalLineSmoothing=False,
        yAxisKey="metric",
        yAxisExpressions=[],
        ignoreOutliers=False,
        range={},
        displayPoints=points,
    )


def bars(metric: str) -> Card:
    """A bar for each run."""
    return _card("BAR", metric, metricKey=metric)


def scatter(x: Axis, y: Axis) -> Card:
    """A point for each run."""
    return _card("SCATTER", f"{x.key} against {y.key}", xaxis=x.state, yaxis=y.state)


def contour(x: Axis, y: Axis, z: Axis) -> Card:
    """Levels of ``z`` between the runs."""
    title = f"{z.key} by {x.key} and {y.key}"
    return _card("CONTOUR", title, xaxis=x.state, yaxis=y.state, zaxis=z.state)


def parallel(params: Sequence[str], metrics: Sequence[str]) -> Card:
    """A line for each run across axes of parameters and metrics."""
    return _card(
        "PARALLEL",
        "settings and results",
        selectedParams=list(params),
        selectedMetrics=list(metrics),
        showAllRuns=False,
    )


def differences(groups: Sequence[str]) -> Card:
    """A table of what differs between runs. ``groups``: Parameters, Model metrics, Tags."""
    title = "what differs"
    return _card(
        "DIFFERENCE",
        title,
        compareGroups=list(groups),
        chartName=title,
        showChangeFromBaseline=False,
        showDifferencesOnly=True,
        baselineColumnUuid="",
    )


def images(keys: Sequence[str], at: int = 0) -> Card:
    """The images that runs logged under these keys; ``at``: the step that is shown first."""
    return _card("IMAGE", "pictures", imageKeys=list(keys), step=at, showRunParams=False)


def identity(*words: object) -> str:
    """The same identity for the same words."""
    return str(uuid.uuid5(NAMESPACE, "/".join(map(str, words))))


def _card(kind: str, title: str, **fields: Any) -> Card:
    return {
        "type": kind,
        "displayName": title,
        "deleted": False,
        "isGenerated": False,
        "runsCountToCompare": AT_ONCE,
        **fields,
    }
