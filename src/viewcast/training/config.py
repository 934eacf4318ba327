"""The configuration of a run as one typed object.

Hydra composes ``conf/`` into plain mappings; ``parse`` turns one into a ``Config`` or refuses it
with the key, the value and what is allowed, before any work.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SkipValidation
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.base.settings import STRICT, Tracking, build, construct, digest, keys
from viewcast.data.dataset import DataSet
from viewcast.data.preparation import preparation, without_limits
from viewcast.data.published import Published
from viewcast.holdout.release_rule import Release
from viewcast.holdout.settings import Holdout
from viewcast.models.model import Model
from viewcast.scoring.loss import Loss
from viewcast.scoring.measure import Measure
from viewcast.scoring.scorer import Scorer
from viewcast.training.trainer import Trainer

OBJECTS: dict[str, type] = {"data": DataSet, "model": Model, "trainer": Trainer, "loss": Loss}
OPTIONAL: dict[str, type] = {"measure": Measure}
NOT_IDENTITY = ("tracking", "output", "published")
BUDGET = ("looks", "optimism")


@dataclass(frozen=True, config=STRICT)
class Config:
    """One run: data, model, trainer and loss, how its holdout is guarded, seed and thread count.

    ``name``: the experiment. ``published``: the figures that the lecturer printed for it, null for
    none. ``seed``: of all random numbers. ``threads``: of the matrix library; their number changes
    the last bits of a sum, and nothing that the compiled engine trains. ``device``: where gradient
    descent runs. ``output``: the folder of the results, null to name it after the identity.
    ``measure``: by which forecasts of views are scored; None: by the loss itself.
    ``plain``: the mapping that this was parsed from.
    """

    name: str
    data: SkipValidation[DataSet]
    model: SkipValidation[Model]
    trainer: SkipValidation[Trainer[Any]]
    loss: SkipValidation[Loss]
    holdout: Holdout
    tracking: Tracking
    published: Published | None
    seed: Annotated[int, Field(ge=0)]
    threads: Annotated[int, Field(ge=1)]
    device: Literal["cpu", "cuda", "auto"]
    output: str | None
    plain: dict[str, Any]
    measure: SkipValidation[Measure] | None = None

    @property
    def scorer(self) -> Scorer:
        """How predictions are scored: by the measure, where there is one, else by the loss."""
        return Scorer(self.loss, self.measure)

    def identity(self) -> str:
        """Hash of what decides the result (16 hex): all but tracking, output and budget, but how
        much a file may hold, and but the threads of a trainer whose results do not depend on them.
        """
        idle = {*NOT_IDENTITY}
        if not self.trainer.uses_threads(self.loss, self.device):
            idle.add("threads")
        deciding = {k: v for k, v in without_budget(self.plain).items() if k not in idle}
        return digest({**deciding, "data": without_limits(deciding["data"])})

    def reference(self) -> Published | None:
        """The published figure: that of the experiment, or the data set's for this model."""
        if self.name == "main":
            return self.published or self.data.published.get(self.model.name)
        return self.published

    def preparation(self) -> str:
        """Hash of the settings that decide the prepared table."""
        return preparation(self.plain["data"])


def parse(plain: Mapping[str, Any]) -> Config:
    """A composed mapping as a Config; refuses (ConfigError) unknown, impossible, contradictory."""
    built = dict(plain)
    for section, expected in OBJECTS.items():
        if section in built:
            built[section] = build(built[section], section, expected)
    for section, expected in OPTIONAL.items():
        if built.get(section) is not None:
            built[section] = build(built[section], section, expected)
    if isinstance(built.get("holdout"), Mapping):
        built["holdout"] = _holdout(built["holdout"])
    if "plain" in plain:
        raise ConfigError("unknown key plain; allowed: " + ", ".join(keys(Config)))
    config: Config = construct(Config, {**built, "plain": dict(plain)}, "")
    config.trainer.check_settings(config.model, config.loss)
    if config.holdout.release is not None and config.trainer.selects_epoch:
        raise ConfigError(
            f"holdout.release = {config.holdout.release.name} contradicts trainer.restore_best = "
            "true, which looks at the raw validation score after every epoch; choose "
            "trainer.restore_best=false trainer.patience=null, or holdout.release=null"
        )
    return config


def _holdout(section: Mapping[str, Any]) -> Holdout:
    given = dict(section)
    if given.get("release") is not None:
        if not isinstance(given["release"], Mapping):
            raise ConfigError(
                f"holdout.release = {given['release']!r}: expected null or a section with _target_"
            )
        given["release"] = build(given["release"], "holdout.release", Release)
    holdout: Holdout = construct(Holdout, given, "holdout")
    return holdout


def without_budget(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A composed mapping less the budget of its holdout, which decides no result."""
    guarded = {k: v for k, v in plain["holdout"].items() if k not in BUDGET}
    return {**plain, "holdout": guarded}
