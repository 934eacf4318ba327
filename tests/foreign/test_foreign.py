"""Experiments logged the usual way, by the libraries themselves: the audit is right about each."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest

import viewcast
from foreign.answer import Answered, ask
from foreign.every import EXPERIMENTS, maker
from foreign.experiment import Expected, build
from viewcast.base.errors import ConfigError

Asked = tuple[Expected, Answered]

# Of the libraries, about each other.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[str]:
    """A store for all of them; MLflow's own address is what it was afterwards."""
    folder = tmp_path_factory.mktemp("foreign")
    shutil.copy(empty_store, folder / "mlflow.db")
    before = mlflow.get_tracking_uri()
    yield f"sqlite:///{folder}/mlflow.db"
    mlflow.set_tracking_uri(before)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in EXPERIMENTS],
)
def asked(request: pytest.FixtureRequest, uri: str) -> Asked:
    """An experiment, made and audited once for all tests of it."""
    name: str = request.param
    artifacts = Path(uri.removeprefix("sqlite:///")).parent / "artifacts"
    expected = build(name, maker(name), uri, artifacts.as_uri())
    store = Path(uri.removeprefix("sqlite:///"))
    before = store.read_bytes()
    answered = ask(uri, name, expected)
    assert store.read_bytes() == before, "an audit reads only"
    return expected, answered


def test_it_is_priced_where_rows_or_models_are_and_ranged_where_scores_allow(asked: Asked) -> None:
    expected, answered = asked
    assert answered.answer == expected.answer, answered.text
    if answered.answer == "ranged":
        assert "Ranged, not priced" in answered.text
    elif answered.answer == "refused" and answered.result is not None:
        assert f"Counted, not priced: “{expected.winner}” shows" in answered.text


def test_the_winner_is_the_run_that_is_best_on_the_validation_rows(asked: Asked) -> None:
    expected, answered = asked
    if expected.winner is None:
        assert answered.result is None, answered.text
        return
    assert answered.result is not None, answered.text
    winner = answered.result.winner
    assert winner is not None, answered.text
    assert winner.name == expected.winner, answered.text
    assert winner.shown == pytest.approx(expected.shown, rel=1e-5)


def test_runs_that_were_scored_on_other_rows_are_not_compared(asked: Asked) -> None:
    expected, answered = asked
    assert answered.result is None or answered.holdouts == expected.holdouts


def test_metric_direction_rows_and_runs_are_understood(asked: Asked) -> None:
    expected, answered = asked
    if answered.result is None:
        return
    understood = answered.result.understood
    assert understood is not None
    assert understood.metric == expected.metric
    assert understood.more_is_better == expected.more_is_better
    assert expected.rows is None or understood.rows == expected.rows
    assert expected.runs is None or understood.taken == expected.runs


def test_a_figure_on_new_rows_is_worse_than_the_one_that_chose(asked: Asked) -> None:
    expected, answered = asked
    if answered.answer != "priced":
        return
    assert answered.result is not None
    winner: Any = answered.result.winner
    sign = -1 if expected.more_is_better else 1
    assert sign * winner.shown <= sign * winner.expected <= sign * winner.bound95


def test_what_is_not_priced_is_said_with_a_line_that_would_price_it(asked: Asked) -> None:
    answered = asked[1]
    if answered.answer == "priced" or answered.result is None:
        return
    understood = answered.result.understood
    assert understood is not None
    assert understood.advice, answered.text
    assert "".join(understood.advice.split()) in "".join(answered.text.split())


def test_what_matters_is_said_in_words_and_what_is_wrong_is_not(asked: Asked) -> None:
    expected, answered = asked
    text = " ".join(answered.text.split())
    for words in expected.says:
        assert words in text
    for words in expected.never:
        assert words not in text


def test_a_model_of_the_store_is_not_loaded_without_leave(uri: str, tmp_path: Path) -> None:
    expected = build("models", maker("stored_regressors"), uri, tmp_path.as_uri())
    with pytest.raises(ConfigError, match="runs code that lies in the store"):
        viewcast.audit(uri, "models", rows=expected.ask["rows"], target="y")
