"""A view: its key, its name, its state, the address that opens it, and its text in a tag.

MLflow's UI keeps a view as a tag of the experiment and opens it by ``viewStateShareKey=<key>``. A
UI of MLflow 3.16 or later expects a name and, in one field, the state; it lists such views in a
menu, the newest first. An older one expects the fields of the state themselves and stops where one
is missing. The text has both.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from viewcast.base.parse import json_of
from viewcast.tracking.tags import SHARED_VIEW

OURS = "viewcast"  # how our keys begin
ANY_VIEW = SHARED_VIEW.removesuffix(OURS)  # prefix, of an experiment; the key follows
TABLE = OURS  # the key of the table of the audit, which is no page of charts
BY = "writtenBy"  # a field that no UI writes: a view that a person has saved lacks it
LONGEST = 20_000  # characters of a tag of an experiment; 5,000 before MLflow 3.16
NEWEST = 1_000_000_000_000  # milliseconds: when the first view of the menu was made, as far as told
PAGE = "runs?workflowType=machine_learning"
CHARTS = "&compareRunsMode=CHART"
PACKED = "deflate;"  # how MLflow's own packed states begin


@dataclass(frozen=True)
class View:
    """A view of an experiment. ``key``: of its tag and of its address; ``name``: in the UI's menu.

    ``state``: what MLflow's UI keeps of a page of charts (``viewcast.tracking.views.state``).
    """

    key: str
    name: str
    state: Mapping[str, Any]

    @property
    def tag(self) -> str:
        """The name of its tag."""
        return f"{ANY_VIEW}{self.key}"

    def text(self, place: int) -> str:
        """The value of its tag. ``place``: in the menu, from 0."""
        made = NEWEST - 1000 * place
        about = {"name": self.name, "createdAt": made, "updatedAt": made, BY: OURS}
        return _json({**self.state, **about, "state": packed(self.state)})


def packed(state: Mapping[str, Any]) -> str:
    """A state in the short form: every UI opens it, none lists it in its menu."""
    return PACKED + base64.b64encode(zlib.compress(_json(state).encode(), 9)).decode()


def is_ours(tag: str, value: str) -> bool:
    """Whether a tag of an experiment is a view of viewcast that no person has saved anew."""
    key = tag.removeprefix(SHARED_VIEW)
    if key == tag or key[:1] not in ("", "-"):
        return False
    if value.startswith(PACKED):
        return True
    try:
        fields = json_of(value)
    except ValueError:
        return not value  # MLflow before 2.22 can only empty a tag
    return isinstance(fields, dict) and (BY in fields or "state" not in fields)


def key_of(kind: str, name: str = "") -> str:
    """The key of a view. ``name``: of a split or a sweep, of which a view shows one.

    It stands in an address: other characters than letters, digits and -._ are left out, and a hash
    of the name keeps two such names apart.
    """
    plain = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-")
    if plain != name:
        plain = f"{plain[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}".lstrip("-")
    return "-".join(filter(None, (OURS, kind, plain)))


def address(server: str, experiment_id: str, key: str = "") -> str:
    """The address of a view on a server such as ``http://127.0.0.1:5000``; of its charts alone
    without a ``key``. With an empty ``server`` it is relative, as a note needs it.

    It says ``workflowType``, or MLflow 3.17 opens its page for generative work; and no search
    beside the key, or the UI ignores the key.
    """
    shared = f"&viewStateShareKey={key}" if key else ""
    path = f"#/experiments/{experiment_id}/{PAGE}{'' if key == TABLE else CHARTS}{shared}"
    return f"{server.rstrip('/')}/{path}" if server else path


def runs_address(server: str, experiment_id: str) -> str:
    """The address of the runs of an experiment, below its note; short enough for a terminal."""
    return f"{server.rstrip('/')}/#/experiments/{experiment_id}/{PAGE}"


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
