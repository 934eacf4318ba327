"""Who may ask a referee, and who could read its targets."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.in_process import HERE, PEER
from support.served_referees import noisy, opened, served
from viewcast.base.errors import ConfigError
from viewcast.referee import peers, target_readers
from viewcast.referee.peers import user_of
from viewcast.referee.target_readers import TargetReaders
from viewcast.referee.tokens import Tokens

OTHER = 54_321  # a user whom nobody is
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")

# Tokens


def test_a_token_is_its_submitters_alone_and_stays(tmp_path: Path) -> None:
    made = Tokens.of(tmp_path, ["loop", "agent"])
    files = {name: tmp_path / "tokens" / name for name in ("loop", "agent")}
    tokens = {name: file.read_text().strip() for name, file in files.items()}
    assert {name: made.submitter(token) for name, token in tokens.items()} == {
        "loop": "loop",
        "agent": "agent",
    }
    assert [file.stat().st_mode & 0o777 for file in files.values()] == [0o600, 0o600]

    again = Tokens.of(tmp_path, ["third"])
    assert again.submitter(tokens["agent"]) == "agent"
    assert set(again.hashes) == {"agent", "loop", "third"}
    assert again.submitter("") is None
    assert again.submitter("\udcff") is None

    files["agent"].unlink()
    assert Tokens.of(tmp_path).submitter(tokens["agent"]) is None


def test_a_token_that_a_crash_left_empty_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens" / "loop").touch()
    (tmp_path / "tokens" / ".loop.partial").write_text("half")
    Tokens.of(tmp_path)
    assert len((tmp_path / "tokens" / "loop").read_text().strip()) > 40


@pytest.mark.parametrize(
    "name", ["", "../loop", "a/b", ".hidden", "Loop", "a b", "x" * 41, "referee", "loop\n"]
)
def test_a_submitter_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="submitter = "):
        Tokens.of(tmp_path, [name])
    assert list(tmp_path.iterdir()) == []


# Whose connection it is


@LINUX
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_the_kernel_tells_whose_the_other_end_of_a_connection_is(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as listening, closing(socket.socket(family)) as there:
        try:
            listening.bind((host, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listening.listen()
        there.connect(listening.getsockname())
        here, _ = listening.accept()
        with closing(here):
            ends = [end.getsockname()[:2] for end in (there, here)]
            plain = [(name.removeprefix("::ffff:"), port) for name, port in ends]
            assert user_of(ends[0], ends[1]) == os.getuid()
            assert user_of(plain[0], plain[1]) == os.getuid()
            assert user_of((ends[0][0], 1), ends[1]) is None


def row(peer: str, here: str, state: str, user: int) -> str:
    return f"   0: {peer} {here} {state} 00000000:00000000 00:00000000 00000000  {user}  0 1 1\n"


@LINUX
def test_an_end_that_has_lost_its_user_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a connection that is over, the kernel writes 0, which is no word of root."""
    peer, here = "0100007F:9C40", "0100007F:217D"  # PEER and HERE
    if sys.byteorder == "big":
        peer, here = peer.replace("0100007F", "7F000001"), here.replace("0100007F", "7F000001")
    table = tmp_path / "tcp"
    monkeypatch.setattr(peers, "TABLES", (tmp_path / "gone", table))
    for state, found in (("06", None), ("01", 1_000)):
        table.write_text("head\n" + row(peer, here, state, 1_000 if found else 0) + "torn line\n")
        assert user_of(PEER, HERE) == found
    assert user_of(HERE, PEER) is None
    assert user_of(("localhost", 1), HERE) is None


# Who could read the targets


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that all users can enter; those of pytest are its user's alone."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        table = folder / "valid.parquet"
        table.touch()
        table.chmod(0o600)
        yield folder


def told(folder: Path, user: int | None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(target_readers, "user_of", lambda *_: user)
    found: list[str] = []
    (folder / "referee").mkdir(mode=0o700, exist_ok=True)
    (folder / "referee" / "rows.parquet").touch(0o600)
    readers = TargetReaders(folder / "referee", folder / "valid.parquet", found.append)
    for peer in (PEER, PEER, (PEER[0], PEER[1] + 1)):
        readers.seen("loop", peer, HERE)
    return found


def test_a_table_that_others_can_read_is_told_with_what_mends_it(open_folder: Path) -> None:
    table = open_folder / "valid.parquet"
    readers = TargetReaders(open_folder / "referee", table, lambda _: None)
    assert readers.warning() is None
    for mode in (0o644, 0o640):
        table.chmod(mode)
        warning = str(readers.warning())
        assert f"mode {mode:o}" in warning
        assert warning.endswith(f"type: chmod 600 {table}")
    open_folder.chmod(0o700)  # nobody else comes so far
    assert readers.warning() is None
    table.unlink()
    assert readers.warning() is None


def test_a_submitter_who_could_read_the_targets_is_told_once(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(open_folder, None, monkeypatch) == []
    assert told(open_folder, OTHER, monkeypatch) == []

    (own,) = told(open_folder, os.geteuid(), monkeypatch)
    assert "submitter loop runs as the referee's own user" in own

    monkeypatch.setattr(os, "geteuid", lambda: OTHER + 1)
    (root,) = told(open_folder, 0, monkeypatch)
    assert "runs as root" in root

    (open_folder / "valid.parquet").chmod(0o604)
    (other,) = told(open_folder, OTHER, monkeypatch)
    assert f"runs as user {OTHER}, who can read the targets in {open_folder}" in other


def test_the_verdict_lists_a_submitter_who_could_read_the_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_readers, "user_of", lambda *_: os.geteuid())
    with opened(tmp_path) as folder:
        readers = TargetReaders(folder.folder, None, folder.note)
        with served(folder, monkeypatch, seen=readers.seen) as here:
            for seed in range(3):
                here.client().submit(noisy(5.0, seed))
            deviations = here.client().closing().deviations
    assert sum("the referee's own user" in each for each in deviations) == 1
