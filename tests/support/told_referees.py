"""What MLflow was told of a referee."""

from typing import Any

from mlflow.entities import Run

from support.mlflow_store import Store
from viewcast.tracking.store import all_runs
from viewcast.tracking.write.refereed import RefereeRuns


def recorder(store: Store) -> RefereeRuns:
    return RefereeRuns(str(store.client.tracking_uri), "others")


def runs(store: Store) -> tuple[Run, list[Run]]:
    """The run of the only referee, and those of its submissions by number."""
    known = all_runs(store.client, store.experiment)
    (parent,) = [run for run in known if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in known if run is not parent]
    return parent, sorted(children, key=lambda run: int(run.data.tags[NUMBER]))


NUMBER = "viewcast.referee.submission"


def everything(store: Store) -> dict[str, Any]:
    """All that stands in the store, without ids that MLflow draws."""
    parent, children = runs(store)
    return {
        run.info.run_name: (
            {k: v for k, v in run.data.tags.items() if k != "mlflow.parentRunId"},
            dict(run.data.params),
            {
                name: sorted(
                    (point.step, point.timestamp, point.value)
                    for point in store.client.get_metric_history(run.info.run_id, name)
                )
                for name in run.data.metrics
            },
            (run.info.status, run.info.start_time, run.info.end_time),
        )
        for run in (parent, *children)
    }
