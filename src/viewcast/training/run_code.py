"""Which code decides the scores of a run: that of its rows and scores, and that of its own classes.

How a run is recorded, shown or compared is no part of it. Nor is the code that prepares data: all
that it changes is in the prepared table, whose content is compared itself.
"""

from viewcast.base.provenance import code_digest
from viewcast.training.config import Config

OF_EVERY_RUN = ("viewcast.training.rows", "viewcast.scoring.scores")


def code_of(*configs: Config) -> str:
    """Hash of all code that the scores of these runs depend on (16 hex)."""
    return code_digest(*modules_of(*configs))


def modules_of(*configs: Config) -> list[str]:
    """The modules that this code begins with; it goes on with all that they can import."""
    parts = [
        part
        for config in configs
        for part in (
            *(config.model, config.trainer, config.loss, config.measure),
            *(config.holdout.release, getattr(config.trainer, "trainer", None)),
        )
        if part is not None
    ]
    return sorted({*OF_EVERY_RUN, *(type(part).__module__ for part in parts)})
