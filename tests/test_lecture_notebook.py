"""The live lecture: every part against a known answer, its findings, and two sliders moved."""

import gc
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.browser import chromium
from support.lecture import NOTEBOOKS
from support.project import REPOSITORY
from support.servers import free_port
from telling import choice, findings, hinges, memory, rows, stopping, surface, texts

pytestmark = pytest.mark.xdist_group("lecture notebook")  # its rows are made once for all

PATIENCE = 60_000  # milliseconds, where other tests run beside
ENGLISH, CHINESE = (texts.Texts.of(code) for code in texts.LANGUAGES.values())


@pytest.fixture(scope="module", autouse=True)
def no_marimo_afterwards() -> Iterator[None]:
    """Transformers takes a process that has marimo for a notebook, and asks for IPython."""
    yield
    sys.modules.pop("lecture", None)
    gc.collect()  # what marimo has made imports it once more when it goes
    for name in [each for each in sys.modules if each.partition(".")[0] == "marimo"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the notebook's cells define when it runs as a script, its sliders as they begin."""
    import lecture  # noqa: PLC0415 (it needs the extra live)

    _, defined = lecture.app.run()
    return dict(defined)


# 1: the loss surface


def test_the_lowest_loss_is_that_of_the_closed_form(told: dict[str, Any]) -> None:
    known: surface.Surface = told["known"]
    x, y = of_training(known.lesson)
    design = np.column_stack([x, np.ones(len(x))])
    (w, b), squares, *_ = np.linalg.lstsq(design, y)
    assert (known.w, known.b) == pytest.approx((w, b))
    assert known.least == pytest.approx(squares[0] / len(x))
    assert known.least < known.losses["loss"].min() < 1.01 * known.least


def test_the_path_is_that_of_the_recursion_on_a_quadratic(told: dict[str, Any]) -> None:
    known: surface.Surface = told["known"]
    found = known.descent(rate=2e-4, start=(0.5, 10), batch=17, updates=300)
    x, y = of_training(known.lesson)
    design = np.column_stack([x, np.ones(len(x))])
    once = np.eye(2) - 2e-4 * 2 / len(x) * design.T @ design
    least = np.array([known.w, known.b])
    end = least + np.linalg.matrix_power(once, 300) @ ([0.5, 10] - least)
    assert found.end == pytest.approx(end, rel=1e-4)
    assert found.loss == pytest.approx(np.square(design @ end - y).mean(), rel=1e-4)
    assert not found.diverged
    assert found.error is None


def test_too_high_a_learning_rate_diverges_in_words(told: dict[str, Any]) -> None:
    found = told["known"].descent(rate=1e-3, start=(1, 15), batch=17, updates=10_000)
    sentence, _ = findings.surface(ENGLISH, told["known"], found)
    assert found.diverged
    assert sentence.startswith(f"The learning rate is too high: at update {found.updates}")


def test_a_loss_after_random_batches_has_an_error(told: dict[str, Any]) -> None:
    found = told["known"].descent(rate=1e-4, start=(1, 15), batch=5, updates=30)
    assert found.path["update"].iloc[-1] == 30
    assert found.error > 0


# 2: a sum of hinges


@settings(max_examples=25)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=9, unique=True), st.randoms())
def test_hinges_pass_through_one_point_more_than_they_are(places: list[int], random: Any) -> None:
    x = np.array(places, np.float64)
    y = np.array([random.uniform(10, 200) for _ in places])
    model = hinges.put_at_points(x, y, len(x) - 1, ["pages"])
    assert model.hidden == (len(x) - 1,)
    assert predicted(model, x) == pytest.approx(y, abs=1e-6)


def test_one_hinge_is_the_line_of_least_squares(told: dict[str, Any]) -> None:
    assert told["line"].train_loss == pytest.approx(told["known"].least)


@pytest.mark.parametrize("how", ["placed", "learnt"])
def test_the_hinges_add_up_to_the_curve(told: dict[str, Any], how: str) -> None:
    bent: hinges.Bent = getattr(told["bending"], how)(4)
    total = bent.alone.groupby("x")["y"].sum().to_numpy()
    rest = bent.curve["y"].to_numpy() - total
    assert rest == pytest.approx(np.full(len(rest), rest[0]))


# 3: early stopping


def test_the_epoch_of_lowest_validation_loss_is_kept_until_patience_ends(
    told: dict[str, Any],
) -> None:
    course: stopping.Course = told["overfitting"].train(units=10, rate=1e-2, patience=10)
    seen = course.curve["val_loss"].to_numpy()[: course.stopped]
    assert course.kept == 1 + seen.argmin()
    assert course.stopped == course.kept + 10
    assert course.at_kept.mean == pytest.approx(seen.min(), rel=1e-5)
    assert course.at_end.mean == pytest.approx(course.last["val_loss"], rel=1e-5)


# 4: the memorizer


def test_by_heart_means_no_training_loss_and_chance_in_validation(told: dict[str, Any]) -> None:
    known: memory.Memorizers = told["memorizers"]
    honest, leaking = (known.remembering(known.rows, leak) for leak in (False, True))
    y = known.lesson.problem.y(known.lesson.problem.validation)
    assert honest.train_loss == 0
    assert honest.validation.mean == pytest.approx(np.square(y).mean()) == honest.chance
    assert leaking.validation.mean == 0


