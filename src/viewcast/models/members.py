"""Fitted models that have fitted models as members: how these are stored with them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.models.arrays import ANY, array
from viewcast.models.fitted import Fitted, kind_of

Arrays = dict[str, NDArray[Any]]


def packed(members: Sequence[Fitted]) -> Arrays:
    """The arrays of each member after its number; its kind and inputs as text in UTF-8."""
    found: Arrays = {}
    for place, member in enumerate(members):
        about = "\n".join([member.kind, *member.inputs]).encode()
        found[f"{place}/about"] = np.frombuffer(about, np.uint8)
        found |= {f"{place}/{name}": each for name, each in member.arrays().items()}
    return found


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> tuple[Fitted, ...]:
    """The inverse of ``packed``. Refuses (DataError) arrays of no member."""
    members: list[Fitted] = []
    while f"{len(members)}/about" in arrays:
        start = f"{len(members)}/"
        own = {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
        text = array(own, "about", (ANY,), "u").tobytes().decode()
        del own["about"]
        kind, *names = text.split("\n")
        members.append(kind_of(kind).restore(names, own))
    if not members:
        raise DataError("found no member; expected one or more")
    return tuple(members)
