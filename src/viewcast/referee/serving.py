"""A referee's service on a socket of this machine, until a signal comes."""

import contextlib
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from viewcast.base import files
from viewcast.base.errors import ConfigError
from viewcast.base.quoted import quoted

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

LOCALHOST = "localhost"
CONNECTIONS = 100  # at a time
LEAVE = 5  # seconds that requests get to end when the referee is ended


def check_host(host: str, behind_proxy: str | None) -> None:
    """Refuse (ConfigError) to be heard by other machines, without a proxy that hides tokens."""
    try:
        loopback = host == LOCALHOST or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ConfigError(
            f"host = {quoted(host)}: expected an address of this machine, 127.0.0.1 or ::1"
        ) from None
    if not loopback and behind_proxy is None:
        raise ConfigError(
            f"host = {host}: other machines would reach the referee, and tokens travel as they "
            "are; put a proxy with TLS before it and name it: --behind-proxy referee.example.org, "
            "or leave --host out"
        )


def listening(host: str, port: int) -> socket.socket:
    """A socket that is heard at a port, a free one for 0. Refuses (ConfigError) one in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named; else each
    # waits 40 ms for what the client acknowledges late.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # a port of a referee that was just killed is free
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen()
    except OSError as error:
        made.close()
        raise ConfigError(
            f"port = {port}: cannot be heard at {host} ({error.strerror}); perhaps another program "
            "is; name another port, or 0 for a free one: --port 0"
        ) from error
    return made


def url_of(bound: socket.socket) -> str:
    """Its address, for people and clients."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def at_address(file: Path, url: str) -> Iterator[None]:
    """A file that tells the address during the block."""
    files.write(file, f"{url}\n")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def serve(service: "FastAPI", bound: socket.socket) -> None:
    """Answer until a signal comes, which is heeded when all requests that wait are answered."""
    server(service).run(sockets=[bound])


def server(service: "FastAPI") -> "uvicorn.Server":
    """What answers. Nothing is logged but failures: the journal tells who asked."""
    import uvicorn  # noqa: PLC0415

    config = uvicorn.Config(
        service,
        http="h11",  # it gives no more of a body than is asked for
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody could write a header that names another address
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=LEAVE,
    )
    return uvicorn.Server(config)
