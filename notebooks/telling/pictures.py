"""The chart of each part, drawn from the numbers that are shown."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from telling.choice import Chosen
from telling.hinges import Bent, Hinges
from telling.memory import Memory
from telling.stopping import Course
from telling.style import (
    BAND,
    CURVE,
    INK,
    OTHER,
    SHADES,
    TRAIN,
    VALIDATION,
    styled,
)
from telling.surface import B, Descent, Surface, W
from telling.texts import Texts

EPOCHS = alt.Axis(values=[1, 2, 5, 10, 20, 50, 100, 200, 500], format="d")
TALL = 2.2  # times the longest lecture: where the axis of minutes ends
HINGES_TALL = (225, 90)  # pixels


def ground(say: Texts, known: Surface) -> Any:
    """The loss at every (w, b), light where it is low: what no slider changes."""
    loss = known.losses["loss"]
    levels = np.geomspace(1.02 * loss.min(), loss.max(), len(SHADES))[:-1].round(1)
    shades = alt.Scale(type="threshold", domain=levels.tolist(), range=SHADES)
    x, y = _plane(say, "left", "low")
    half_w, half_b = ((grid.high - grid.low) / (grid.points - 1) / 2 for grid in (W, B))
    return (
        alt.Chart(known.losses.round(2))
        .mark_rect(clip=True)
        .transform_calculate(
            left=f"datum.w - {half_w}", right=f"datum.w + {half_w}",
            low=f"datum.b - {half_b}", high=f"datum.b + {half_b}",
        )
        .encode(
            x=x, x2="right:Q", y=y, y2="high:Q",
            color=alt.Color("loss:Q", scale=shades, legend=None),
            stroke=alt.Stroke("loss:Q", scale=shades, legend=None),  # no seams between cells
            tooltip=[alt.Tooltip("loss:Q", title=say("loss_axis", unit=_minutes(say)))],
        )
    )  # fmt: skip


def surface(say: Texts, below: Any, known: Surface, found: Descent) -> Any:
    """The path on the surface ``below``, as far as it stays in the picture."""
    x, y = _plane(say, "w", "b")
    path = alt.Chart(found.path).encode(x=x, y=y)
    ends = pd.DataFrame(
        {
            "w": [found.path["w"].iloc[0], known.w],
            "b": [found.path["b"].iloc[0], known.b],
            "name": [say("start"), say("minimum")],
        }
    )
    named = alt.Chart(ends).encode(x=x, y=y)
    dot: Any = {"filled": True, "clip": True}
    words: Any = {"align": "left", "fontSize": 17, "fontWeight": "bold", "clip": True}
    return styled(
        alt.layer(
            below,
            path.mark_line(color=INK, strokeWidth=2.5, clip=True).encode(order="update:Q"),
            path.mark_point(color=INK, size=28, opacity=0.7, **dot),
            named.mark_point(
                size=170, color=VALIDATION, stroke="white", strokeWidth=2, opacity=1, **dot
            ),
            named.mark_text(dx=12, dy=-14, **words).encode(text="name:N"),
        )
    )


def _plane(say: Texts, across: str, upward: str) -> tuple[alt.X, alt.Y]:
    """The axes of w and b, for two columns."""
    axis = alt.Axis(grid=False, tickCount=6)
    w, b = (alt.Scale(domain=[grid.low, grid.high], nice=False) for grid in (W, B))
    return (
        alt.X(f"{across}:Q", title=say("w_axis"), scale=w, axis=axis),
        alt.Y(f"{upward}:Q", title=say("b_axis"), scale=b, axis=axis),
    )


def hinges(say: Texts, known: Hinges, found: Bent) -> tuple[Any, Any]:
    """The lectures, the sum of hinges, and below it each hinge alone."""
    points = known.points
    points["split"] = points["split"].map({key: say(key) for key in ("training", "validation")})
    top = TALL * float(points["y"].max())
    span = alt.Scale(domain=[0, float(found.curve["x"].max())], nice=False)
    colours = alt.Scale(
        domain=[say("training"), say("validation"), say("sum")], range=[TRAIN, VALIDATION, CURVE]
    )
    few = alt.Axis(tickCount=12)
    x = alt.X("x:Q", title=None, scale=span, axis=few)
    y = alt.Y(
        "y:Q",
        title=say("minutes_axis"),
        scale=alt.Scale(domain=[-60, top], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    colour = alt.Color("split:N", scale=colours)
    dots = alt.Chart(points).mark_point(filled=True, size=120, opacity=1, clip=True)
    curve = alt.Chart(found.curve.assign(split=say("sum"))).mark_line(strokeWidth=4, clip=True)
    upper = alt.layer(
        curve.encode(x=x, y=y, color=colour),
        dots.encode(x=x, y=y, color=colour, tooltip=["row", "x", "y"]),
    )
    pieces = alt.Chart(found.alone).mark_line(strokeWidth=2, clip=True, color=OTHER)
    both_ways = alt.Scale(domain=[-top, top])
    lower = pieces.encode(
        x=alt.X("x:Q", title=say("pages_axis"), scale=span, axis=few),
        y=alt.Y("y:Q", title=say("alone_axis"), scale=both_ways, axis=alt.Axis(tickCount=3)),
        detail="hinge:N",
    )  # fmt: skip
    whole, parts = HINGES_TALL
    return styled(upper, whole), styled(lower, parts)


def stopping(say: Texts, found: Course) -> Any:
    """Both losses by epoch, where early stopping kept a state, and where it stopped."""
    names = {"train_loss": say("training"), "val_loss": say("validation")}
    curve = found.curve.rename(columns=names)
    drawn = curve.melt("epoch", list(names.values()), "split", "loss")
    colours = alt.Scale(domain=list(names.values()), range=[TRAIN, VALIDATION])
    x = alt.X(
        "epoch:Q", title=say("epoch_axis"), scale=alt.Scale(type="log", nice=False), axis=EPOCHS
    )
    y = alt.Y(
        "loss:Q", title=say("loss_axis", unit=_minutes(say)), scale=alt.Scale(type="log"),
        axis=alt.Axis(values=[0.01, 0.1, 1, 10, 100, 1_000, 10_000], format="~r"),
    )  # fmt: skip
    lines = alt.Chart(drawn).mark_line(strokeWidth=3)
    flags = pd.DataFrame({"epoch": [found.kept, found.stopped]})
    flags["name"] = [say("kept_at", epoch=found.kept), say("stopped_at", epoch=found.stopped)]
    flags["at"] = [0, 22]  # pixels: one below the other, so that near epochs can be read
    rules = alt.Chart(flags).mark_rule(strokeWidth=2, strokeDash=[6, 4], color=INK)
    words: Any = {"baseline": "top", "fontSize": 16, "fontWeight": "bold"}
    middle = np.sqrt(len(curve))  # of a logarithmic axis
    sides = [
        alt.Chart(flags[flags["epoch"] <= middle]).mark_text(align="left", dx=6, **words),
        alt.Chart(flags[flags["epoch"] > middle]).mark_text(align="right", dx=-6, **words),
    ]
    at_top = alt.Y("at:Q", scale=None, axis=None)
    return styled(
        alt.layer(
            lines.encode(x=x, y=y, color=alt.Color("split:N", scale=colours)),
            rules.encode(x=x),
            *(texts.encode(x=x, y=at_top, text="name:N") for texts in sides),
        ).resolve_scale(y="independent")
    )


def memory(say: Texts, courses: pd.DataFrame, found: Memory) -> Any:
    """Both losses for every number of remembered lectures, and the chosen number."""
    names = {"train_loss": say("training"), "val_loss": say("validation")}
    drawn = courses.rename(columns=names).melt("remembered", list(names.values()), "split", "loss")
    colours = alt.Scale(domain=list(names.values()), range=[TRAIN, VALIDATION])
    span = alt.Scale(domain=[0, int(courses["remembered"].max())], nice=False)
    whole = alt.Axis(tickMinStep=1)
    x = alt.X("remembered:Q", title=say("remembered"), scale=span, axis=whole)
    top = 1.1 * found.chance
    y = alt.Y(
        "loss:Q", title=say("loss_axis", unit=_minutes(say)), scale=alt.Scale(domain=[0, top]),
        axis=alt.Axis(tickCount=5, format=",d"),
    )  # fmt: skip
    colour = alt.Color("split:N", scale=colours)
    base = alt.Chart(drawn)
    chosen = alt.Chart(drawn[drawn["remembered"] == found.remembered])
    rule = chosen.mark_rule(strokeWidth=2, strokeDash=[6, 4], color=INK).encode(x=x)
    return styled(
        alt.layer(
            base.mark_line(strokeWidth=4).encode(x=x, y=y, color=colour),
            rule,
            chosen.mark_point(filled=True, size=220, opacity=1).encode(x=x, y=y, color=colour),
        )
    )


def choice(say: Texts, found: Chosen) -> Any:
    """The best of k runs for every k: what it shows, what is honest, and what is true."""
    names = {"shown": say("shown"), "honest": say("honest")}
    drawn = found.curve.assign(true=found.true).rename(columns={**names, "true": say("true")})
    lines = [*names.values(), say("true")]
    colours = alt.Scale(domain=lines, range=[VALIDATION, INK, TRAIN])
    dashes = alt.Scale(domain=lines, range=[[1, 0], [1, 0], [7, 5]])
    ends = found.curve[["shown", "honest_low", "honest_high"]].to_numpy()
    x = alt.X(
        "k:Q", title=say("runs_axis"), scale=alt.Scale(type="log", domain=[1, max(2, found.runs)]),
        axis=alt.Axis(values=[1, 2, 5, 10, 20, 50, 100, 200], format="d"),
    )  # fmt: skip
    limits = alt.Scale(domain=[ends.min(), ends.max()], nice=True, zero=False)
    y = alt.Y("loss:Q", title=say("mae_axis", unit=say("thousand_views")), scale=limits)
    band = alt.Chart(found.curve).mark_area(color=BAND, clip=True)
    series = alt.Chart(drawn.melt("k", lines, "which", "loss")).mark_line(
        strokeWidth=4, point={"size": 160} if found.runs == 1 else False
    )
    return styled(
        alt.layer(
            band.encode(x=x, y=alt.Y("honest_low:Q", scale=limits), y2="honest_high:Q"),
            series.encode(
                x=x, y=y, color=alt.Color("which:N", scale=colours),
                strokeDash=alt.StrokeDash("which:N", scale=dashes),
            ),
        )
    )  # fmt: skip


def _minutes(say: Texts) -> str:
    return say("minutes_squared")
