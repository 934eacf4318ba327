"""Which stages, experiments and budgets an edit of one module concerns, room by room."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.clone import REPOSITORY
from support.dependencies import SOURCE, covers, declared, stages
from viewcast.base import provenance
from viewcast.base.cli import compose
from viewcast.forecast.recipe import Recipe
from viewcast.forecast.recipes import configured, identity
from viewcast.retraining.versioning import code_of_refit
from viewcast.runs.experiments import code_of_folder
from viewcast.training.config import Config, parse
from viewcast.training.run_code import code_of

pytestmark = pytest.mark.xdist_group("what is recomputed")  # what is costly is made once for all

# One run of each kind of code: the word for it in the table, and what is composed.
RUNS = {
    "line": ["model=linear"],
    "deep": ["model=deep"],
    "grid": ["model=linear", "trainer=grid_search"],
    "lookup": ["model=memorizer"],
    "ladder": ["model=linear", "holdout=ladder"],
}
SHORT = {"TRAINING": {"compose", "train", "experiments", "demo"}}

# EVERY: all of the column. TRAINING: all stages that compose or train.
# An edited module | the stages of dvc.yaml that DVC runs at once | what a night refits: recipes, or
# REFIT for all | the experiments that are trained again | the runs that would be a new look at
# their validation rows.
# A stage that only follows another is not listed: DVC runs it if what it reads has changed.
TABLE = """
commands/program.py       |                                    |                |       |
integrations/sklearn.py   |                                    |                |       |
api/audit.py              |                                    |                |       |
retraining/healthcheck.py |                                    |                |       |
retraining/refit.py       |                                    | REFIT          |       |
demo/truth.py             | compose demo                       |                |       |
demo/validation_reuse.py  | demo                               |                |       |
demo/two_climbs.py        | demo report                        |                |       |
report/page.py            | report                             |                |       |
report/terminal.py        | train report                       |                |       |
report/terminal_tables.py | report                             |                |       |
runs/plan.py              | compose experiments demo report    |                |       |
runs/run.py               | train experiments                  |                | EVERY |
runs/experiments.py       | experiments                        |                |       |
tracking/store.py         | train experiments demo audit report|                |       |
tracking/write/recorder.py| train experiments demo             |                |       |
tracking/write/annotate.py| audit                              |                |       |
tracking/read/gather.py   | audit                              |                |       |
tracking/views/curves.py  | demo audit report                  |                |       |
sweep/cohorts.py          | demo                               |                |       |
training/rows.py          | TRAINING                           |                | EVERY | EVERY
training/descent.py       | TRAINING                           |                | deep  | deep
training/grid_search.py   | TRAINING                           |                | grid  | grid
forecast/rebase.py        |                                    | REFIT          |       |
forecast/rows.py          |                                    | ridge boosted  |       |
forecast/conformal.py     |                                    |                |       |
assessment/sentences.py   | audit report                       |                |       |
referee/rule.py           | demo                               |                |       |
scoring/scores.py         | TRAINING evaluate audit report     |                | EVERY | EVERY
scoring/verdict.py        | TRAINING evaluate audit            |                |       |
holdout/settings.py       | TRAINING audit report              |                | EVERY | EVERY
holdout/release.py        | TRAINING audit                     |                | ladder| ladder
selection/inference.py    | audit report                       |                |       |
selection/candidates.py   | TRAINING audit report              |                | ladder| ladder
models/fitted.py          | TRAINING evaluate audit report     |                | EVERY | EVERY
models/deep.py            | TRAINING evaluate audit report     |                | deep  | deep
data/table.py             | prepare TRAINING evaluate audit report |                | EVERY | EVERY
data/raw.py               | prepare TRAINING                   | REFIT          |       |
data/sources/youtube.py   | prepare TRAINING                   |                |       |
base/numbers.py           | EVERY                              |                |       |
base/settings.py          | EVERY                              | REFIT          | EVERY | EVERY
"""
EDITED = [line.split("|")[0].strip() for line in TABLE.strip().splitlines()]
Keys = dict[str, tuple[str, str]]
REFIT = "REFIT"

# With DVC's own code, every output being there and made from what lies there now.
STATUS = """
import json, sys
from pathlib import Path
from dvc.repo import Repo

repo = Repo.init(".", no_scm=True)
made = [Path(out.fs_path) for stage in repo.index.stages for out in stage.outs]
read = [Path(dep.fs_path) for stage in repo.index.stages for dep in stage.deps]
for path in [*made, *read]:
    if not path.exists():
        file = path if path.suffix else path / "file"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
