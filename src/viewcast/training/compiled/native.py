"""Machine code of a kernel: compiled once for a processor, kept in a file, loaded without numba.

numba reads the Python source of a kernel, a ``numba.cfunc``, and gives LLVM's intermediate code;
LLVM compiles that for this processor. The object code is kept in the user's cache folder. A later
process hands the file to LLVM's loader, which takes a tenth of a second; numba, whose import alone
takes longer, is then not needed.

A file's name holds a hash of all that its code depends on: the sources, the versions of Python,
numba and llvmlite, and the processor. numba's own cache looks at the file of the outermost function
only, and serves old code after a change of an inner one.

Rules for a kernel: its parameters are pointers and numbers; it returns an int64, 0 or more, or
nothing, which arrives as 0; it allocates nothing. An error raised inside it (an index that is
checked in debug mode) arrives as the return value ``RAISED``.
"""

import ctypes
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from viewcast.base import files, paths, progress

RAISED = -1
CHECK_BOUNDS = "VIEWCAST_CHECK_BOUNDS"  # "1": kernels are compiled with checks of their offsets
NOTHING = -2  # numba's status of a function that returns None
SYMBOL = "viewcast_kernel"
MAGIC = b"viewcast kernel 1\n"
KEPT = 16  # files of a kernel: versions and processors used in turns
WAIT_SECONDS = 300  # for another process that compiles

_lock = threading.RLock()
_addresses: dict[str, int] = {}
_engines: list[Any] = []  # they own the code: it must live as long as the process


@dataclass(frozen=True)
class Kernel:
    """A function to compile.

    ``name``: of letters and ``_``; files of one name replace each other. ``source``: a text that
    changes with every function that the kernel is made of. ``build``: makes the ``numba.cfunc``;
    it is called only where no file is kept, and imports numba itself. ``library``: makes a module,
    as LLVM's text, whose functions it calls.
    """

    name: str
    source: str
    build: Callable[[], Any]
    library: Callable[[], str] | None = None

    @property
    def key(self) -> str:
        """The hash of all that the machine code depends on."""
        tools = [f"{name} {version(name)}" for name in ("numba", "llvmlite")]
        checks = os.environ.get(CHECK_BOUNDS, "")
        parts = [self.name, sys.implementation.cache_tag, *tools, *processor(), checks, self.source]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def source_of(folder: Path, also: Sequence[Path] = (), without: Collection[str] = ()) -> str:
    """The text of all Python files of a folder, and of these files, as ``Kernel.source``.

    ``without``: names of modules that are no part of a kernel.
    """
    files_of_it = (file for file in folder.glob("*.py") if file.stem not in without)
    sources = [*sorted(files_of_it), *also]
    return "\0".join(f"{file.name}\0{file.read_text(encoding='utf-8')}" for file in sources)


@cache
def processor() -> tuple[str, str]:
    """Name and features of the processor to compile for.

    ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` name another one, such as ``haswell``.
    """
    from llvmlite import binding  # noqa: PLC0415

    named, features = (os.environ.get(f"NUMBA_CPU_{what}") for what in ("NAME", "FEATURES"))
    if features is None:
        features = "" if named else binding.get_host_cpu_features().flatten()
    return named or binding.get_host_cpu_name(), features


def function(kernel: Kernel, *parameters: Any) -> Callable[..., int]:
    """The kernel as a function of these ``ctypes``; other threads run while it does."""
    return ctypes.CFUNCTYPE(ctypes.c_int64, *parameters)(address(kernel))


def address(kernel: Kernel) -> int:
    """Where the machine code of the kernel lies, to be called from another kernel."""
    with _lock:
        key = kernel.key
        if key not in _addresses:
            _addresses[key] = _load(_object_code(kernel, key))
        return _addresses[key]


def _object_code(kernel: Kernel, key: str) -> bytes:
    path = paths.kernels_path() / f"{kernel.name}-{key}.o"
    code = _read(path)
    try:
        if code is None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _only_one(path.parent):
                code = _read(path)
                if code is None:
                    code = _compile(kernel)
                    _write(path, code)
                    _prune(path)
    except OSError as error:
        progress.note(
            f"{path.parent}: cannot keep compiled code ({error.strerror or error}), so each "
            f"process compiles anew; name a folder that can be written to in {paths.CACHE}"
        )
    return _compile(kernel) if code is None else code


def _only_one(folder: Path) -> Any:
    """The lock of the folder: of several processes one compiles, the others read its file."""
    try:
        from filelock import FileLock  # noqa: PLC0415
    except ImportError:
        return nullcontext()
    return FileLock(folder / "lock", timeout=WAIT_SECONDS)


