"""Optuna: trials as nested runs, its own storage in MLflow, samplers that look and that do not."""

import mlflow
import numpy as np
import optuna
from mlflow.optuna.storage import MlflowStorage
from sklearn.linear_model import ElasticNet
from sklearn.metrics import roc_auc_score
from sklearn.tree import ExtraTreeClassifier

from foreign.bundled import Rows, cancer, diabetes
from foreign.experiment import Expected, current, logged

TRIALS = 7
SAYS = ("set aside: study (it repeats the figure of trial", "by 7 runs in 7 rounds")


def trials_as_nested_runs() -> Expected:
    """The usual pattern: one parent, a nested run for each trial, the parent repeats the best."""
    d = diabetes()
    scores: dict[str, float] = {}
    fresh: dict[str, float] = {}

    def objective(trial: optuna.Trial) -> float:
        name = f"trial {trial.number}"
        with logged(name, nested=True):
            own = {"alpha": trial.suggest_float("alpha", 0.01, 10, log=True)}
            own["l1_ratio"] = trial.suggest_float("l1_ratio", 0.05, 1)
            mlflow.log_params(own)
            model = ElasticNet(**own).fit(d.x, d.y)
            scores[name] = _rmse(model, d.x_val, d.y_val)
            fresh[name] = _rmse(model, d.x_fresh, d.y_fresh)
            mlflow.log_metric("val_rmse", scores[name])
        return scores[name]

    with logged("study"):
        study = _study("minimize", optuna.samplers.TPESampler(seed=0, n_startup_trials=4))
        study.optimize(objective, n_trials=TRIALS)
        mlflow.log_params(study.best_params)
        mlflow.log_metric("val_rmse", study.best_value)
    return Expected.best_of("refused", "val_rmse", scores, fresh=fresh, says=SAYS)


def storage_that_maximises() -> Expected:
    """Optuna's own storage: metric ``value``, the direction in a tag of the parent alone."""
    return _stored(
        "maximize",
        optuna.samplers.TPESampler(seed=0, n_startup_trials=4),
        ("by 7 runs in 7 rounds",),
    )


def storage_of_independent_trials() -> Expected:
    """The same by a random sampler: no trial is drawn in sight of another."""
    return _stored("maximize", optuna.samplers.RandomSampler(seed=0), ())


def _stored(
    direction: str, sampler: optuna.samplers.BaseSampler, says: tuple[str, ...]
) -> Expected:
    d = cancer()
    active = current().experiment_id
    study = _study(direction, sampler, MlflowStorage(active))
    fresh: dict[int, float] = {}

    def objective(trial: optuna.Trial) -> float:
        model = ExtraTreeClassifier(
            max_depth=trial.suggest_int("max_depth", 1, 6),
            min_samples_leaf=trial.suggest_int("min_samples_leaf", 1, 20),
            random_state=trial.number,
        ).fit(d.x, d.y)
        fresh[trial.number] = _auc(model, d.x_fresh, d.y_fresh)
        return _auc(model, d.x_val, d.y_val)

    study.optimize(objective, n_trials=TRIALS)
    names = {
        int(run.data.tags["numbers"]): run.info.run_name
        for run in mlflow.MlflowClient().search_runs([active])
        if "numbers" in run.data.tags
    }
    scores = {names[trial.number]: float(trial.value or 0) for trial in study.trials}
    return Expected.best_of(
        "refused",
        "value",
        scores,
        more_is_better=True,
        fresh={names[number]: value for number, value in fresh.items()},
        says=("optuna.study_direction = MAXIMIZE", *says),
    )


def _study(
    direction: str,
    sampler: optuna.samplers.BaseSampler,
    storage: MlflowStorage | None = None,
) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(
        study_name="study", direction=direction, sampler=sampler, storage=storage
    )


def _rmse(model: ElasticNet, x: Rows, y: Rows) -> float:
    return float(np.sqrt(np.square(model.predict(x) - y).mean()))


def _auc(model: ExtraTreeClassifier, x: Rows, y: Rows) -> float:
    return float(roc_auc_score(y, model.predict_proba(x)[:, 1]))
