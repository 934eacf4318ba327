"""Overrides of the configuration, as people and scripts type them at each entry point."""

import contextlib
import io
import json
import os
import shutil
import sys
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st

from fuzz import evil
from fuzz.case import Case
from fuzz.programs import NEEDED, PROGRAMS, Plain
from fuzz.target import Accepted, Refused, Target
from viewcast.base.cli import compose, stage
from viewcast.base.errors import ViewcastError

UNEXPECTED = "an error that nobody expected"  # what the top level says of a fault of ours
CONF = Path(__file__).resolve().parents[2] / "conf"
SHORT = {"source": "which.source", "name": "which.name", "metric": "data.metric"}

VALUES = (
    *("0", "-1", "1", "1e400", "nan", "inf", "9" * 40, "1.5", "true", "null", "???", "''", "' '"),
    *("[]", "[1]", "[[]]", "{}", "{a:1}", "{a:{b:{c:1}}}", "{low:0,high:1,log:true}", "[a,1,null]"),
    *("deep", "x", "range(9)", "range(0)", "range(1,2,0)", "range(99999999999)", "2021-02-30"),
    *("${oc.env:HOME}", "${oc.env:FUZZ_NOT_THERE}", "${root:}", "${data}", "${.}", "${..seed}"),
    *("${nothing.here}", "${seed}", "${oc.decode:'['}", "${hydra:runtime.cwd}", "${", "$", "\\"),
    *("'${'", '"', "'", "a=b", "a b", "(", ")", "[", "{", ",", "a,b", "choice(1,2)", "sort(1,2)"),
)
PATHS = (
    *(
        ".",
        "/",
        "..",
        "../..",
        "/tmp",
        "/etc/passwd",
        "~",
        "conf",
        ".git",
        ".dvc/x",
        "src",
        "a/../..",
    ),
    *(
        "build/runs/mine",
        "'a\x00b'",
        "x" * 300,
        "a/" * 300,
        "数据",
        "'a\\nb'",
        "conf/config.yaml",
        "-",
    ),
    *(
        "checkpoints",
        "build/checkpoints/x",
        ".viewcast.json",
        "build",
        "${root:}",
        "''",
        "C:\\x",
        " ",
    ),
)
CLASSES = (
    *(
        "os.system",
        "builtins.eval",
        "subprocess.Popen",
        "viewcast.base.files.remove",
        "pathlib.Path",
    ),
    *(
        "fuzz.canary.Canary",
        "fuzz.canary:Canary",
        "viewcast",
        "viewcast.",
        ".",
        "",
        "1",
        "null",
        "a b",
    ),
    *(
        "viewcast.models.deep.Deep",
        "viewcast.base.settings.Tracking",
        "viewcast.nothing.Here",
        "{}",
    ),
    *("viewcast.models.fitted.FittedMemory", "viewcast.scoring.loss", "[os.system]", "x" * 5_000),
)
NAMED = (
    "nope",
    "../../x",
    "null",
    "deep",
    "naive",
    "mse",
    "channel",
    "open",
    "[]",
    "a/b",
    "x" * 500,
)


GROUPS = tuple(sorted(folder.name for folder in CONF.iterdir() if folder.is_dir()))


@cache
def keys(program: str) -> list[tuple[str, Any]]:
    """The keys of a program, sections among them, and their values."""
    given = [text.replace("source=", "which.source=") for text in NEEDED.get(program, [])]
    if program == "open_test":
        given = ["run=build/runs/mine", "reason=because"]
    return list(_flat(compose(CONF.parent, given, PROGRAMS[program][0]), ""))


