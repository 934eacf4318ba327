"""One token for each submitter, so that the record tells whose loop asked.

A token lies in ``tokens/<submitter>`` of the referee's folder (mode 0600) and stays the same when
the referee is started again. Whoever removes its file takes it back at the next start.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from viewcast.base import files
from viewcast.base.errors import ConfigError
from viewcast.base.quoted import quoted

FOLDER = "tokens"
USUAL = "loop"  # the submitter where none is named
OF_REFEREE = "referee"  # who closes by the command of the referee's own user
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
TOKEN = re.compile(r"[\w-]{40,100}")
BYTES = 32  # of chance in a token


@dataclass(frozen=True)
class Tokens:
    """``hashes``: of the token of each submitter; ``folder``: where the tokens lie."""

    folder: Path
    hashes: Mapping[str, bytes]

    @classmethod
    def of(cls, referee: Path, submitters: Iterable[str] = ()) -> "Tokens":
        """The tokens in a referee's folder, with a new one for each submitter that has none.

        Where nobody is named and no token is there, one is made for ``loop``. Refuses (ConfigError)
        a name that is no plain one, and a file that holds no token; nothing is written then.
        """
        folder = referee / FOLDER
        names = list(dict.fromkeys(submitters))
        for name in names:
            _check(name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = sorted(file.name for file in folder.iterdir() if NAME.fullmatch(file.name))
        wanted = [*known, *(name for name in names if name not in known)] or [USUAL]
        for name in known:
            if (folder / name).stat().st_size:
                read_token(folder / name)
        return cls(folder, {name: _hash(_token(folder / name)) for name in wanted})

    def submitter(self, token: str) -> str | None:
        """Whose token it is; None for a wrong one. It takes the same time for each."""
        given = _hash(token)
        found = [name for name, own in self.hashes.items() if hmac.compare_digest(own, given)]
        return found[0] if found else None


def read_token(file: Path) -> str:
    """The token in a file; refuses (ConfigError) a file without one."""
    try:
        token = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise ConfigError(
            f"{file}: does not exist; `viewcast referee start` says where the tokens are"
        ) from None
    except PermissionError:
        raise ConfigError(
            f"{file}: this user may not read it; the referee's user hands out its content"
        ) from None
    except (OSError, ValueError):
        token = ""
    if not TOKEN.fullmatch(token):
        raise ConfigError(f"{file}: holds no token; `viewcast referee start` makes one")
    return token


def _check(name: str) -> None:
    if not NAME.fullmatch(name) or name == OF_REFEREE:
        raise ConfigError(
            f"submitter = {quoted(name)}: expected up to 40 small letters, digits, dots, hyphens "
            f"and underscores, a letter or digit first, and not {OF_REFEREE!r}"
        )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _token(file: Path) -> str:
    """The token in a file, which is written if there is none or a crash has left it empty."""
    if file.is_file() and file.stat().st_size:
        return read_token(file)
    token = secrets.token_urlsafe(BYTES)
    with files.replacing(file) as partial:
        partial.unlink(missing_ok=True)
        # It is nobody else's from its first byte on: the mode is not set afterwards.
        place = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(place, "w", encoding="ascii") as written:
            written.write(token + "\n")
    return token
