"""Where a result comes from: files, the code that it can reach, the commit, the user.

What code depends on is derived from its imports and written down nowhere by hand. An import inside
a function counts, one for type checkers alone does not. What code says is compared without its
comments, docstrings, layout and version number, which change no result. The same code has the same
hash on every Python.
"""

import ast
import getpass
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from viewcast.base.settings import digest

NAME = "viewcast"
PACKAGE = Path(__file__).parents[1]
INIT = "__init__.py"
HOLDERS = (ast.stmt, ast.excepthandler, ast.match_case)  # parts of a tree that may hold statements


@dataclass(frozen=True)
class Source:
    """A module's ``code`` as a hash, and ``imports``: every dotted name that it may import."""

    code: str
    imports: frozenset[str]


def files_digest(*files: Path) -> str:
    """Hash of the content of files, in the order given (16 hex)."""
    return digest([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])


def code_digest(*modules: str, without: Collection[str] = ()) -> str:
    """Hash of the code of all that ``modules`` can reach; see ``reachable`` (16 hex)."""
    files = reachable(*modules, without=without)
    return digest({name: _source(file).code for name, file in files.items()})


def reachable(*modules: str, without: Collection[str] = ()) -> dict[str, Path]:
    """The file of each module of viewcast that ``modules`` can import, and of these themselves.

    A module comes with the ``__init__`` of the packages that it lies in. Of other libraries only
    those named in ``modules`` are there, such as the module of a user's own model. ``without``:
    modules and packages that are left out together with what only they import.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    listed = cache(_listed)  # each folder is looked at once in a call
    while waiting:
        name = waiting.pop()
        if name in found or any(_is_in(name, package) for package in without):
            continue
        file = _file(name, listed)
        if file is None:
            continue
        found[name] = file
        waiting += (module for module in imported(file) if _is_in(module, NAME))
        if _is_in(name, NAME) and "." in name:
            waiting.append(name.rpartition(".")[0])
    return dict(sorted(found.items()))


def imported(file: Path) -> frozenset[str]:
    """Every dotted name that a file of Python may import: of modules, and of what is in them."""
    return _source(file).imports


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _listed(folder: str) -> frozenset[str]:
    """The names in a folder; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries)
    except OSError:
        return frozenset()


def _file(module: str, listed: Callable[[str], frozenset[str]]) -> Path | None:
    """The source of a module; None for what is no module, or is not written in Python."""
    if _is_in(module, NAME):
        *packages, name = module.split(".")
        folder = "/".join([str(PACKAGE), *packages[1:]])
        if module == NAME:
            return PACKAGE / INIT if INIT in listed(folder) else None
        if f"{name}.py" in listed(folder):
            return Path(folder, f"{name}.py")
        # Most names are of what is in a module: no folder has that name.
        if name in listed(folder) and INIT in listed(f"{folder}/{name}"):
            return Path(folder, name, INIT)
        return None
    if module in sys.modules:
        origin = getattr(sys.modules[module], "__file__", None)
    else:
        spec = find_spec(module)
        origin = spec.origin if spec else None
    return Path(origin) if origin is not None and origin.endswith(".py") else None


def _source(file: Path) -> Source:
    status = file.stat()
    return _read(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1024)
def _read(file: Path, changed: int, size: int) -> Source:
    """``changed`` and ``size``: a file that is edited is read again."""
    tree = ast.parse(file.read_bytes(), str(file))
    imports = frozenset(_imports(tree))
    for node in _blocks(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _says_nothing(part)]
    return Source(hashlib.sha256(_form(tree).encode()).hexdigest(), imports)


def _blocks(tree: ast.AST) -> Iterator[ast.AST]:
    """What may hold statements, from the outside in; expressions are not looked into."""
    yield tree
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, HOLDERS):
            yield from _blocks(node)


def _form(part: Any) -> str:
    """What a part of a tree says, without empty fields: a new Python may bring more of them."""
    if not isinstance(part, ast.AST):
        return repr(part)
    said = []
    for name in part._fields:
        value = getattr(part, name, None)
        if isinstance(value, list):
            if value:
                said.append(f"({name!r}, [{', '.join([_form(each) for each in value])}])")
        elif value is not None:
            said.append(f"({name!r}, {_form(value)})")
    return f"({type(part).__name__!r}, [{', '.join(said)}])"


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.If) and _for_types_alone(node.test):
            yield from _imports(ast.Module(node.orelse, []))
        elif isinstance(node, HOLDERS):
            yield from _imports(node)


def _for_types_alone(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"


def _says_nothing(statement: ast.stmt) -> bool:
    """A docstring, or the number of the version."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [getattr(target, "id", None) for target in targets] == ["__version__"]


def git_commit(root: Path) -> str:
    """The commit of the working tree, marked where files differ from it.

    "none" without Git, without a clone, and for a folder that a clone around it does not know, such
    as one from a zip. The reason is told once.
    """
    try:
        known = _git(root, "ls-files", "--error-unmatch", "--", ".")
        reason = known.stderr.strip()
    except OSError as error:
        known, reason = None, f"git: {error.strerror}"
    if known is None or known.returncode:
        _tell_once(f"results name no commit of the code ({reason.partition(chr(10))[0]})")
        return "none"
    return _git(root, "describe", "--always", "--dirty", "--abbrev=40").stdout.strip() or "none"


def _git(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


@lru_cache
def _tell_once(text: str) -> None:
    print(text, file=sys.stderr)


def user() -> str:
    """Who runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"