def _flat(section: Plain, prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        yield f"{prefix}{key}", value
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")


@st.composite
def override(draw_: st.DrawFn, program: str) -> tuple[str, bool]:
    """An override, and whether it says what holds without it."""
    kind = draw_(
        st.sampled_from(("value", "value", "value", "group", "class", "path", "key", "same"))
    )
    key, value = draw_(st.sampled_from(keys(program)))
    if kind == "same":
        simple = isinstance(value, bool | int | float) or value is None
        return (f"{key}={json.dumps(value)}", True) if simple else (f"++{key}.x=1", False)
    sign = draw_(st.sampled_from(("", "", "", "", "+", "++", "~")))
    if kind == "group":
        return f"{sign}{draw_(st.sampled_from(GROUPS))}={draw_(st.sampled_from(NAMED))}", False
    if kind == "class":
        targets = [name for name, _ in keys(program) if name.endswith("_target_")]
        key = draw_(st.sampled_from(targets)) if targets else f"{key}._target_"
        return f"{sign}{key}={draw_(st.sampled_from(CLASSES))}", False
    if kind == "path":
        named = [n for n, _ in keys(program) if n.rpartition(".")[2] in ("output", "raw", "file")]
        key = draw_(st.sampled_from([*named, *SHORT, "tracking.artifacts", "retrain.channel", key]))
        return f"{sign}{key}={draw_(st.sampled_from(PATHS))}", False
    if kind == "key":
        cell = draw_(st.sampled_from((*evil.WORDS, *evil.NAMES, "a.b.c", "seed.x", "@", "x@y")))
        return f"{sign}{cell}={draw_(st.sampled_from(VALUES))}", False
    word = draw_(st.one_of(st.sampled_from(VALUES), st.sampled_from(evil.CELLS)))
    return f"{sign}{key}={word}", False


@st.composite
def cases(draw_: st.DrawFn) -> Case:
    """A program and its overrides."""
    program = draw_(st.sampled_from(list(PROGRAMS)))
    typed = draw_(st.lists(override(program), min_size=1, max_size=3))
    arguments = [*NEEDED.get(program, []), *(text for text, _ in typed)]
    if program == "open_test":
        arguments = ["run=build/runs/mine", "reason=because", *arguments]
    right = "unchanged" if all(same for _, same in typed) else None
    return Case({"overrides.json": json.dumps([program, arguments]).encode()}, right)


def run(given: Path, project: Path) -> Accepted | Refused:
    """What a script says to its arguments, and whether its configuration is as without them."""
    program, arguments = json.loads((given / "overrides.json").read_text())
    config_name, check = PROGRAMS[program]
    composed: list[Plain] = []
    said = io.StringIO()

    def main(config: Plain, root: Path) -> None:
        composed.append(json.loads(json.dumps(config, default=str)))
        try:
            check(config, root)
        except ViewcastError:
            raise
        except Exception:
            said.write(traceback.format_exc())
            raise

    opened = {"sweep": "sweep"}.get(program)
    short = SHORT if program == "import_export" else None
    script = str(project / "pipelines" / f"{program}.py")
    started = stage(script, config_name, open_key=opened, short=short)(main)
    with (
        patch.object(sys, "argv", [script, *arguments]),
        patch.dict(os.environ, {"VIEWCAST_DEBUG": "0"}),
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(io.StringIO()),
        _back(Path.cwd()),
    ):
        try:
            started()
        except SystemExit as end:
            if UNEXPECTED in said.getvalue():
                raise RuntimeError(said.getvalue()) from None
            if end.code:
                return Refused(said.getvalue())
    return Accepted(
        "unchanged" if composed and composed[0] == _plain(project, program) else "other"
    )


@cache
def _plain(project: Path, program: str) -> Plain:
    given = [
        f"which.{text}" if text.startswith("source") else text for text in NEEDED.get(program, [])
    ]
    if program == "open_test":
        given = ["run=build/runs/mine", "reason=because"]
    plain: Plain = json.loads(
        json.dumps(compose(project, given, PROGRAMS[program][0]), default=str)
    )
    return plain


@contextlib.contextmanager
def _back(folder: Path) -> Iterator[None]:
    """Scripts go to the folder of their project."""
    try:
        yield
    finally:
        os.chdir(folder)


def _project(folder: Path) -> None:
    folder.mkdir()
    shutil.copytree(CONF, folder / "conf")


TARGET = Target("overrides", cases(), run, places=tuple(PROGRAMS), project=_project)
