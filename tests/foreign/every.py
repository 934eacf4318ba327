"""Every experiment by its name, in the order of the table that ``benchmarks/foreign.py`` prints.

Their modules are imported when one of theirs is made: the libraries take seconds.
"""

import importlib

from foreign.experiment import Build

_OF_MODULES: dict[str, tuple[str, ...]] = {
    "with_sklearn": (
        "fits_by_autolog",
        "grid_search_by_autolog",
        "random_search_by_autolog",
        "training_scores_only",
        "stored_classifiers",
        "stored_regressors",
    ),
    "with_boosting": (
        "xgboost_named",
        "xgboost_training_first",
        "xgboost_validation_alone",
        "lightgbm_named",
        "lightgbm_unnamed",
        "lightgbm_classifier",
    ),
    "with_optuna": (
        "trials_as_nested_runs",
        "storage_that_maximises",
        "storage_of_independent_trials",
    ),
    "with_networks": (
        "lightning",
        "huggingface",
        "keras_epochs",
        "lightning_names",
        "huggingface_names",
    ),
    "tables": (
        "residuals_in_csv",
        "absolute_errors_in_parquet",
        "r_squared_in_a_logged_table",
        "evaluated_by_mlflow",
        "labels_in_csv",
        "probabilities_of_ten_classes",
        "scores_for_the_area",
        "predicted_classes_for_f1",
        "losses_of_rows",
        "shuffled_rows",
        "one_way_through_a_grid",
    ),
    "repeats": ("folds_as_metrics", "folds_as_nested_runs", "seeds"),
    "troubles": (
        "diverged_runs",
        "unfinished_runs",
        "parents_that_repeat",
        "two_data_sets",
        "two_data_sets_without_rows",
        "one_run",
        "only_a_test_metric",
        "accuracy_of_a_logged_data_set",
        "accuracy_with_n_given",
    ),
}
EXPERIMENTS: dict[str, str] = {name: of for of, names in _OF_MODULES.items() for name in names}


def maker(name: str) -> Build:
    """What makes the experiment of this name."""
    make: Build = getattr(importlib.import_module(f"foreign.{EXPERIMENTS[name]}"), name)
    return make
