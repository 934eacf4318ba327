"""Candidates drawn in sight of the losses of those before, by optuna's TPE sampler."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from viewcast.base.errors import ConfigError
from viewcast.sweep.space import Interval, Values

try:
    import optuna
except ImportError as error:
    raise ConfigError(
        "search.method = optuna: optuna is not installed; `pip install 'viewcast[optuna]'`"
    ) from error


class Asker:
    """Asks for batches of candidates and takes their validation losses, in the same order."""

    def __init__(self, values: Mapping[str, Values], seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        self.space = {key: _distribution(options) for key, options in values.items()}
        self.open: list[Any] = []

    def ask(self, count: int) -> list[dict[str, Any]]:
        """The next candidates, as whole key to value."""
        self.open = [self.study.ask(self.space) for _ in range(count)]
        return [dict(trial.params) for trial in self.open]

    def tell(self, losses: Sequence[float]) -> None:
        """Their losses; NaN for one that diverged."""
        for trial, loss in zip(self.open, losses, strict=True):
            failed = not math.isfinite(loss)
            state = optuna.trial.TrialState.FAIL if failed else None
            self.study.tell(trial, None if failed else loss, state=state)


def _distribution(options: Values) -> Any:
    if isinstance(options, Interval):
        return optuna.distributions.FloatDistribution(options.low, options.high, log=options.log)
    return optuna.distributions.CategoricalDistribution(options)
