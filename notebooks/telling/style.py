"""The common look of the charts and of the words around them: large, few colours, no network."""

from html import escape
from typing import Any

INK, MUTED, GRID, BAND = "#20262d", "#65707c", "#e4e7eb", "#e3e7eb"
TRAIN, VALIDATION, CURVE, OTHER = "#2c6a9c", "#cf5c36", "#6b4fa0", "#8d97a1"
SHADES = ["#fdfcf8", "#eef1f0", "#dbe4e8", "#c6d3db", "#b1c2ce", "#9fb4c2", "#8ca5b5", "#7996a8"]
FONT = (
    "system-ui, 'Noto Sans CJK TC', 'Noto Sans TC', 'PingFang TC', 'Microsoft JhengHei', "
    "'WenQuanYi Micro Hei', sans-serif"
)
HEIGHT = 350  # pixels
AXIS = {
    "labelFontSize": 16,
    "titleFontSize": 17,
    "titleFontWeight": "normal",
    "titlePadding": 10,
    "labelOverlap": True,
    "labelSeparation": 8,
    "labelColor": INK,
    "titleColor": INK,
    "gridColor": GRID,
    "domainColor": MUTED,
    "tickColor": MUTED,
}
LEGEND = {
    "title": None,
    "orient": "top",
    "columns": 3,
    "columnPadding": 10,
    "labelFontSize": 16,
    "labelColor": INK,
    "labelLimit": 400,
    "symbolSize": 130,
    "symbolStrokeWidth": 4,
}


def styled(chart: Any, height: int = HEIGHT) -> Any:
    """A chart as wide as its place, with letters for the last row of a lecture hall."""
    chart = chart.properties(
        width="container", height=height, usermeta={"embedOptions": {"actions": False}}
    )
    return (
        chart.configure(font=FONT, background="transparent")
        .configure_axis(**AXIS)
        .configure_legend(**LEGEND)
        .configure_view(stroke=None)
        .configure_text(font=FONT, fontSize=16)
    )


def _shown(value: float | bool) -> str:
    return "" if isinstance(value, bool) else f"{value:,.10g}"


def header(title: str, about: str) -> str:
    """The question of a part, and what is seen."""
    return f'<h2 class="question">{escape(title)}</h2><p class="about">{escape(about)}</p>'


def finding(name: str, sentence: str, figures: list[tuple[str, str]]) -> str:
    """The finding of a part, and its figures below."""
    cells = "".join(
        f'<div class="figure"><b>{escape(number)}</b><span>{escape(what)}</span></div>'
        for number, what in figures
    )
    return (
        f'<section id="{name}"><p class="finding">{escape(sentence)}</p>'
        f'<div class="figures">{cells}</div></section>'
    )


def controls(labelled: list[tuple[str, Any]]) -> str:
    """Sliders and switches with their names and values, side by side where there is room."""
    cells = "".join(
        f'<div class="control"><span>{escape(label)} <b>{_shown(control.value)}</b></span>'
        f"{control}</div>"
        for label, control in labelled
    )
    return f'<div class="controls">{cells}</div>'
