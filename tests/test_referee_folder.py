"""A referee in a folder answers as one in memory does, and outlives whatever happens to it."""

import json
import os
import shutil
import signal
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.moments import Moment
from support.processes import FRESH, KILLED
from support.referees import (
    BUDGET,
    DAYS,
    TRUTH,
    N,
    Recorder,
    answer_for_ever,
    killed,
    live,
    loop,
    started,
    table,
)
from viewcast.base.errors import ConfigError, DataError, LockedError
from viewcast.referee import folder as referee_folder
from viewcast.referee.answers import Answer, ClosedError, RefusedError, SpentError
from viewcast.referee.closing import account
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Submitted, closing_of
from viewcast.referee.referee import Referee, digest_of
from viewcast.referee.terms import Plan, Terms

FILES = ("plan.json", "journal.jsonl", "closing.json")
FOLDER = "viewcast.referee.folder"
START = "viewcast.referee.start"
MOMENTS = [  # in order of time: each life goes on a bit further
    Moment("before", f"{START}.Lock.of"),
    Moment("before", f"{START}.Rows.write"),
    Moment("after", f"{START}.Rows.write"),
    Moment("after", f"{START}.write_json_privately"),
    Moment("before", f"{FOLDER}.KeptPredictions.write"),
    Moment("after", f"{FOLDER}.KeptPredictions.write"),
    Moment("after", "viewcast.referee.journal._write"),
    Moment("after", f"{FOLDER}.Journal.append"),
    Moment("after", f"{FOLDER}.RefereeFolder.submit", BUDGET),
    Moment("after", f"{FOLDER}.Journal.append"),  # of the closing
    Moment("after", f"{FOLDER}.account"),
    Moment("after", f"{FOLDER}.write_json_privately"),
]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still."""
    monkeypatch.setattr(referee_folder, "_now", lambda: 1_700_000_000_000)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A referee that lived undisturbed and was closed."""
    root = tmp_path_factory.mktemp("lived")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(referee_folder, "_now", lambda: 1_700_000_000_000)
        live(root)
    return root


def copied(lived: Path, root: Path) -> Path:
    shutil.copytree(lived, root, dirs_exist_ok=True)
    return root / "referee"


def left_by(root: Path) -> dict[str, bytes]:
    folder = root / "referee"
    names = [*FILES, *(f"predictions/{path.name}" for path in (folder / "predictions").iterdir())]
    return {name: (folder / name).read_bytes() for name in sorted(names)}


def journal(root: Path) -> Path:
    return root / "referee/journal.jsonl"


def of_memory(y: Any = None) -> Referee:
    return Referee(TRUTH if y is None else y, "mae", BUDGET)


def test_it_answers_as_a_referee_in_memory_does(tmp_path: Path) -> None:
    memory = of_memory()
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
        assert referee.submit(first, "b") == Answer(True, BUDGET - 2)
    with RefereeFolder.open(tmp_path / "referee") as referee:
        assert referee.submit(first, "b") == Answer(True, BUDGET - 2)


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


def test_a_life_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    lived: Path, tmp_path: Path
) -> None:
    """Each time all is submitted again, and counted once; the closing is completed."""
    table().to_parquet(tmp_path / "valid.parquet")
    for moment in MOMENTS:
        assert killed(tmp_path, moment) == KILLED, moment
    assert left_by(tmp_path) == left_by(lived)


def test_a_process_that_is_killed_in_a_loop_keeps_every_answer_that_was_heard(
    tmp_path: Path,
) -> None:
    started(tmp_path, Terms(budget=10_000)).stop()
    heard: list[tuple[bool, int]] = []
    counted = 0
    for more in (3, 4, 5):
        ours, theirs = FRESH.Pipe(duplex=False)
        process = FRESH.Process(target=answer_for_ever, args=(tmp_path, theirs))
        process.start()
        theirs.close()
        told = [ours.recv() for _ in range(counted + more)]
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        with suppress(EOFError):
            while True:
                told.append(ours.recv())
        process.join()
        ours.close()
        assert process.exitcode == KILLED
        assert [accepted for accepted, _ in told[: len(heard)]] == [each[0] for each in heard]
        with RefereeFolder.open(tmp_path / "referee") as referee:
            counted = referee.status().submissions
            assert counted - len(told) in (0, 1)  # one may have been written and not yet heard
            again = [referee.submit(each, "loop") for each in loop(len(told))]
            assert [each.accepted for each in again] == [accepted for accepted, _ in told]
            assert referee.status().submissions == counted
        heard = told
    assert len({left for _, left in heard}) > 1


