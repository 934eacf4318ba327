"""What `pip install viewcast` brings: the audit alone, light; the training project is an extra."""

import ast
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from support.project import REPOSITORY
from viewcast import __version__
from viewcast.base.errors import ConfigError
from viewcast.commands import project
from viewcast.commands.program import program

pytestmark = pytest.mark.xdist_group("packaging")  # what is costly is made once for all

PACKAGE = REPOSITORY / "src" / "viewcast"
SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]

# What an audit of anybody's runs may touch. Rooms are imported whole.
ROOMS = ("commands", "api", "assessment", "selection", "scoring", "holdout", "tracking.read")
MODULES = (
    "integrations",
    "report.audits",
    "report.assessment_panel",
    "report.audit_page",
    "report.audit_text",
    "report.screen",
    "report.terminal_tables",
    "report.views_text",
    "tracking.write.annotate",
    "tracking.write.evaluation",
    "tracking.write.evaluator",
    "tracking.write.rows_log",
    "tracking.write.views",
)
IMPORTED = """
import importlib, pkgutil, sys
for room in {rooms}:
    package = importlib.import_module("viewcast." + room)
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
for module in {modules}:
    importlib.import_module("viewcast." + module)
print(*sys.modules)
"""


def normal(package: str) -> str:
    """A package's name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~!;@ ]", package)[0]).lower()


LIGHT = {normal(each) for each in SETTINGS["dependencies"]}
PROJECT = {normal(each) for each in SETTINGS["optional-dependencies"]["project"]}
OPTIONAL = {
    normal(each) for extra in SETTINGS["optional-dependencies"].values() for each in extra
} - PROJECT


class Imports(ast.NodeVisitor):
    """The top names that a module imports, those for types alone left out."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.names |= {alias.name.partition(".")[0] for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.names.add(str(node.module).partition(".")[0])


def foreign_imports(file: Path) -> set[str]:
    """What a file of the package imports that is neither its own nor Python's."""
    found = Imports()
    found.visit(ast.parse(file.read_text()))
    return found.names - set(sys.stdlib_module_names) - {"viewcast"}


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    """The modules that a process has after it imported all that an audit may touch."""
    code = IMPORTED.format(rooms=ROOMS, modules=MODULES)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_audit_imports_nothing_that_the_project_alone_needs(loaded: list[str]) -> None:
    heavy = PROJECT - LIGHT - {"mlflow"} | {"arch"}
    distributions = packages_distributions()
    found = {
        f"{name} of {owner}"
        for name in {module.partition(".")[0] for module in loaded}
        for owner in distributions.get(name, [])
        if normal(owner) in heavy
    }
    assert heavy >= {"torch", "hydra-core", "dvc", "pandera", "holidays", "safetensors"}
    assert found == set()


def test_all_that_the_audit_imports_is_what_pip_installs(loaded: list[str]) -> None:
    distributions = packages_distributions()
    ours = [module for module in loaded if module.partition(".")[0] == "viewcast"]
    missing = set()
    for module in ours:
        path = PACKAGE.parent.joinpath(*module.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for name in foreign_imports(file):
            owners = {normal(owner) for owner in distributions.get(name, [name])}
            if not owners & (LIGHT | OPTIONAL):
                missing.add(f"{module} imports {name}")
    assert len(ours) > 50
    assert missing == set()


def test_all_that_the_package_imports_is_declared() -> None:
    distributions = packages_distributions()
    declared = LIGHT | PROJECT | OPTIONAL
    missing = {
        f"{file.relative_to(PACKAGE)} imports {name}"
        for file in PACKAGE.rglob("*.py")
        for name in foreign_imports(file)
        if not {normal(owner) for owner in distributions.get(name, [name])} & declared
    }
    assert missing == set()


def test_the_wheel_holds_the_package_and_its_program(tmp_path: Path) -> None:
    place = tmp_path / "source"  # setuptools would leave its own folder build/ in the project's
    shutil.copytree(PACKAGE, place / "src" / "viewcast")
    for file in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(REPOSITORY / file, place)
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(place)]
    subprocess.run([sys.executable, *build], capture_output=True, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        described = f"viewcast-{__version__}.dist-info"
        scripts = wheel.read(f"{described}/entry_points.txt").decode()
        needed = wheel.read(f"{described}/METADATA").decode()
    source = {f"viewcast/{file.relative_to(PACKAGE)}" for file in PACKAGE.rglob("*.py")}
    assert source <= names
    assert {"viewcast/py.typed", "viewcast/report/page.html"} <= names
    assert {name.partition("/")[0] for name in names} == {"viewcast", described}
    assert "viewcast = viewcast.commands.program:program" in scripts
    plain = re.findall(r"^Requires-Dist: ([^;\n]+)$", needed, re.MULTILINE)
    assert {normal(each) for each in plain} == LIGHT


# The program


def test_every_command_is_told_by_its_help() -> None:
    told = CliRunner().invoke(program, ["--help"]).output
    for name in ("audit", "run", "train", "sweep", "retrain", "predict", "report", "open-test"):
        assert re.search(rf"^  {name} ", told, re.MULTILINE), name


@pytest.mark.parametrize("name", ["run", *project.SCRIPTS])
def test_a_command_of_the_project_says_where_there_is_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(program, [name])
    assert done.exit_code == 1
    assert "no project folder" in done.output
    assert str(tmp_path) in done.output
    assert "viewcast audit" in done.output


def test_a_project_is_found_from_a_folder_in_it() -> None:
    assert project.project_folder(REPOSITORY / "src" / "viewcast") == REPOSITORY


def test_every_stage_script_that_a_command_calls_is_there() -> None:
    for script, *_ in project.SCRIPTS.values():
        assert (REPOSITORY / "pipelines" / f"{script}.py").is_file()


def test_arguments_reach_the_script_as_they_are_and_its_exit_code_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "pipelines").mkdir()
    script = "import sys; open('called', 'w').write(repr(sys.argv[1:])); sys.exit(11)"
    (tmp_path / "pipelines" / "train.py").write_text(script)
    monkeypatch.chdir(tmp_path)
    arguments = ["--multirun", "model.layers=1,2", "name='a b'", "--cfg", "job"]
    done = CliRunner().invoke(program, ["train", *arguments])
    assert done.exit_code == 11
    assert (tmp_path / "called").read_text() == repr(arguments)


