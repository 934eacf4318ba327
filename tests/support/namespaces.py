"""Machines of a network, as network namespaces of Linux: each has an address and a cable.

All cables end at one switch, which lies in the first machine. The host's own network is left alone.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CABLE, SWITCH = "eth0", "switch"


@dataclass(frozen=True)
class Network:
    """``machines``: their names, the first has the switch. ``owner``: makes their names unique."""

    machines: Sequence[str]
    owner: int

    def address(self, machine: str) -> str:
        return f"10.213.0.{1 + self.machines.index(machine)}"

    def namespace(self, machine: str) -> str:
        return f"viewcast-{self.owner}-{machine}"

    def enter(self, machine: str) -> None:
        """From now on this process, of one thread as yet, is on that machine."""
        with Path("/run/netns", self.namespace(machine)).open() as namespace:
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.setns(namespace.fileno(), 0) == 0, os.strerror(ctypes.get_errno())


def unplug() -> None:
    """Pull the cable of the machine that this process is on."""
    ip("link", "set", CABLE, "down")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@contextmanager
def network(*machines: str) -> Iterator[Network]:
    """The machines, connected; skips the test, with the reason, where this is not allowed."""
    if shutil.which("ip") is None:
        pytest.skip("no program `ip` (iproute2)")
    made = Network(machines, os.getpid())
    try:
        try:
            for machine in machines:
                ip("netns", "add", made.namespace(machine))
            _connect(made)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        yield made
    finally:
        for machine in machines:
            command = ["ip", "netns", "del", made.namespace(machine)]
            subprocess.run(command, capture_output=True, check=False)


def _connect(made: Network) -> None:
    first, *others = map(made.namespace, made.machines)
    ip("-n", first, "link", "add", SWITCH, "type", "bridge")
    for number, other in enumerate(others):
        socket = f"socket{number}"
        peer = ("peer", "name", CABLE, "netns", other)
        ip("-n", first, "link", "add", socket, "type", "veth", *peer)
        ip("-n", first, "link", "set", socket, "master", SWITCH, "up")
    for machine in made.machines:
        space = made.namespace(machine)
        card = SWITCH if space == first else CABLE
        ip("-n", space, "addr", "add", f"{made.address(machine)}/24", "dev", card)
        for name in ("lo", card):
            ip("-n", space, "link", "set", name, "up")