def _read(path: Path) -> bytes | None:
    """The object code of a file; None if it is absent or damaged."""
    try:
        kept = path.read_bytes()
        os.utime(path)  # the files used last are those that stay
    except OSError:
        return None
    head, code = kept[: len(MAGIC) + 32], kept[len(MAGIC) + 32 :]
    return code if head == MAGIC + hashlib.sha256(code).digest() else None


def _write(path: Path, code: bytes) -> None:
    with files.replacing(path, sync=False) as partial:
        partial.write_bytes(MAGIC + hashlib.sha256(code).digest() + code)


def _prune(path: Path) -> None:
    """Remove the files of this kernel that were not used for longest; others' files stay."""
    name, key = path.stem.rsplit("-", 1)
    kept = [file for file in path.parent.glob(f"{name}-{'?' * len(key)}.o") if _is_ours(file)]
    for file in sorted(kept, key=lambda file: file.stat().st_mtime, reverse=True)[KEPT:]:
        file.unlink()


def _is_ours(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC


def _compile(kernel: Kernel) -> bytes:
    name, _ = processor()
    progress.note(f"compiling {kernel.name} for {name}, once for this version and processor")
    return _machine_code(kernel.build(), kernel.library)


def _machine_code(built: Any, library: Callable[[], str] | None = None) -> bytes:
    """The object code of a ``numba.cfunc``, with ``SYMBOL`` as its only name."""
    from llvmlite import binding  # noqa: PLC0415

    machine = target_machine()
    module = binding.parse_assembly(built.inspect_llvm())
    if library is not None:
        module.link_in(binding.parse_assembly(library()))
    # numba's own wrapper reports errors through Python, for which it needs the lock of Python.
    native = built.native_name.removeprefix("cfunc.")
    kinds = [str(each.type) for each in module.get_function(native).arguments]
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration:
            value.linkage = "internal"
    module.get_function(native).linkage = "external"  # until the two modules are one
    module.link_in(binding.parse_assembly(_entry(native, kinds)))
    module.get_function(native).linkage = "internal"
    passes = binding.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    options = binding.create_pipeline_tuning_options()
    passes.run(module, binding.create_pass_builder(machine, options))
    missing = [each.name for each in module.functions if each.is_declaration and _is_unknown(each)]
    if missing:
        raise RuntimeError(f"a kernel calls what only Python has: {', '.join(missing)}")
    return bytes(machine.emit_object(module))


def _entry(native: str, kinds: Sequence[str]) -> str:
    """A function with C's conventions that calls one with numba's, as LLVM's text.

    numba's functions return a status, and take a pointer to their result and one to their error.
    """
    given = ", ".join(f"{kind} %a{place}" for place, kind in enumerate(kinds[2:]))
    passed = ", ".join(["ptr %result", "ptr %error", *([given] if given else [])])
    return f"""
        declare i32 @"{native}"({", ".join(kinds)})
        define i64 @{SYMBOL}({given}) {{
          %result = alloca i64
          %error = alloca ptr
          store i64 0, ptr %result
          %status = call i32 @"{native}"({passed})
          %value = load i64, ptr %result
          %done = icmp eq i32 %status, 0
          %none = icmp eq i32 %status, {NOTHING}
          %ok = or i1 %done, %none
          %returned = select i1 %ok, i64 %value, i64 {RAISED}
          ret i64 %returned
        }}
    """


def _is_unknown(called: Any) -> bool:
    """Whether neither LLVM nor the C library has a function: the loader would end the process."""
    from llvmlite import binding  # noqa: PLC0415

    name = called.name
    return not name.startswith("llvm.") and (
        name.startswith(("Py", "_Py", "numba_", "NRT_")) or not binding.address_of_symbol(name)
    )


def target_machine() -> Any:
    """LLVM's description of the processor, set as numba sets it for code that runs at once."""
    from llvmlite import binding  # noqa: PLC0415

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_triple(binding.get_process_triple())
    reloc = "static" if target.name.startswith("x86") else "default"
    name, features = processor()
    return target.create_target_machine(
        cpu=name, features=features, opt=3, reloc=reloc, codemodel="jitdefault", jit=True
    )


def _load(code: bytes) -> int:
    from llvmlite import binding  # noqa: PLC0415

    machine = target_machine()
    empty = binding.parse_assembly(f'target triple = "{machine.triple}"')
    engine = binding.create_mcjit_compiler(empty, machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(SYMBOL))
