"""Machine code of a kernel is compiled once for each version and processor, and kept in a file.

The kernel here multiplies a number. Which code a process got shows in the product, and a line that
the builder writes tells of each compilation.
"""

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from viewcast.base import progress
from viewcast.training.compiled import native
from viewcast.training.compiled.native import Kernel

PROGRAM = """
import ctypes, sys
from pathlib import Path
from viewcast.training.compiled import native

def build():
    with Path("compiled.log").open("a") as log:
        log.write("compiled\\n")
    sys.path.insert(0, "kernel")
    import outer
    return outer.kernel

kernel = native.Kernel("times", native.source_of(Path("kernel")), build)
times = native.function(kernel, ctypes.c_int64)
print(times(7), "numba" in sys.modules)
"""
INNER = "from numba import njit\n\n@njit\ndef inner(n):\n    return {factor} * n\n"
OUTER = """
from numba import cfunc, types
from inner import inner

@cfunc(types.int64(types.int64))
def kernel(n):
    return inner(n)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the source of a kernel of two files, and a cache of its own."""
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "outer.py").write_text(OUTER)
    edit(tmp_path, factor=3)
    return tmp_path


def edit(project: Path, factor: int) -> None:
    (project / "kernel" / "inner.py").write_text(INNER.format(factor=factor))


def start(project: Path, **environment: str) -> subprocess.Popen[str]:
    surroundings = {**os.environ, "VIEWCAST_CACHE": str(project / "cache"), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=project,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    return out.strip()


def compiled(project: Path) -> int:
    return (project / "compiled.log").read_text().count("compiled")


def kept(project: Path) -> list[Path]:
    return sorted((project / "cache" / "kernels").glob("times-*.o"))


def test_a_kernel_is_compiled_once_for_each_version_and_processor_and_loaded_without_numba(
    project: Path,
) -> None:
    assert result(start(project)) == "21 True"
    assert result(start(project)) == "21 False"
    edit(project, factor=4)
    assert result(start(project)) == "28 True", "an edited inner function is compiled anew"
    assert result(start(project, NUMBA_CPU_NAME="x86-64")) == "28 True"
    edit(project, factor=3)
    assert result(start(project)) == "21 False", "the code of the former version is still there"
    assert compiled(project) == len(kept(project)) == 3


def test_several_processes_at_once_compile_once(project: Path) -> None:
    processes = [start(project) for _ in range(3)]
    assert sorted(result(process)[:2] for process in processes) == ["21"] * 3
    assert compiled(project) == 1


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_file_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: str
) -> None:
    kernel = own_code(monkeypatch, tmp_path, lambda: b"code")
    (file,) = files_of(kernel, tmp_path)
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[:-1], "changed": whole[:-1] + b"x", "empty": b""}[damage])
    assert native._object_code(kernel, kernel.key) == b"code"
    assert file.read_bytes() == whole


def test_without_a_folder_that_can_be_written_to_a_process_compiles_for_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = notes(monkeypatch)
    (tmp_path / "home").write_text("a file, not a folder")
    kernel = own_code(monkeypatch, tmp_path / "home", lambda: b"code")
    assert native._object_code(kernel, kernel.key) == b"code"
    assert f"{tmp_path}/home/kernels: cannot keep compiled code (Not a directory)" in said[0]
    assert "VIEWCAST_CACHE" in said[0]


def test_a_full_disk_costs_no_second_compilation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said, compilations = notes(monkeypatch), []

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(native, "_write", full)
    own_code(monkeypatch, tmp_path, lambda: compilations.append(1) or b"code")
    assert len(compilations) == 1
    assert "(No space left on device)" in said[-1]


def test_files_of_former_versions_go_and_others_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(native, "KEPT", 2)
    kernels = [own_code(monkeypatch, tmp_path, lambda: b"", source=str(i)) for i in range(2)]
    folder = files_of(kernels[0], tmp_path)[0].parent
    foreign = folder / f"times-{'0' * 40}.o"
    foreign.write_bytes(b"not ours")
    other = own_code(monkeypatch, tmp_path, lambda: b"", name="loss")
    for age, kernel in enumerate(kernels):  # the first was used last
        os.utime(files_of(kernel, tmp_path)[0], (1000 - age, 1000 - age))
    third = own_code(monkeypatch, tmp_path, lambda: b"", source="third")
    left = [file for each in (kernels[0], third, other) for file in files_of(each, tmp_path)]
    assert sorted(folder.glob("*.o")) == sorted([*left, foreign])


def test_a_line_tells_of_compiling_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_code(monkeypatch, tmp_path, lambda: b"")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    own_code(monkeypatch, tmp_path, lambda: b"", source="new")
    assert "compiling times for " in capsys.readouterr().err


def test_an_error_raised_in_a_kernel_is_a_return_value_and_what_needs_python_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    numba = pytest.importorskip("numba")
    monkeypatch.setenv("VIEWCAST_CACHE", str(tmp_path))

    @numba.cfunc(numba.int64(numba.int64))
    def half(n: int) -> int:
        if n % 2:
            raise ValueError("odd")
        return n // 2

    @numba.cfunc(numba.int64(numba.int64))
    def shout(n: int) -> int:
        print(n)
        return n

    @numba.cfunc(numba.void(numba.int64))
    def nothing(n: int) -> None:
        if n % 2:
            raise ValueError("odd")

    def returned(function: object) -> list[int]:
        called = native.function(
            Kernel("returned", repr(function), lambda: function), ctypes.c_int64
        )
        return [called(4), called(5)]

    assert returned(half) == [2, native.RAISED]
    assert returned(nothing) == [0, native.RAISED]
    with pytest.raises(RuntimeError, match="what only Python has"):
        native.address(Kernel("shout", "", lambda: shout))


def own_code(
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
    code: Callable[[], bytes],
    name: str = "times",
    source: str = "",
) -> Kernel:
    """A kernel whose machine code is given, kept in a cache."""
    monkeypatch.setenv("VIEWCAST_CACHE", str(cache))
    monkeypatch.setattr(native, "_machine_code", lambda built, library: built)
    kernel = Kernel(name, source, code)
    native._object_code(kernel, kernel.key)
    return kernel


def files_of(kernel: Kernel, cache: Path) -> list[Path]:
    return list((cache / "kernels").glob(f"{kernel.name}-{kernel.key}.o"))


def notes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(progress, "note", said.append)
    return said