def test_without_the_extra_a_stage_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "NEEDED", ("hydra", "no_such_library"))
    with pytest.raises(ConfigError, match=r"no_such_library not installed.*viewcast\[project\]"):
        project.check_installed()


def test_an_error_of_a_command_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise ConfigError("metric = rmsse: unknown; allowed: rmse")

    monkeypatch.setitem(program.commands, "audit", click.Command("audit", callback=refuse))
    done = CliRunner().invoke(program, ["audit"])
    assert done.exit_code == 1
    assert done.output == "Error: metric = rmsse: unknown; allowed: rmse\n"


# The Makefile's Python


def pythons(folder: Path, *versions: str, broken: tuple[str, ...] = ()) -> dict[str, str]:
    """An environment whose path holds these Pythons, of which the broken ones cannot start."""
    for version in versions:
        file = folder / f"python{version}"
        file.write_text(f"#!/bin/sh\nexit {int(version in broken)}\n")
        file.chmod(0o755)
    tools = {name: f"/bin/{name}" for name in ("sh", "echo", "test")}
    for name, path in tools.items():
        (folder / name).symlink_to(path)
    return {"PATH": str(folder)}


def asked(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Which Python the Makefile takes for a new environment, as it would type it."""
    ready = folder / "new" / ".ready"
    make = ["/usr/bin/make", "--dry-run", f"VENV={folder / 'new'}", str(ready)]
    return subprocess.run(
        make, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


def test_make_takes_the_newest_python_that_it_can_use(tmp_path: Path) -> None:
    environment = pythons(tmp_path, "3.11", "3.12", "3.13", "3.14", broken=("3.13",))
    assert f"python3.12 -m venv '{tmp_path / 'new'}'" in asked(environment, tmp_path).stdout


def test_make_works_in_folders_whose_names_have_a_space_and_an_apostrophe(tmp_path: Path) -> None:
    project, new = tmp_path / "Anna's project", tmp_path / "the environment"
    project.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, project)
    (new / "bin").mkdir(parents=True)
    program = new / "bin" / "viewcast"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    make = ["/usr/bin/make", "--silent", f"VENV={new}", "-o", f"{new}/.ready", "PORT=5001", "ui"]
    done = subprocess.run(
        make, cwd=project, env=pythons(tmp_path), capture_output=True, text=True, check=False
    )
    store = f"sqlite:///{project.resolve()}/mlflow/mlflow.db"
    assert done.stdout.splitlines() == ["ui", "--port", "5001", "--tracking-uri", store], done


def test_make_says_what_to_install_where_there_is_no_python(tmp_path: Path) -> None:
    environment = pythons(tmp_path, "3.10", "3.14")
    ready = tmp_path / "new" / ".ready"
    make = ["/usr/bin/make", f"VENV={tmp_path / 'new'}", str(ready)]
    done = subprocess.run(
        make, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
    assert not ready.exists()


def test_the_program_runs_as_a_module_where_its_script_is_not_on_the_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["viewcast", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("viewcast", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"viewcast, version {__version__}\n"
