"""A server in a thread that answers every request in one wrong way; it counts the requests."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
REASONS = {
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip
PATIENT = ("silent", "a byte a second")  # ways that keep a connection open


@dataclass
class Ailing:
    """``way``: a status as text, html, silent, 'a byte a second', hang up."""

    way: str
    listener: socket.socket
    context: ssl.SSLContext | None = None
    closed: Event = field(default_factory=Event)
    asked: int = 0

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # closed
                return
            Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with plain:
            try:
                self._speak(plain)
            except OSError:  # the client has gone
                return

    def _speak(self, plain: socket.socket) -> None:
        wrap = self.context
        connection = plain if wrap is None else wrap.wrap_socket(plain, server_side=True)
        with connection:
            connection.recv(65536)
            self.asked += 1
            if self.way == "hang up":
                return
            if self.way == "silent":
                self.closed.wait()
            elif self.way == "a byte a second":
                for byte in _response(200, b"{}"):
                    connection.sendall(bytes([byte]))
                    if self.closed.wait(1):
                        return
            elif self.way == "html":
                connection.sendall(_response(200, PAGE, "text/html"))
            else:
                connection.sendall(_response(int(self.way), b"no", "text/plain"))


def _response(status: int, body: bytes, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'OK')}\r\nContent-Type: {kind}\r\n"
    more = f"Content-Length: {len(body)}\r\nRetry-After: 3600\r\nConnection: close\r\n\r\n"
    return f"{head}{more}".encode() + body


@contextmanager
def ailing(way: str, certificate: Path | None = None) -> Iterator[Ailing]:
    """Such a server for as long as the context lasts; ``certificate``: it speaks TLS with it."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Ailing(way, listener, context)
        thread = Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closed.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def self_signed(folder: Path) -> Path:
    """A certificate for this machine that nobody vouches for, with its key, in one file."""
    file = folder / "self_signed.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-days", "1", "-newkey", "rsa:2048", "-nodes")
    command = ["openssl", "req", "-x509", *subject, "-keyout", str(file), "-out", str(file)]
    subprocess.run(
        [*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
    )
    return file
