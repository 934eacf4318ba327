"""An ensemble: the same training with several seeds, whose predictions are averaged.

Lakshminarayanan, Pritzel & Blundell (2017), Simple and scalable predictive uncertainty estimation
using deep ensembles, NeurIPS.
"""

from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field, SkipValidation, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError, DivergenceError
from viewcast.base.pool import cores
from viewcast.models.average import FittedAverage
from viewcast.models.model import LINE, NetworkModel
from viewcast.scoring.loss import Loss
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem, Trained
from viewcast.training.trainer import CohortMember, Trainer


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Ensemble(Trainer[NetworkModel]):
    """``members`` networks with the seeds seed, seed + 1, ... by one ``trainer``.

    They share the rows and are trained at the same time. The curve is their mean.
    """

    name: str
    members: Annotated[int, Field(ge=2)]
    trainer: SkipValidation[GradientDescent]
    serves: ClassVar[tuple[str, ...]] = (LINE, "network")

    @model_validator(mode="after")
    def _of_descents(self) -> "Ensemble":
        if not isinstance(self.trainer, GradientDescent):
            raise ValueError("trainer: expected a section whose _target_ is GradientDescent")
        if self.trainer.selects_epoch:
            raise ValueError(
                "trainer.restore_best = true: members would end at epochs of their own, and the "
                "average of none of them would be priced; choose restore_best=false patience=null"
            )
        return self

    @property
    def epoch_limit(self) -> int | None:
        """That of each member."""
        return self.trainer.epoch_limit

    @property
    def weight_column(self) -> str | None:
        """That of each member."""
        return self.trainer.weight_column

    def uses_threads(self, loss: Loss, device: str) -> bool:
        """As each member."""
        return self.trainer.uses_threads(loss, device)

    def check_settings(self, model: NetworkModel, loss: Loss) -> None:
        """Refuses (ConfigError) what a member refuses."""
        super().check_settings(model, loss)
        self.trainer.check_settings(model, loss)

    def check(self, problem: Problem, model: NetworkModel) -> None:
        """Refuses (ConfigError) what a member refuses, and the same start for all."""
        self.trainer.check(problem, model)
        if self.trainer.init != "random":
            raise ConfigError("trainer.trainer.init: expected random, so that members differ")

    def fit(self, problem: Problem, model: NetworkModel) -> Trained:
        """All members; raises DivergenceError where one diverges."""
        seeds = range(problem.seed, problem.seed + self.members)
        cohort = [CohortMember(self.trainer, seed) for seed in seeds]
        outcomes = GradientDescent.fit_cohort(problem, model, cohort, lambda epochs: None, cores())
        failed = next((each for each in outcomes if each.failure is not None), None)
        if failed is not None:
            raise DivergenceError(str(failed.failure), failed.curve, pd.DataFrame())
        losses = np.stack([each.curve[["train_loss", "val_loss"]] for each in outcomes])
        curve = outcomes[0].curve[["epoch"]].copy()
        curve[["train_loss", "val_loss"]] = losses.mean(axis=0)
        for epoch, train, val in curve.itertuples(index=False):
            problem.on_epoch(int(epoch), float(train), None if np.isnan(val) else float(val))
        fitted = FittedAverage(tuple(each.model for each in outcomes if each.model is not None))
        return Trained(fitted, curve, int(curve["epoch"].iloc[-1]))