# 5: the best of k runs


def test_one_run_is_not_corrected(told: dict[str, Any]) -> None:
    assert told["choices"].best(runs=1, rows=120, size=0.1).optimism == 0


def test_the_lowest_of_k_runs_is_that_of_k_normal_numbers(told: dict[str, Any]) -> None:
    choices: choice.Choices = told["choices"]
    runs, rows, size, studies = 20, 240, 0.1, 60
    lowest = [choices.losses(runs, rows, size, seed).mean(axis=1).min() for seed in range(studies)]
    theory = choices.best(runs, rows, size).theory
    error = np.std(lowest, ddof=1) / np.sqrt(studies)
    assert np.mean(lowest) == pytest.approx(theory, abs=4 * error)


def test_more_runs_are_more_luck_and_the_truth_stays(told: dict[str, Any]) -> None:
    few, many = (told["choices"].best(runs, 366, 0.2) for runs in (5, 200))
    assert many.shown < few.shown < few.true == many.true
    assert 0 < few.optimism < many.optimism
    assert many.expected == pytest.approx(many.true, abs=0.5 * many.optimism)
    assert many.bound is not None and many.bound > many.true


def test_with_too_few_days_there_is_no_bound_and_the_page_says_how_many_it_takes(
    told: dict[str, Any],
) -> None:
    found = told["choices"].best(runs=10, rows=60, size=0.1)
    _, figures = findings.choice(ENGLISH, found)
    assert found.bound is None
    assert ("–", "95 % bound: 150 days would be enough") in figures


# What is said


def test_every_finding_is_told_in_both_languages(told: dict[str, Any]) -> None:
    known, bending, line = told["known"], told["bending"], told["line"]
    for say in (ENGLISH, CHINESE):
        sentences = [
            findings.surface(say, known, told["descent"])[0],
            findings.surface(say, known, known.descent(5e-4, (1.9, 0.6), 17, 10_000))[0],
            *(findings.hinges(say, bending.placed(n), line, False)[0] for n in (1, 14)),
            *(findings.hinges(say, bending.learnt(n), line, True)[0] for n in (2, 10)),
            *(findings.memory(say, told["memorizers"].remembering(n, leak), 17, leak)[0]
              for n, leak in ((0, False), (3, False), (17, False), (17, True))),
            findings.stopping(say, told["course"])[0],
            findings.stopping(say, told["overfitting"].train(1, 1e-3, 200))[0],
            *(findings.choice(say, told["choices"].best(k, 366, 0.2))[0] for k in (1, 50)),
        ]  # fmt: skip
        assert len(set(sentences)) == len(sentences)
        assert all(re.search("[一-鿿]", each) for each in sentences) == (say is CHINESE)


def test_without_data_the_script_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lecture  # noqa: PLC0415 (as above)

    (tmp_path / "conf").symlink_to(REPOSITORY / "conf")
    monkeypatch.setattr(surface, "lesson_of", lambda _, name: rows.lesson_of(tmp_path, name))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with pytest.raises(SystemExit, match="type `make data` in the project's folder"):
        lecture.app.run()


# In a browser


@pytest.mark.usefixtures("told")  # then the kernel is compiled
def test_two_sliders_are_moved_and_the_numbers_follow_without_a_network(tmp_path: Path) -> None:
    from playwright.sync_api import expect  # noqa: PLC0415 (only here)

    with (
        chromium() as browser,
        live({"LANG": "zh-TW", "LC_ALL": "", "XDG_CONFIG_HOME": str(tmp_path)}) as address,
    ):
        page = browser.new_page()
        wrong: list[str] = []
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if local(r.url, address) else wrong.append(r.url))
        page.goto(address)
        surfaced, chosen = page.locator("#surface .finding"), page.locator("#choice .finding")
        expect.set_options(timeout=PATIENCE)
        expect(chosen).to_contain_text("50 次實驗裡最好的")
        page.get_by_text("English", exact=True).click()
        expect(surfaced).to_contain_text("Update 1,000: the loss is 293.7 minutes²")
        page.get_by_role("slider").nth(1).press("ArrowLeft")
        expect(surfaced).to_contain_text("Update 300: the loss is")
        page.locator(".control", has_text="runs to choose from").get_by_role("slider").press("Home")
        expect(chosen).to_contain_text("One run, nothing to choose")
        expect(page.locator("canvas, svg.marks")).to_have_count(6)
        assert wrong == []


def local(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


@contextmanager
def live(environment: dict[str, str]) -> Iterator[str]:
    """The app as `make live` serves it, for as long as the context lasts; its address."""
    port = str(free_port())
    notebook = str(NOTEBOOKS / "lecture.py")
    command = ["-m", "marimo", "run", notebook, "--headless", "--no-token"]
    server = subprocess.Popen(
        [sys.executable, *command, "--host", "127.0.0.1", "--port", port],
        cwd=REPOSITORY, env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if "URL" in line:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.stdout.close()
        server.wait(20)


def of_training(lesson: Any) -> tuple[Any, Any]:
    """Pages and minutes of the training lectures."""
    problem = lesson.problem
    return problem.x(problem.train)[:, 0], problem.y(problem.train)


def predicted(model: Any, x: Any) -> Any:
    import pandas as pd  # noqa: PLC0415

    return model.predict(pd.DataFrame({"pages": x}))
