"""A study of Optuna that a referee guards: the sampler learns which trials were accepted, no more.

An accepted trial gets the number of its step, so the best trial is always the one that was accepted
last, and its parameters are those that TPE draws around. Any other trial is pruned: nothing is
known of it but that there was no evidence for it. The value of the study is a count of steps, not a
score; what was gained says the referee, when it is closed.

Needs what three_lines.py needs, and the extra optuna.
"""

import numpy as np
import optuna
import pandas as pd

from viewcast.referee import Client, SpentError

train, rows = pd.read_csv("train.csv"), pd.read_csv("valid_features.csv")
X, y = train.drop(columns="y").to_numpy(), train["y"].to_numpy()


class Refereed:
    """An objective from a function of a trial that predicts the rows of the referee."""

    def __init__(self, predict):
        self.predict, self.referee, self.steps = predict, Client(), 0

    def __call__(self, trial):
        """The number of the step, where the trial is accepted; else it is pruned."""
        try:
            answer = self.referee.submit(self.predict(trial))
        except SpentError:
            trial.study.stop()
            raise optuna.TrialPruned from None
        if answer.replaced or not answer.accepted:
            raise optuna.TrialPruned
        self.steps += 1
        return self.steps


def predict(trial):
    """A ridge regression that forgets: old rows of training count less."""
    penalty = trial.suggest_float("penalty", 1e-2, 1e4, log=True)
    half_life = trial.suggest_float("half_life", 10, 1000, log=True)
    age = np.arange(len(X))[::-1]
    A = X * (0.5 ** (age / half_life))[:, np.newaxis]
    return rows.to_numpy() @ np.linalg.solve(A.T @ X + penalty * np.eye(X.shape[1]), A.T @ y)


study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1))
study.enqueue_trial({"penalty": 1e3, "half_life": 1000})  # first: what gains are measured from
study.optimize(Refereed(predict), n_trials=30)
print(f"accepted last, at step {study.best_value:g}: {study.best_params}")
