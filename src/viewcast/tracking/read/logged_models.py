"""The models that a run logged, and the one of them that is meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.base.errors import DataError
from viewcast.tracking.artifacts import folder_of
from viewcast.tracking.relocated import Search

HISTORY = "mlflow.log-model.history"  # tag of a run that stored a model, before MLflow 3
USUAL = "model"  # what autologging calls the model of a run


@dataclass(frozen=True)
class LoggedModel:
    """A model of a run: ``address`` of its folder, ``identity`` that no other model has, if known.

    ``order``: by which the last of several of one name is found.
    """

    name: str
    address: str
    identity: str | None = None
    order: tuple[int, int] = (0, 0)


def tells_model(run: Run) -> bool:
    """Whether the run says that it logged a model; asks nothing of the store."""
    listed = getattr(getattr(run, "outputs", None), "model_outputs", None)  # MLflow 3
    return HISTORY in run.data.tags or bool(listed)


def models_of(client: MlflowClient, run: Run) -> list[LoggedModel]:
    """The models that a run logged: MLflow 3 lists them, before that they are among artifacts."""
    listed = getattr(getattr(run, "outputs", None), "model_outputs", None) or []
    search = Search(str(client.tracking_uri))
    if listed:
        known = [(client.get_logged_model(output.model_id), int(output.step)) for output in listed]
        return [
            LoggedModel(
                name=str(model.name),
                address=search.address(str(model.artifact_location), str(model.model_id)),
                identity=str(model.model_id),
                order=(step, int(model.creation_timestamp)),
            )
            for model, step in known
        ]
    run_id, root = run.info.run_id, str(run.info.artifact_uri).rstrip("/")
    here = folder_of(root)
    if here is not None:
        return [LoggedModel(f.parent.name, str(f.parent)) for f in sorted(here.glob("*/MLmodel"))]
    folders = [file.path for file in client.list_artifacts(run_id) if file.is_dir]
    return [
        LoggedModel(path, f"{root}/{path}")
        for path in folders
        if any(file.path == f"{path}/MLmodel" for file in client.list_artifacts(run_id, path))
    ]


def one_of(models: Sequence[LoggedModel]) -> LoggedModel | None:
    """The model that is meant: the only one, or the one called ``model``; of one name the last.

    Refuses (DataError) several names of which none is ``model``.
    """
    if not models:
        return None
    names = sorted({model.name for model in models})
    if len(names) > 1 and USUAL not in names:
        raise DataError(
            f"logged several models ({', '.join(names)}): which one is meant cannot be told; name "
            f"one of them {USUAL}"
        )
    name = USUAL if USUAL in names else names[0]
    return max((model for model in models if model.name == name), key=lambda model: model.order)