def test_a_restart_goes_on_with_the_same_state(lived: Path, tmp_path: Path) -> None:
    for number, predictions in enumerate(loop(), start=1):
        with started(tmp_path) as referee:
            referee.submit(predictions, "loop")
            assert referee.status().left == BUDGET - number
    with started(tmp_path) as referee:
        referee.close("loop")
    assert left_by(tmp_path) == left_by(lived)


class GoneError(Exception):
    """The step was broken off."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "step",
    [
        "Referee.decide",
        "KeptPredictions.write",
        "Journal.append",
        "Referee.record",
    ],
)
def test_a_step_of_a_submission_that_fails_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    """In the process that goes on, or in the next one: what is on the disk is what counts."""
    every = list(loop(4))
    memory = of_memory()
    expected = [memory.submit(each["prediction"].to_numpy()) for each in every]
    cls, name = step.split(".")
    owner = Referee if cls == "Referee" else getattr(referee_folder, cls)
    really = getattr(owner, name)

    def fails(*arguments: Any) -> Any:
        if when == "after":
            really(*arguments)
        raise GoneError

    with started(tmp_path) as referee:
        assert referee.submit(every[0], "a") == expected[0]
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fails)
            with pytest.raises(GoneError):
                referee.submit(every[1], "a")
        try:
            assert referee.submit(every[1], "a") == expected[1]
        except DataError as error:
            assert "writing was broken off; start the referee again" in str(error)
            assert step in ("Journal.append", "Referee.record")
    with started(tmp_path) as referee:
        assert [referee.submit(each, "a") for each in every[1:]] == expected[1:]
        assert referee.status().submissions == 4


@pytest.mark.parametrize("step", ["account", "write_json_privately", "Referee.close"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_closing_that_fails_is_completed_by_the_next_call(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    cls, _, name = step.rpartition(".")
    owner: Any = Referee if cls else referee_folder
    really = getattr(owner, name)

    def fails(*arguments: Any) -> Any:
        if when == "after":
            really(*arguments)
        raise GoneError

    with started(tmp_path) as referee:
        for predictions in loop():
            referee.submit(predictions, "loop")
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fails)
            with pytest.raises(GoneError):
                referee.close("loop")
        for predictions in loop(1):
            with pytest.raises(ClosedError):
                referee.submit(predictions, "loop")
        assert referee.status().closed
        referee.close("another")
    assert left_by(tmp_path) == left_by(lived)


def edited_answer(root: Path) -> None:
    text = journal(root).read_text("utf-8")
    journal(root).write_text(text.replace('"accepted": false', '"accepted": true', 1), "utf-8")


def without_predictions(root: Path) -> None:
    lines = [json.loads(line) for line in journal(root).read_text("utf-8").splitlines()]
    refused = next(line for line in lines if not line["accepted"])
    (root / f"referee/predictions/{refused['digest']}.npy").unlink()


def other_predictions(root: Path) -> None:
    first = json.loads(journal(root).read_text("utf-8").splitlines()[0])
    path = root / f"referee/predictions/{first['digest']}.npy"
    np.save(path, np.load(path) + 1)


def cut_predictions(root: Path) -> None:
    first = json.loads(journal(root).read_text("utf-8").splitlines()[0])
    os.truncate(root / f"referee/predictions/{first['digest']}.npy", 200)


def other_rows(root: Path) -> None:
    rows = pd.read_parquet(root / "referee/rows.parquet")
    rows.assign(target=rows["target"] + 1).to_parquet(root / "referee/rows.parquet")


def renamed_rows(root: Path) -> None:
    rows = pd.read_parquet(root / "referee/rows.parquet")
    rows.assign(row=rows["row"].to_numpy()[::-1]).to_parquet(root / "referee/rows.parquet")


def no_rows(root: Path) -> None:
    (root / "referee/rows.parquet").unlink()


def larger_budget(root: Path) -> None:
    path = root / "referee/plan.json"
    path.write_text(path.read_text("utf-8").replace('"budget": 12', '"budget": 99'), "utf-8")


def damaged_plan(root: Path) -> None:
    (root / "referee/plan.json").write_text('{"name": "x"', "utf-8")


def no_plan(root: Path) -> None:
    (root / "referee/plan.json").unlink()


def other_verdict(root: Path) -> None:
    path = root / "referee/closing.json"
    path.write_text(path.read_text("utf-8").replace('"verdict"', '"Verdict"'), "utf-8")


def no_closing_line(root: Path) -> None:
    text = journal(root).read_text("utf-8").splitlines(keepends=True)
    journal(root).write_text("".join(text[:-1]), "utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (edited_answer, r"journal\.jsonl, line \d+: is not as it was written"),
        (without_predictions, r"predictions/[0-9a-f]{16}\.npy: is missing"),
        (other_predictions, r"predictions/[0-9a-f]{16}\.npy: is not as it was written"),
        (cut_predictions, r"predictions/[0-9a-f]{16}\.npy: cannot be read"),
        (other_rows, r"rows\.parquet: its rows are not those of plan\.json"),
        (renamed_rows, r"rows\.parquet: its rows are not those of plan\.json"),
        (no_rows, r"rows\.parquet: is missing"),
        (larger_budget, r"journal\.jsonl, line 1: .* or the plan was changed"),
        (damaged_plan, r"plan\.json: is damaged"),
        (no_plan, "holds no referee"),
        (other_verdict, r"closing\.json: .*is damaged"),
        (no_closing_line, r"journal\.jsonl: lacks the line of the closing"),
    ],
)
def test_a_folder_that_was_changed_is_refused(
    lived: Path, tmp_path: Path, change: Callable[[Path], None], told: str
) -> None:
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    change(tmp_path)
    for _ in range(2):  # a refusal leaves the lock
        with pytest.raises(DataError, match=told):
            RefereeFolder.open(tmp_path / "referee")


def test_one_process_has_a_referee(tmp_path: Path) -> None:
    with started(tmp_path):
        with pytest.raises(LockedError, match="another process has this referee"):
            RefereeFolder.open(tmp_path / "referee")
        with pytest.raises(LockedError):
            started(tmp_path)
    RefereeFolder.open(tmp_path / "referee").stop()


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


@pytest.mark.parametrize(
    ("settings", "terms", "told"),
    [
        ({}, Terms(budget=13), "budget = 13: the plan of .* has 12"),
        ({}, Terms(budget=12, false=2), r"false = 2\.0: the plan of .* has 1\.0"),
        ({"name": "mine"}, None, "name = 'mine': the plan of .* has 'valid'"),
        ({"cluster": "time"}, None, "cluster = 'time': the plan of .* has None"),
    ],
)
def test_a_plan_never_changes(
    tmp_path: Path, settings: dict[str, str], terms: Terms | None, told: str
) -> None:
    started(tmp_path).stop()
    plan = (tmp_path / "referee/plan.json").read_bytes()
    with pytest.raises(ConfigError, match=told):
        started(tmp_path, terms, **settings)
    assert (tmp_path / "referee/plan.json").read_bytes() == plan
    started(tmp_path).stop()


def test_a_table_that_changed_is_another_plan(tmp_path: Path) -> None:
    started(tmp_path).stop()
    path = tmp_path / "valid.parquet"
    table().to_csv(tmp_path / "valid.csv", index=False)
    with RefereeFolder.start(
        tmp_path / "referee", tmp_path / "valid.csv", "y", "mae", Terms(budget=BUDGET), time="day"
    ) as referee:
        assert referee.plan.source == "valid.parquet"  # the same rows from another file
    for changed, key in [(table()[::-1], "order"), (table().assign(y=table()["y"] + 1), "holdout")]:
        changed.to_parquet(path)
        with pytest.raises(ConfigError, match=f"{key} = .*: the plan of"):
            started(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"metric": "mea"}, "loss = mea: unknown"),
        ({"target": "Y"}, "column 'Y' is missing"),
        ({"target": "name"}, "found targets such as 'a', expected numbers"),
        ({"cluster": "day"}, "cluster = day: unknown; allowed: entity, time, both"),
        ({"rows": "few.parquet"}, "20 rows: a referee needs 100 or more"),
    ],
)
def test_what_cannot_be_refereed_is_refused_before_anything_is_written(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    table().assign(name="a").to_parquet(tmp_path / "valid.parquet")
    table()[:20].to_parquet(tmp_path / "few.parquet")
    given = {"rows": "valid.parquet", "target": "y", "metric": "mae", **change}
    given["rows"] = tmp_path / given["rows"]
    with pytest.raises((ConfigError, DataError), match=told):
        RefereeFolder.start(tmp_path / "new/referee", terms=Terms(), **given)
    assert not (tmp_path / "new").exists()


def test_a_folder_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "referee"
    folder.mkdir(mode=0o755)
    for name in ("mine.txt", "rows.parquet"):
        (folder / name).write_text("mine")
        with pytest.raises(ConfigError, match=f"holds .*{name}.*which no referee made"):
            started(tmp_path)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "mine")]
        (folder / name).unlink()
    started(tmp_path).stop()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="is no folder"):
        RefereeFolder.start(
            tmp_path / "file", tmp_path / "valid.parquet", "y", "mae", Terms(), time="day"
        )


def test_rows_of_a_panel_are_clustered_and_too_few_series_refused(tmp_path: Path) -> None:
    panel = pd.DataFrame(
        {"shop": np.repeat(np.arange(40), 10), "day": np.tile(DAYS[:10], 40), "y": 0.0}
    )
    panel["y"] = np.random.default_rng(1).normal(size=400)
    panel.to_parquet(tmp_path / "valid.parquet")
    with started(tmp_path, entity="shop") as referee:
        assert referee.plan.cluster == "entity"
        assert referee.submit(panel.assign(prediction=0.0), "a").accepted
    panel[panel["shop"] < 12].to_parquet(tmp_path / "few.parquet")
    with pytest.raises(DataError, match="12 entities share 10 of 10 times"):
        RefereeFolder.start(
            tmp_path / "few", tmp_path / "few.parquet", "y", "mae", Terms(),
            time="day", entity="shop",
        )  # fmt: skip


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


class Held(Recorder):
    """A recorder that waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def submission(self, plan: Plan, submitted: Submitted) -> None:
        assert self.go.wait(60)
        super().submission(plan, submitted)


