"""What is swept: from keys and values to one whole configuration per candidate."""

import copy
import itertools
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct

STRICT = ConfigDict(extra="forbid")
RANGE = re.compile(r"range\((-?\d+)(?:,\s*(-?\d+))?(?:,\s*(-?\d+))?\)")
Plain = dict[str, Any]
SECTIONS = ("sweep", "search", "engine")  # of conf/sweep.yaml; no run has them


def base_of(plain: Plain) -> Plain:
    """The run that the candidates of a composed sweep are varied from."""
    return {key: value for key, value in plain.items() if key not in SECTIONS}


@dataclass(frozen=True, config=STRICT)
class Search:
    """How candidates are chosen from the space.

    ``method``: ``grid`` (every combination), ``random`` or ``optuna`` (``trials`` draws; optuna
    sees the losses of one ``batch`` before it draws the next). ``seed``: of the draws.
    ``workers``: candidates trained at the same time, which changes no result; null for one on each
    core.
    """

    method: Literal["grid", "random", "optuna"]
    trials: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]
    workers: Annotated[int, Field(ge=1)] | None


@dataclass(frozen=True, config=STRICT)
class Interval:
    """Numbers from ``low`` to ``high``, evenly, or evenly in their logarithm."""

    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _upwards(self) -> "Interval":
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError(
                f"low = {self.low:g} must be below high = {self.high:g} (above 0: log)"
            )
        return self

    def draw(self, rng: np.random.Generator) -> float:
        """One number."""
        if self.log:
            return float(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        return float(rng.uniform(self.low, self.high))


Values = list[Any] | Interval


def space(sweep: Mapping[str, Any], base: Plain) -> dict[str, Values]:
    """Whole keys and their values; refuses (ConfigError) keys and values that make no sense."""
    return {_whole(key, base): _values(key, value) for key, value in sweep.items()}


def on_log_scale(plain: Plain) -> set[str]:
    """The whole keys whose numbers a sweep (its settings) draws evenly in their logarithm."""
    swept: Mapping[str, Any] = plain.get("sweep", {})
    return {_whole(k, plain) for k, v in swept.items() if isinstance(v, dict) and v.get("log")}


def draw(values: Mapping[str, Values], search: Search) -> list[Plain]:
    """The candidates of a grid or a random search, as whole key to value."""
    if search.method == "grid":
        continuous = [key for key, options in values.items() if isinstance(options, Interval)]
        if continuous:
            raise ConfigError(
                f"sweep.{continuous[0]}: a grid needs a list of values, found an interval; "
                "give a list, or search.method=random"
            )
        options = itertools.product(*(v for v in values.values() if isinstance(v, list)))
        return [dict(zip(values, combination, strict=True)) for combination in options]
    rng = np.random.default_rng(search.seed)
    return [
        {key: v.draw(rng) if isinstance(v, Interval) else v[rng.integers(len(v))]
         for key, v in values.items()}
        for _ in range(search.trials)
    ]  # fmt: skip


def configured(base: Plain, candidate: Mapping[str, Any]) -> Plain:
    """The configuration of one candidate."""
    plain = copy.deepcopy(base)
    for key, value in candidate.items():
        section: Any = plain
        *way, last = key.split(".")
        for part in way:
            section = section[part]
        section[last] = value
    return plain


def _whole(key: str, base: Plain) -> str:
    for candidate in (key, f"trainer.{key}", f"model.{key}"):
        section: Any = base
        for part in candidate.split("."):
            section = section.get(part, ...) if isinstance(section, dict) else ...
        if section is not ... and not isinstance(section, dict):
            return candidate
    known = [*base["trainer"], *base["model"], "seed"]
    raise ConfigError(
        f"sweep.{key}: unknown key; allowed: {', '.join(k for k in known if k != '_target_')}"
    )


def _values(key: str, value: Any) -> Values:
    if isinstance(value, dict):
        interval: Interval = construct(Interval, value, f"sweep.{key}")
        return interval
    if isinstance(value, str) and (match := RANGE.fullmatch(value.strip())):
        value = list(range(*(int(bound) for bound in match.groups() if bound is not None)))
    if not isinstance(value, list) or not value:
        raise ConfigError(
            f"sweep.{key} = {value!r}: expected a list of values, range(n), or "
            "{low: …, high: …, log: true}"
        )
    return value
