"""Names of metrics: which measure, which direction, which rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.tracking.metric_names import loss_named, plain, read_name


@pytest.mark.parametrize(
    ("name", "measure", "more", "rows"),
    [
        ("val_loss", None, False, "validation"),
        ("eval/loss", None, False, "validation"),
        ("valLoss", None, False, "validation"),
        ("validation_0-logloss", "log_loss", False, "validation"),
        ("valid_1-binary_logloss", "log_loss", False, "validation"),
        ("valid_0-l2", "mse", False, "validation"),
        ("validation_1-error", "zero_one", False, "validation"),
        ("Val_MAE", "mae", False, "validation"),
        ("dev_bleu", None, True, "validation"),
        ("val_auc_epoch", "roc_auc", True, "validation"),
        ("best_val_accuracy", "accuracy", True, "validation"),
        ("val_loss/dataloader_idx_1", None, False, "validation"),
        ("val_mean_iou", None, True, "validation"),
        ("val_wer", None, False, "validation"),
        ("val_perplexity", "perplexity", False, "validation"),
        ("train_loss_step", None, False, "train"),
        ("training_score", None, True, "train"),
        ("test_acc", "accuracy", True, "test"),
        ("accuracy_score_X_test", "accuracy", True, "test"),
        ("mean_test_score", None, True, "cv"),
        ("mean_test_neg_mean_squared_error", "mse", True, "cv"),
        ("best_cv_score", None, True, "cv"),
        ("oof_auc", "roc_auc", True, "cv"),
        ("f1_macro", "f1_macro", True, None),
        ("neg_log_loss", "log_loss", True, None),
        ("negative_log_likelihood", "log_loss", False, None),
        ("brier_score_loss", "brier", False, None),
        ("root_mean_squared_error", "rmse", False, None),
        ("precision_recall_auc", "average_precision", True, None),
        ("medianAbsoluteError", None, False, None),
        ("value", None, None, None),
    ],
)
def test_a_name_tells_measure_direction_and_rows(
    name: str, measure: str | None, more: bool | None, rows: str | None
) -> None:
    read = read_name(name)
    assert (read.measure, read.more_is_better, read.rows) == (measure, more, rows)
    assert not read.technical


@pytest.mark.parametrize(
    "name",
    [
        *("learning_rate", "lr-Adam", "epoch", "val_epoch", "eval_runtime", "grad_norm"),
        *("eval_samples_per_second", "mean_fit_time", "std_test_score", "rank_test_score"),
        *("best_iteration", "total_flos", "system/cpu_utilization_percentage", "true_positives"),
        *("val_loss_expected", "val_loss_upper95", "optimism", "in_confidence_set"),
    ],
)
def test_runtimes_rates_and_statistics_are_no_scores(name: str) -> None:
    assert read_name(name).technical


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("validation_0-rmse", "val_rmse", True),
        ("val_accuracy", "eval/acc", True),
        ("resnet_val_loss", "val_loss", True),
        ("val_loss_total", "val_loss", True),
        ("val_huber_loss", "val_loss", False),
        ("val_f1_macro", "val_f1", False),
        ("val_rmse", "val_mse", False),
        ("val_rmse", "test_rmse", False),
        ("mean_test_neg_log_loss", "cv_log_loss", False),
    ],
)
def test_two_spellings_of_one_figure_are_one(one: str, other: str, same: bool) -> None:
    assert (read_name(one).figure == read_name(other).figure) == same


@pytest.mark.parametrize(
    ("name", "fold"),
    [("fold_3_rmse", 3), ("rmse_fold_2", 2), ("fold1/val_rmse", 1), ("split0_test_score", 0)],
)
def test_the_score_of_a_fold_is_of_cross_validation(name: str, fold: int) -> None:
    read = read_name(name)
    assert (read.fold, read.rows) == (fold, "cv")


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        *(("val_rmse", "mse"), ("reg:squarederror", "mse"), ("MSELoss", "mse")),
        *(("regression_l1", "mae"), ("L1Loss", "mae"), ("valid_0-l1", "mae")),
        *(("huber", None), ("accuracy", None)),
    ],
)
def test_settings_are_named_after_losses(name: str, loss: str | None) -> None:
    found = loss_named(name)
    assert (found.name if found is not None else None) == loss


@given(st.text(max_size=40))
def test_any_name_can_be_read(name: str) -> None:
    read = read_name(name)
    assert read.name == name
    assert plain(name) == plain(plain(name))
