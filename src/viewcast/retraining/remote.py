"""The DVC configuration of a channel, and the remote that its nights are pushed to.

The project's default remote lies inside the clone and is tracked by Git. Nothing of a night is
pushed there, unless somebody names another remote: ``retrain.remote``.
"""

from configparser import ConfigParser, Error
from pathlib import Path
from urllib.parse import urlsplit

from viewcast.base.errors import ConfigError

CONFIG, LOCAL = "config", "config.local"  # files of .dvc; the second one holds what is secret
CORE = "[core]\n    no_scm = true\n    analytics = false\n"
KEY = "retrain.remote"
OWN_REMOTE = "'remote \"nights\"'"  # the section of a channel's remote, as DVC writes names


def config_of(root: Path, remote: str | None) -> dict[str, str]:
    """The files of a channel's ``.dvc`` and their texts.

    ``remote``: the name of a remote in the project's ``.dvc/config``, whose options are taken, or
    an address or an absolute folder that DVC can push to; None for none. Refuses (ConfigError) a
    name that is not there, and a folder inside the project.
    """
    if remote is None:
        return {CONFIG: CORE}
    options = {name: _options(root / ".dvc" / name, remote) for name in (CONFIG, LOCAL)}
    if not any(options.values()):
        options[CONFIG] = {"url": _address(root, remote)}
    url = options[LOCAL].get("url") or options[CONFIG].get("url")
    if url is None:
        raise ConfigError(f"{KEY} = {remote!r}: has no url in .dvc/config; expected one")
    _outside(root, remote, url)
    texts = {name: _section(found) for name, found in options.items() if found}
    texts[CONFIG] = f"{CORE}    remote = nights\n{texts.get(CONFIG, '')}"
    return texts


def is_ours(folder: Path) -> bool:
    """Whether a ``.dvc`` holds no configuration but what ``config_of`` or ``dvc init`` wrote."""
    for name in (CONFIG, LOCAL):
        parser = ConfigParser(interpolation=None)
        try:
            parser.read(folder / name, encoding="utf-8")
        except Error:
            return False
        if not {*parser.sections()} <= {"core", OWN_REMOTE}:
            return False
        if not parser.getboolean("core", "no_scm", fallback=not parser.has_section("core")):
            return False
    return True


def _options(file: Path, remote: str) -> dict[str, str]:
    """The options of a remote in a file of DVC, with an absolute path for a relative one."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(file, encoding="utf-8")
    except Error as error:
        raise ConfigError(f"{file}: cannot be read as DVC writes it ({error})") from error
    name = f"'remote \"{remote}\"'"
    found = dict(parser[name]) if name in parser else {}
    if "url" in found and not urlsplit(found["url"]).scheme:
        found["url"] = str((file.parent / found["url"]).resolve())
    return found


def _address(root: Path, remote: str) -> str:
    """A remote that is not named in the project's configuration."""
    if urlsplit(remote).scheme or Path(remote).is_absolute():
        return remote
    names = ConfigParser(interpolation=None)
    names.read(root / ".dvc" / CONFIG, encoding="utf-8")
    known = [section.split('"')[1] for section in names.sections() if '"' in section]
    raise ConfigError(
        f"{KEY} = {remote!r}: is no remote of .dvc/config (found: {', '.join(known) or 'none'}); "
        "expected one of its names, an address such as s3://bucket/nights, or an absolute folder"
    )


def _outside(root: Path, remote: str, url: str) -> None:
    """Refuse a folder inside the project: a night leaves the tracked tree as it was."""
    if urlsplit(url).scheme:
        return
    place, base = Path(url).resolve(), root.resolve()
    if place == base or base in place.parents:
        raise ConfigError(
            f"{KEY} = {remote!r}: lies inside the project, at {place.relative_to(base)}; a night "
            "changes nothing there: expected a folder outside of it, or an address such as "
            "s3://bucket/nights"
        )


def _section(options: dict[str, str]) -> str:
    lines = "".join(f"    {key} = {value}\n" for key, value in options.items())
    return f"[{OWN_REMOTE}]\n{lines}"
