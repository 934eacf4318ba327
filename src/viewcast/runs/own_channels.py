"""Channels of one's own: a name, its settings, and which data sets the pipeline runs.

An import writes ``conf/data/<name>.yaml`` for the pipeline and ``conf/source/<name>.yaml`` for
nights. Both have a mark. Only a file with the mark is changed by the next import of that name; what
a person added to it stays.
"""

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from viewcast.base.errors import ConfigError
from viewcast.base.files import replacing, write
from viewcast.base.paths import data_config_path, pipeline_config_path, source_config_path

EMBEDDED = ("lectures", "channel", "videos")  # the data sets that come with the project
ALL = "all"
MARK = "# Made by an import:"
MAX_LENGTH = 60
READ = (  # the keys of a data set that its nights read with, too
    *("label", "metric", "column", "channel", "cumulative", "site"),
    *("negative", "newest_zeros"),
)
_OTHER = re.compile(r"[^a-z0-9_]+")


def label_of(source: Path) -> str:
    """How a channel is called where nobody named it: as the folder of its export, or its zip."""
    place = source.resolve()
    if place.is_file() and place.suffix.lower() != ".zip":
        place = place.parent
    return place.stem if place.is_file() else place.name


def name_of(label: str) -> str:
    """The name of a channel in paths and runs: small letters of English, digits, ``-`` and ``_``.

    Refuses (ConfigError) a label without a letter among these.
    """
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    name = _OTHER.sub("-", plain).strip("-_")[:MAX_LENGTH]
    if not re.search("[a-z]", name):
        raise ConfigError(
            f"name {label!r}: becomes a part of paths; expected English letters among its "
            "characters; give one: NAME=<name>"
        )
    return name


def named(root: Path, source: Path, given: str | None) -> tuple[str, str]:
    """How an import is called: its label, and its name in paths. Refuses what ``name_of`` and
    ``check_free`` refuse.
    """
    label = str(given or label_of(source))
    name = name_of(label)
    check_free(root, name)
    return label, name


def check_free(root: Path, name: str) -> None:
    """Refuse (ConfigError) the name of a data set that no import made."""
    files = (data_config_path(root, name), source_config_path(root, name))
    if name == ALL or any(file.exists() and not _is_made(file) for file in files):
        raise ConfigError(
            f"name {name!r}: is that of another data set of the project; give another one: "
            "NAME=<name>"
        )


def made_from(root: Path, name: str) -> str:
    """The data set that the settings of an imported channel begin with; of any other, itself."""
    file = data_config_path(root, name)
    if not (file.exists() and _is_made(file)):
        return name
    return str(YAML(typ="safe").load(file)["defaults"][0])


def added(root: Path, name: str) -> dict[str, Any]:
    """The settings of an imported channel that differ from those it was made from."""
    file = data_config_path(root, name)
    return dict(YAML(typ="safe").load(file)["data"]) if file.exists() else {}


def configure(
    root: Path,
    name: str,
    base: str,
    changed: Mapping[str, Any],
    chosen: Mapping[str, str] | None = None,
) -> None:
    """Write ``conf/data/<name>.yaml``: the settings of ``base`` but for ``changed``.

    ``chosen``: files of groups of the configuration that are taken instead of those of ``base``.
    """
    head = f"# @package _global_\n{MARK} `make run SOURCE=<export> NAME={name}` changes it.\n"
    file = data_config_path(root, name)
    text = f"{head}defaults:\n  - {base}\n  - _self_\n\ndata:\n  name: {name}\n"
    config = _loaded(file, text)
    config["data"].update(changed)
    for group, choice in (chosen or {}).items():
        own = {f"override {group}": choice}
        if own not in config["defaults"]:
            config["defaults"][1:-1] = [own]
    _write(file, config)


def configure_source(root: Path, name: str, folder: Path, data: Mapping[str, Any]) -> None:
    """Write ``conf/source/<name>.yaml``: nights of the channel take new exports from ``folder``.

    ``data``: the settings of its data set.
    """
    file = source_config_path(root, name)
    text = (
        f"{MARK} `make retrain NAME={name}` is a night of it.\ndefaults:\n  - studio\n  - _self_\n"
    )
    config = _loaded(file, f"{text}\nlabel: {name}\n")
    read = {key: data[key] for key in READ if key in data}
    late = {} if data["site"] == "youtube" else {"settle_days": 0, "timezone": "UTC"}
    config.update({**read, "folder": str(folder.resolve()), **late})
    _write(file, config)


def _yaml() -> YAML:
    """YAML that keeps comments, and lists as they are written in ``conf``."""
    keeping = YAML()
    keeping.indent(mapping=2, sequence=4, offset=2)
    return keeping


def _loaded(file: Path, text: str) -> Any:
    """The settings of a file with its comments; those of ``text`` where it is not there yet."""
    return _yaml().load(file if file.exists() else text)


def _write(file: Path, config: Any) -> None:
    text = io.StringIO()
    _yaml().dump(config, text)
    write(file, text.getvalue())


def own_channels(root: Path) -> list[str]:
    """The names of all imported channels."""
    folder = data_config_path(root, EMBEDDED[0]).parent
    return sorted(file.stem for file in folder.glob("*.yaml") if _is_made(file))


def with_nights(root: Path) -> list[str]:
    """Those that nights can forecast; not panels of many videos."""
    return [name for name in own_channels(root) if source_config_path(root, name).is_file()]


def choose(root: Path, which: str) -> list[str]:
    """Let the pipeline run one data set alone, or ``all``: the lectures' and every own channel.

    Refuses (ConfigError) a name that is none of these. Returns the chosen names.
    """
    known = [*EMBEDDED, *own_channels(root)]
    if which not in (*known, ALL):
        raise ConfigError(
            f"DATA={which}: is no data set of the pipeline; allowed: {', '.join(known)}, {ALL}. "
            "An export of your own: SOURCE=<folder, csv or zip> NAME=<name>"
        )
    chosen = known if which == ALL else [which]
    _set_datasets(root, chosen)
    return chosen


def sentence(datasets: Sequence[str]) -> str | None:
    """What the last screen says where the pipeline runs own channels without the lectures."""
    if not datasets or set(datasets) & set(EMBEDDED):
        return None
    names = ", ".join(datasets)
    return f"Only {names}: `make run DATA={ALL}` brings the lectures back."


def _is_made(file: Path) -> bool:
    return MARK in file.read_text(encoding="utf-8")


def _set_datasets(root: Path, chosen: Sequence[str]) -> None:
    path, keeping_comments = pipeline_config_path(root), _yaml()
    pipeline = keeping_comments.load(path)
    if list(pipeline["datasets"]) != list(chosen):
        pipeline["datasets"][:] = chosen
        with replacing(path) as partial:
            keeping_comments.dump(pipeline, partial)
