"""What deploy/compose and the Dockerfile say, as data; and its services run without containers.

Each service runs on a machine of its own: a network namespace, and a mount namespace in which the
folders of the image, of its volumes and of its secrets are where a container has them.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import yaml

from support.deployed import DEPLOY, HOME, ROOT
from support.namespaces import Network

COMPOSE = DEPLOY / "compose"
LIMIT = 300  # seconds after which something hangs
TEMPORARY = "/tmp"  # of a container, where its home is
# $1: the machine's folder; $2: its volumes, a line of source:target each; the rest is run.
ENTER = f"""set -eu
machine=$1 volumes=$2
shift 2
mount --make-rprivate /
mount --bind "$machine/hosts" /etc/hosts
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /srv
mkdir -p /run/secrets {HOME}
mount --bind "$machine/secrets" /run/secrets
mount --bind "$machine/image" {HOME}
mount -o remount,ro,bind {HOME}
while IFS=: read -r source target; do
  mkdir -p "$target"
  mount --bind "$source" "$target"
done <"$volumes"
cd {HOME}
exec "$@"
"""


def settings() -> dict[str, str]:
    """The variables of ``.env.example``."""
    lines = (COMPOSE / ".env.example").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def compose() -> dict[str, Any]:
    """``compose.yaml`` with the settings of ``.env.example``, as `docker compose config` has it."""
    known = settings()
    plain = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+):-[^}]*\}", lambda found: known[found[1]], value)
        return value

    made: dict[str, Any] = filled(plain)
    return made


def stages() -> dict[str, list[list[str]]]:
    """The instructions of each stage of the Dockerfile as words, with those of its base before."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    found: dict[str, list[list[str]]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line):
            if words[0] == "FROM":
                found[words[3]] = current = [*found.get(words[1], [])]
            current.append(words)
    return found


def image_environment(stage: str) -> dict[str, str]:
    """The variables that an image sets."""
    set_ = (word for words in stages()[stage] if words[0] == "ENV" for word in words[1:])
    return dict(word.split("=", 1) for word in set_)


def copied(folder: Path) -> Path:
    """What the image of the project holds: what ``.dockerignore`` lets through, and the data."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source, target = ROOT / line[1:], folder / line[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                left_out = shutil.ignore_patterns("__pycache__", "*.egg-info", "secrets", ".env")
                shutil.copytree(source, target, ignore=left_out)
            else:
                shutil.copy(source, target)
    (folder / ".dvc" / "config.local").write_text("[core]\n    no_scm = true\n")
    shutil.copytree(ROOT / "data", folder / "data")
    return folder


@dataclass
class Process:
    """A service that runs; ``said``: what it has printed."""

    popen: subprocess.Popen[str]
    said: deque[str] = field(default_factory=deque)
    waiting: dict[str, Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.said.append(line)
            for words, event in list(self.waiting.items()):
                if words in line:
                    event.set()
        for event in list(self.waiting.values()):
            event.set()
        self.popen.stdout.close()

    def says(self, words: str, seconds: float = LIMIT) -> str:
        """The first line with these words; fails with all that it has said where none comes."""
        event = self.waiting.setdefault(words, Event())
        if not any(words in line for line in self.said):
            event.wait(seconds)
        found = [line for line in list(self.said) if words in line]
        assert found, f"{self.popen.args!r} did not say {words!r}:\n{''.join(self.said)}"
        return found[0]

    def ended(self, seconds: float = LIMIT) -> int:
        """Its exit code."""
        code = self.popen.wait(seconds)
        self.reader.join()
        return code

    def end(self, way: signal.Signals = signal.SIGTERM) -> None:
        """End it and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, way)
        self.popen.wait()
        self.reader.join()


@dataclass(frozen=True)
class Team:
    """``folder``: holds a machine for each service, their volumes, and the image. ``changed``:
    variables that are others than in the container, because of where tests run.
    """

    net: Network
    folder: Path
    image: Path
    secrets: Mapping[str, str]
    changed: Mapping[str, str]
    places: Mapping[str, str]  # on which machine of the network a service is
    started: list[Process] = field(default_factory=list)

    def start(self, name: str, *arguments: str, **variables: str) -> Process:
        """Start a service as `docker compose` does; ``arguments`` after `run --rm`, or its own."""
        service = compose()["services"][name]
        target = service.get("build", {}).get("target", "app")
        entry = service.get("entrypoint") or _exec_form(target, "ENTRYPOINT")
        command = [*entry, *service.get("command", []), *arguments]
        namespace = f"/run/netns/{self.net.namespace(self.places[name])}"
        machine = self._machine(name, service)
        enter = ["nsenter", f"--net={namespace}", "unshare", "--mount", "sh", "-c", ENTER, "enter"]
        popen = subprocess.Popen(
            [*enter, str(machine), str(machine / "volumes"), *command],
            env={**self._environment(target, service), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        process = Process(popen)
        self.started.append(process)
        return process

    def end(self) -> None:
        """End every service that is left."""
        for process in self.started:
            process.end(signal.SIGKILL)

    def volume(self, name: str) -> Path:
        """A volume, made on first use."""
        folder = self.folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _machine(self, name: str, service: Mapping[str, Any]) -> Path:
        machine = self.folder / name
        (machine / "secrets").mkdir(parents=True, exist_ok=True)
        hosts = [f"{self.net.address(place)} {each}" for each, place in self.places.items()]
        (machine / "hosts").write_text("\n".join(["127.0.0.1 localhost", *hosts]) + "\n")
        for secret in service.get("secrets", []):
            (machine / "secrets" / secret).write_text(f"{self.secrets[secret]}\n")
        if not (machine / "image").exists():
            (machine / "image").symlink_to(self.image)
        volumes = [volume.split(":")[:2] for volume in service.get("volumes", [])]
        lines = [f"{self.volume(source.strip('./'))}:{target}\n" for source, target in volumes]
        for _, target in volumes:
            if target.startswith(HOME):
                (self.image / target.removeprefix(f"{HOME}/")).mkdir(parents=True, exist_ok=True)
        (machine / "volumes").write_text("".join(lines))
        return machine

    def _environment(self, target: str, service: Mapping[str, Any]) -> dict[str, str]:
        known = {**image_environment(target), **service.get("environment", {})}
        home = self.folder / "tmp"
        home.mkdir(exist_ok=True)
        own = {
            name: str(value).replace(TEMPORARY, str(home))
            for name, value in known.items()
            if name != "PATH"
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**own, "PATH": path, **self.changed}


def _exec_form(stage: str, instruction: str) -> list[str]:
    (words,) = (words for words in stages()[stage] if words[0] == instruction)
    return [word.strip("[],") for word in words[1:]]
