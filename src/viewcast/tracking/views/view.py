"""A view: its key, its name, its state, and the address that opens it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class View:
    """A view of an experiment. ``key``: of its tag and of its address; ``name``: in the UI's menu.

    ``state``: what MLflow's UI keeps of a page of charts (``viewcast.tracking.views.state``).
    """

    key: str
    name: str
    state: Mapping[str, Any]


def address(server: str, experiment_id: str, key: str = "") -> str:
    """The address of a view on a server such as ``http://127.0.0.1:5000``; of its charts alone
    without a ``key``.
    """
    raise NotImplementedError
