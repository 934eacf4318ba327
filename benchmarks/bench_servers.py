"""What a tracking server that fails costs, and what is said: the state of the server × the program.

    python benchmarks/bench_servers.py [--states refused silent ...] [--programs train ...]

Each program runs in this project, after `make run`, as a user types it, forked from a process that
has imported what it needs: importing takes seconds and has nothing to do with the server. Prints
the table and writes benchmarks/results/servers.json, where other states stay: seconds, exit code
and what was said.
"""

import argparse
import json
import os
import runpy
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.ailing_server import ailing, self_signed
from viewcast.base.masked import masked

ROOT = Path(__file__).resolve().parents[1]
STATES = (
    *("refused", "no such name", "silent", "a byte a second", "hang up", "500", "502", "503"),
    *("429", "401", "403", "404", "html", "unknown certificate"),
)
SECRET = "s3cret"
RUN = "0123456789abcdef0123456789abcdef"
SERVER = "tracking=server"
CLI = "viewcast.commands.program"
PROGRAMS = {
    "train": ("train.py", "data=lectures", "model=linear", "output=build/bench", SERVER),
    "sweep": ("sweep.py", "data=lectures", "model=linear", "sweep.seed=range(2)", SERVER),
    "experiments": ("experiments.py", SERVER),
    "demo": ("demo.py", SERVER),
    "audit": ("audit.py", SERVER),
    "retrain": ("retrain.py", "retrain.today=2021-03-01", SERVER),
    "predict": ("predict.py", SERVER),
    "rollback": ("rollback.py", SERVER),
    "open_test": ("open_test.py", f"run={RUN}", SERVER),
    "viewcast audit": (CLI, "audit"),
    "viewcast ui": (CLI, "ui", "--no-serve"),
    "log_rows": ("viewcast",),
}


@contextmanager
def server(state: str, folder: Path) -> Iterator[str]:
    """The address of a server in this state, with a password."""
    login = f"bob:{SECRET}@"
    if state == "refused":
        yield f"http://{login}127.0.0.1:9"
    elif state == "no such name":
        yield f"http://{login}tracking.invalid:5000"
    elif state == "unknown certificate":
        with ailing("html", self_signed(folder)) as found:
            yield f"https://{login}127.0.0.1:{found.port}"
    else:
        with ailing(state) as found:
            yield f"http://{login}127.0.0.1:{found.port}/mlflow"


def run(program: str) -> None:
    """Run a program in this process."""
    script, *arguments = PROGRAMS[program]
    sys.argv = [script, *arguments]
    if script == "viewcast":
        import viewcast  # noqa: PLC0415

        viewcast.log_rows([1.0, 2.0], [1.0, 3.0], run_id=RUN)
    elif script == CLI:
        from viewcast.commands.program import program as command  # noqa: PLC0415

        command()
    else:
        sys.argv[0] = str(ROOT / "pipelines" / script)
        runpy.run_path(sys.argv[0], run_name="__main__")


def measure(program: str, uri: str, said: Path) -> dict[str, object]:
    """Seconds, exit code and last words of one program."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.environ["MLFLOW_TRACKING_URI"] = uri
        file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        code = 0
        try:
            run(program)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException as error:  # noqa: BLE001 (of a call from Python)
            print(f"{type(error).__name__}: {error}")
            code = 1
        sys.stdout.flush()
        os._exit(code)
    _, status = os.waitpid(child, 0)
    text = said.read_text(errors="replace")
    lines = [line for line in text.strip().splitlines() if "tracking" in line] or [text[-300:]]
    if str(urlsplit(uri).hostname) not in text:
        raise SystemExit(f"{program}: ended without a word of the server: {text[-300:].strip()}")
    return {
        "program": program,
        "seconds": round(time.monotonic() - begun, 1),
        "code": os.waitstatus_to_exitcode(status),
        "said": masked(lines[0]),
        "traceback": "Traceback" in text,
        "password_shown": SECRET in text,
    }


def main() -> None:
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", nargs="*", choices=STATES, default=STATES)
    parser.add_argument("--programs", nargs="*", choices=PROGRAMS, default=list(PROGRAMS))
    asked = parser.parse_args()
    import mlflow.pyfunc  # noqa: F401, PLC0415

    for program in asked.programs:
        if PROGRAMS[program][0].endswith(".py"):
            runpy.run_path(str(ROOT / "pipelines" / PROGRAMS[program][0]), run_name="imported")
    file = ROOT / "benchmarks" / "results" / "servers.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for state in asked.states:
            with server(state, Path(folder)) as uri:
                for program in asked.programs:
                    found = {"state": state, **measure(program, uri, Path(folder, "said"))}
                    results.append(found)
                    print(*(f"{found[key]!s:16}" for key in found if key != "said"), found["said"])
                    sys.stdout.flush()
    new = {(each["state"], each["program"]) for each in results}
    results += [each for each in known if (each["state"], each["program"]) not in new]
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
