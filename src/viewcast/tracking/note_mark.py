"""How a description that viewcast wrote is told from one that a person wrote or changed.

The last line of a note is a comment, which MLflow's UI does not show, with a hash of all before it.
Whoever changes the note breaks the hash: from then on it is theirs, and is never replaced.
"""

import re
from hashlib import sha256

MARK = re.compile(r"\n\n<!-- viewcast ([0-9a-f]{12}) -->\Z")


def signed(text: str) -> str:
    """The note with its mark; ``text``: markdown."""
    return f"{text}\n\n<!-- viewcast {_hash(text)} -->"


def is_ours(note: str) -> bool:
    """Whether viewcast wrote the note and nobody has changed it since."""
    mark = MARK.search(note)
    return mark is not None and mark[1] == _hash(note[: mark.start()])


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