repo.commit(force=True)
before = repo.status()
for edited in sys.argv[1:]:
    with Path("src", "viewcast", edited).open("a") as module:
        module.write("EDITED = 1\\n")
print(json.dumps([before, repo.status()]))
"""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, which code is looked for in."""
    package = tmp_path / "viewcast"
    shutil.copytree(REPOSITORY / "src" / "viewcast", package)
    monkeypatch.setattr(provenance, "PACKAGE", package)
    return package


@pytest.fixture(scope="module")
def configs() -> dict[str, Config]:
    return {name: parse(compose(REPOSITORY, options)) for name, options in RUNS.items()}


def keys(configs: dict[str, Config]) -> Keys:
    """What an experiment's key and what a look's key has of the code, by the name of the run."""
    return {name: (code_of_folder(config), code_of(config)) for name, config in configs.items()}


@pytest.fixture(scope="module")
def recipes() -> dict[str, Recipe]:
    return configured(
        compose(REPOSITORY, ["recipe=[rhythm,ridge,boosted,deep]"], "retrain")["recipes"]
    )


def refitted(recipes: dict[str, Recipe]) -> dict[str, str]:
    """The identities of code by which a night knows what to refit."""
    own = {name: identity(recipe) for name, recipe in recipes.items()}
    return {**own, REFIT: code_of_refit(REPOSITORY)}


def expected(recipes: dict[str, Recipe]) -> dict[str, list[set[str]]]:
    """The table, by the module that is edited."""
    every = [set(stages("dvc.yaml")), {*recipes, REFIT}, set(RUNS), set(RUNS)]
    table = {}
    for line in TABLE.strip().splitlines():
        edited, *cells = line.split("|")
        table[edited.strip()] = [
            set().union(*(SHORT.get(w, whole if w == "EVERY" else {w}) for w in cell.split()))
            for cell, whole in zip(cells, every, strict=True)
        ]
    return table


def concerned(file: str, edited: str) -> set[str]:
    """The stages of a dvc.yaml that depend on a module."""
    lists = {name: declared(stage, SOURCE) for name, stage in stages(file).items()}
    path = f"{SOURCE}{edited}"
    return {name for name, deps in lists.items() if any(covers(dep, path) for dep in deps)}


def test_an_edit_concerns_what_the_table_says(
    copy: Path, configs: dict[str, Config], recipes: dict[str, Recipe]
) -> None:
    before, fits = keys(configs), refitted(recipes)
    table = {}
    for edited in EDITED:
        module, text = copy / edited, (copy / edited).read_text()
        module.write_text(f"{text}EDITED = 1\n")
        after, again = keys(configs), refitted(recipes)
        module.write_text(text)
        table[edited] = [
            concerned("dvc.yaml", edited),
            {name for name in fits if again[name] != fits[name]},
            *({name for name in RUNS if after[name][k] != before[name][k]} for k in (0, 1)),
        ]
    assert table == expected(recipes)


def test_every_room_is_in_the_table() -> None:
    rooms = {path.parent.name for path in (REPOSITORY / SOURCE).glob("*/__init__.py")}
    assert {edited.split("/")[0] for edited in EDITED} == rooms


def test_a_comment_in_every_module_trains_nothing_again_and_spends_no_look(
    copy: Path, configs: dict[str, Config]
) -> None:
    before = keys(configs)
    for module in copy.rglob("*.py"):
        module.write_text(f"# A remark.\n{module.read_text()}# Another one.\n")
    assert keys(configs) == before


def test_dvc_sees_the_edits_that_the_table_says_it_sees(tmp_path: Path) -> None:
    skip = shutil.ignore_patterns("__pycache__")
    for folder in ("conf", "pipelines", "src"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=skip)
    for file in ("dvc.yaml", ".dvcignore"):
        shutil.copy(REPOSITORY / file, tmp_path)
    of_each_room = {edited.split("/")[0]: edited for edited in EDITED}.values()

    done = subprocess.run(
        [sys.executable, "-c", STATUS, *of_each_room],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout.splitlines()[-1])
    assert before == {}
    seen: dict[str, set[str]] = {}
    for name, changes in after.items():
        whole, _, _ = name.partition("@")  # the items of a stage are one stage in the table
        for change in changes:
            seen.setdefault(whole, set()).update(change["changed deps"])
    by_table: dict[str, set[str]] = {}
    for name, stage in stages("dvc.yaml").items():
        changed = {
            dependency
            for dependency in declared(stage, SOURCE)
            if any(covers(dependency, f"{SOURCE}{edited}") for edited in of_each_room)
        }
        if changed:
            by_table[name] = changed
    assert seen == by_table
