"""A referee closes once, and tells then what each submission gained."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.referees import (
    BUDGET,
    TRUTH,
    N,
    journal,
    left_by,
    loop,
    started,
    undisturbed,
)
from viewcast.base.errors import DataError
from viewcast.referee.answers import ClosedError, RefusedError
from viewcast.referee.closing import account
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Submitted, closing_of
from viewcast.referee.referee import Referee, digest_of
from viewcast.referee.terms import Plan, Terms


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A referee that lived undisturbed and was closed."""
    root = tmp_path_factory.mktemp("lived")
    undisturbed(root)
    return root


def test_a_closed_referee_says_the_same_and_judges_no_more(lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    before = left_by(tmp_path)
    with RefereeFolder.open(tmp_path / "referee") as referee:
        closing = referee.close("another")
        assert closing == closing_of(json.loads(before["closing.json"]))
        assert closing.closed_by == "loop"
        for predictions in (*loop(1), TRUTH, None):
            with pytest.raises((ClosedError, RefusedError), match=r"closed|no array"):
                referee.submit(predictions, "a")
        referee.note("too late")
    with pytest.raises(ClosedError, match="take new rows"):
        started(tmp_path)
    assert left_by(tmp_path) == before


def test_nothing_can_be_closed_before_the_first_submission(tmp_path: Path) -> None:
    with started(tmp_path) as referee:
        with pytest.raises(DataError, match="nothing was submitted"):
            referee.close("a")
        assert not referee.status().closed
        referee.submit(TRUTH, "a")
    assert len(journal(tmp_path).read_text("utf-8").splitlines()) == 1


def test_the_closing_tells_what_each_submission_gained(tmp_path: Path) -> None:
    every = [each["prediction"].to_numpy() for each in loop(9)]
    with started(tmp_path) as referee:
        for predictions in loop(9):
            referee.submit(predictions, "a")
        referee.note("a submitter could read the targets")
        referee.note("a submitter could read the targets")
        closing = referee.close("b")
    losses = np.abs(np.array(every) - TRUTH)
    gains = losses[0] - losses
    hidden = N // 4
    assert [each.number for each in closing.told] == list(range(1, 10))
    for told, gain in zip(closing.told, gains, strict=True):
        assert told.raw == pytest.approx(gain.mean())
        assert told.gate == pytest.approx(gain[:-hidden].mean())
        assert told.hidden == pytest.approx(gain[-hidden:].mean())
    best, kept = 0.0, 0
    for gain in gains.mean(axis=1):
        best, kept = max(best, gain), kept + (gain > best)
    assert (closing.raw.claim, closing.raw.acceptances) == (pytest.approx(best), kept)
    assert closing.raw.number == int(gains.mean(axis=1).argmax()) + 1
    assert kept > 2
    assert closing.deviations == (
        "a submitter could read the targets",
        "the budget was not used up: 9 of 12 answers were given",
    )
    assert (closing.closed_by, closing.plan.target) == ("b", "y")
    assert closing_of(json.loads(json.dumps(closing.plain(), allow_nan=False))) == closing


def test_a_loss_that_is_infinite_on_hidden_rows_does_not_keep_a_referee_open() -> None:
    """Only a function of the user's can have one: that of a referee in memory."""

    def loss(target: Any, prediction: Any) -> Any:
        return np.where((prediction > 90) & (target < 0), np.inf, np.abs(target - prediction))

    referee = Referee(TRUTH, loss, BUDGET)
    spoilt = TRUTH + 0.01
    spoilt[-1] = 99
    submissions = []
    kept = {}
    for number, predictions in enumerate((TRUTH + np.sin(np.arange(N)), spoilt), start=1):
        given = referee.checked(predictions)
        answer = referee.submit(given)
        assert answer.accepted
        kept[digest_of(given)] = given
        submissions.append(Submitted(number, digest_of(given), True, answer.left, "a", 0))
    plan = Plan("p", "h", N, "loss", False, None, 90, 30, Terms(budget=BUDGET))
    closing = account(plan, referee, submissions, kept.__getitem__, [], 0, "a")
    assert np.isnan(closing.verdict.estimate)
    assert "no gain is claimed" in str(closing.verdict)
    assert (closing.told[1].hidden, closing.told[1].raw) == (None, None)
    assert "no finite score: of submission 2" in closing.deviations[-1]
    plain = json.loads(json.dumps(closing.plain(), allow_nan=False))
    assert str(closing_of(plain)) == str(closing)
