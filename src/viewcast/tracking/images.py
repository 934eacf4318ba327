"""The images of runs: MLflow's UI shows those of many runs beside each other, by their key."""

from mlflow.entities import Run

from viewcast.base.parse import json_of
from viewcast.tracking.tags import PICTURES

FEW = 6  # runs of a picture in which each can be made out; only such a picture is an image of them
Images = dict[str, tuple[int, str]]  # step and content of the newest image, by its key


def images_of(run: Run) -> Images:
    """The images that viewcast has stored with a run; see ``images_in``."""
    return images_in(run.data.tags.get(PICTURES, "{}"))


def images_in(tag: str) -> Images:
    """The images that a tag tells of; none of one that somebody has changed."""
    try:
        stored = json_of(tag)
        return {key: (int(step), str(content)) for key, (step, content) in stored.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