def test_a_recorder_is_told_everything_in_order_and_delays_no_answer(tmp_path: Path) -> None:
    recorder = Held()
    with started(tmp_path, recorder=recorder) as referee:
        for predictions in loop():
            referee.submit(predictions, "a")
        closing = referee.close("a")
        assert recorder.told == []
        recorder.go.set()
        assert referee.flush(60) is None
        assert recorder.told == list(range(1, BUDGET + 1))
        assert recorder.closings == [closing]


def test_a_recorder_that_cannot_be_reached_hears_it_later(tmp_path: Path) -> None:
    recorder = Recorder(failures=3)
    with started(tmp_path, recorder=recorder) as referee:
        for predictions in loop(3):
            referee.submit(predictions, "a")
            referee.flush(60)
        assert recorder.told == []
        assert referee.flush(60) is None
        assert recorder.told == [1, 2, 3]
        recorder.failures = 1
        referee.close("a")
        assert referee.flush(60) in (None, "the server is gone")
        assert referee.flush(60) is None
        assert len(recorder.closings) == 1


def test_after_a_restart_a_recorder_hears_what_it_has_not(tmp_path: Path) -> None:
    every = list(loop())
    first, second, third = Recorder(), Recorder(failures=999), Recorder()
    with started(tmp_path, recorder=first) as referee:
        referee.submit(every[0], "a")
    with started(tmp_path, recorder=second) as referee:
        referee.submit(every[1], "a")
        referee.submit(every[2], "a")
        referee.close("a")
        assert referee.stop(60) == "the server is gone"
    with RefereeFolder.open(tmp_path / "referee", third) as referee:
        assert referee.flush(60) is None
    assert (first.told, second.told, third.told) == ([1], [], [2, 3])
    assert len(third.closings) == 1
    (tmp_path / "referee/told.json").write_text("{", "utf-8")
    again = Recorder()
    RefereeFolder.open(tmp_path / "referee", again).stop(60)
    assert (again.told, len(again.closings)) == ([1, 2, 3], 1)


def test_a_fault_of_a_recorder_ends_no_referee(tmp_path: Path) -> None:
    class Faulty(Recorder):
        def submission(self, plan: Plan, submitted: Submitted) -> None:
            raise KeyError("x")

    with started(tmp_path, recorder=Faulty()) as referee:
        for number, predictions in enumerate(loop(3), start=1):
            assert referee.submit(predictions, "a").left == BUDGET - number
            assert referee.flush(60) == "KeyError: 'x'"
