"""A referee in a folder answers as one in memory does, to its submitters alone."""

import json
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.referees import (
    BUDGET,
    DAYS,
    TRUTH,
    N,
    journal,
    loop,
    started,
)
from viewcast.base.errors import LockedError
from viewcast.referee.answers import Answer, RefusedError, SpentError
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.referee import Referee
from viewcast.referee.terms import Terms


def test_it_answers_as_a_referee_in_memory_does(tmp_path: Path) -> None:
    memory = Referee(TRUTH, "mae", BUDGET)
    with started(tmp_path) as referee:
        for predictions in loop():
            shuffled = predictions.sample(frac=1, random_state=3)
            assert referee.submit(shuffled, "a") == memory.submit(predictions["prediction"])
        with pytest.raises(SpentError):
            referee.submit(TRUTH, "a")
        status = referee.status()
        assert (status.submissions, status.left, status.closed) == (BUDGET, 0, False)
        assert status.acceptances == memory.acceptances > 1
        assert referee.close("a").verdict == memory.close()
        assert referee.status().closed


def test_equal_predictions_get_their_answer_again_free_of_charge(tmp_path: Path) -> None:
    first, better = list(loop(2))
    with started(tmp_path) as referee:
        assert referee.submit(first, "a") == Answer(True, BUDGET - 1)
        assert referee.submit(better, "a") == Answer(True, BUDGET - 2)
        assert referee.submit(first, "b") == Answer(True, BUDGET - 2, replaced=True)
    with RefereeFolder.open(tmp_path / "referee") as referee:
        assert referee.submit(first, "b") == Answer(True, BUDGET - 2, replaced=True)


@pytest.mark.parametrize("metric", ["mae", "log_loss"])
def test_corrupted_hidden_targets_change_no_answer(tmp_path: Path, metric: str) -> None:
    rng = np.random.default_rng(4)
    labels = np.where(TRUTH > 0, "up", "down")
    chances = [np.clip(0.5 + (TRUTH + rng.normal(size=N)) * k / 30, 0.01, 0.99) for k in range(12)]
    submitted = chances if metric == "log_loss" else [p["prediction"].to_numpy() for p in loop()]
    wrong = [np.full(N, np.nan), np.full(N - 1, 0.5), np.full((N, 3), 0.2)]
    told = []
    for number in range(3):
        targets = (labels if metric == "log_loss" else TRUTH).copy()
        hidden = targets[-N // 4 :]
        targets[-N // 4 :] = rng.permutation(hidden) if number else hidden
        if number == 2 and metric == "mae":
            targets[-N // 4 :] *= 1000
        path = tmp_path / f"{number}.parquet"
        pd.DataFrame({"day": DAYS, "y": targets}).to_parquet(path)
        with RefereeFolder.start(
            tmp_path / f"{number}", path, "y", metric, Terms(budget=BUDGET), time="day"
        ) as referee:
            answers: list[Any] = [referee.submit(each, "a") for each in submitted]
            for each in wrong:
                with pytest.raises(RefusedError) as refused:
                    referee.submit(each, "a")
                answers.append(str(refused.value))
            told.append((answers, referee.status().acceptances, referee.close("a").verdict.claimed))
    assert told[0] == told[1] == told[2]
    assert told[0][1] > 1


def test_two_submitters_at_once_are_each_counted_once(tmp_path: Path) -> None:
    answers: list[tuple[str, Answer]] = []
    together = threading.Barrier(4)

    def submit(name: str, predictions: list[pd.DataFrame]) -> None:
        together.wait()
        for each in predictions:
            with suppress(SpentError):
                answers.append((name, referee.submit(each, name)))

    with started(tmp_path) as referee:
        every = list(loop(24))
        shares = [every[:8], every[8:16], every[16:], every[4:12]]  # the last: what others submit
        threads = [
            threading.Thread(target=submit, args=(f"s{place}", share))
            for place, share in enumerate(shares)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert referee.status().submissions == BUDGET
    lines = [json.loads(line) for line in journal(tmp_path).read_text("utf-8").splitlines()]
    assert [line["number"] for line in lines] == list(range(1, BUDGET + 1))
    assert len({line["digest"] for line in lines}) == BUDGET
    assert {answer.left for _, answer in answers} >= {line["left"] for line in lines}
    with RefereeFolder.open(tmp_path / "referee") as referee:
        assert referee.status().left == 0


def test_one_process_has_a_referee(tmp_path: Path) -> None:
    with started(tmp_path):
        with pytest.raises(LockedError, match="another process has this referee"):
            RefereeFolder.open(tmp_path / "referee")
        with pytest.raises(LockedError):
            started(tmp_path)
    RefereeFolder.open(tmp_path / "referee").stop()


def test_labels_are_kept_and_known_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    labels = rng.choice(["né", "b", ""], N)
    pd.DataFrame({"y": np.where(labels == "", "c", labels)}).to_csv(tmp_path / "v.csv", index=False)
    guesses = [rng.choice(["né", "b", "c"], N) for _ in range(3)]
    for _ in range(2):
        with RefereeFolder.start(
            tmp_path / "referee", tmp_path / "v.csv", "y", "accuracy", Terms(budget=5)
        ) as referee:
            answers = [referee.submit(guess, "a") for guess in guesses]
            assert referee.status().submissions == 3
    assert answers[0].accepted
    with RefereeFolder.open(tmp_path / "referee") as referee:
        assert referee.close("a").told[0].gate == 0


def test_the_folder_is_its_users_alone(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        with started(tmp_path) as referee:
            for predictions in loop(3):
                referee.submit(predictions, "a")
            referee.close("a")
    finally:
        os.umask(former)
    for path in (tmp_path / "referee").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE((tmp_path / "referee").stat().st_mode) == 0o700


def test_targets_that_others_could_read_weaken_the_verdict(tmp_path: Path) -> None:
    folder = tmp_path / "referee"
    started(tmp_path).stop()
    folder.chmod(0o755)
    started(tmp_path).stop()  # the rows were still its user's alone
    folder.chmod(0o755)
    (folder / "rows.parquet").chmod(0o644)
    with started(tmp_path) as referee:
        referee.submit(TRUTH, "a")
        assert referee.close("a").deviations[0] == (
            "other users of this machine could read the targets: rows.parquet had the mode 644, "
            "in a folder of the mode 755"
        )
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "rows.parquet").stat().st_mode) == 0o600
