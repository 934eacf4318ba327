"""What tracking costs: a training loop with and without MLflow; storing a model; many runs."""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from side_by_side import cpu_seconds, keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.project import Project
from support.servers import serving
from viewcast.models import fitted
from viewcast.tracking.write import many_runs
from viewcast.tracking.write.finished_run import FinishedRun
from viewcast.tracking.write.recorder import Recorder
from viewcast.training.problem import Problem
from viewcast.training.rows import rows_of

EPOCHS = 100
ROUNDS = 5
TARGET = 1.10
MANY, FEW = 1000, 100  # runs: of a sweep, and where each takes long
TAGS, PARAMS, METRICS, CURVES, EPOCHS_KEPT = 30, 3, 8, 50, 200  # of a candidate of a sweep


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        keep(
            "tracking",
            [loop(project, data) for data in ("channel", "lectures")],
            f"CPU seconds of {EPOCHS} epochs of the deep model, median of {ROUNDS}; "
            f"target for the channel: ratio at most {TARGET}",
        )
        keep("storing_a_model", [store(project)], "wall seconds, median; target: well under 1 s")
        keep(
            "many_runs",
            recordings(project, Path(folder)),
            f"seconds to record finished runs, {CURVES} of {MANY} with curves of {EPOCHS_KEPT} "
            f"epochs; target: {MANY} in at most 10 s, wall at most 1.2 times CPU; on a server the "
            "CPU seconds are the client's alone",
        )


def loop(project: Project, data: str) -> dict[str, object]:
    """Two losses an epoch: cheap beside 44 updates of the channel, not beside one of lectures."""
    overrides = (f"data={data}", "model=deep", f"trainer.epochs={EPOCHS}", "trainer.patience=null")
    config = project.config(*overrides)
    project.prepare(config)
    rows = rows_of(config, project.root)
    problem = Problem(
        rows.train, rows.validation, rows.inputs, config.loss, config.seed, config.threads, "bench"
    )
    with Recorder(config, project.root) as recorder:
        tracked = replace(problem, on_epoch=recorder.on_epoch)

        def with_tracking() -> None:
            config.trainer.fit(tracked, config.model)
            recorder.flush()

        seconds = cpu_seconds(
            {
                "without": lambda: config.trainer.fit(problem, config.model),
                "with": with_tracking,
            },
            ROUNDS,
        )
    ratio = seconds["with"] / seconds["without"]
    return {"data": data, "rows": len(rows.train), **seconds, "ratio": ratio}


def store(project: Project) -> dict[str, object]:
    config = project.config("data=channel", "model=deep")
    rows = rows_of(config, project.root)
    trained = project.config("data=channel", "model=linear").trainer.fit(
        Problem(rows.train, rows.validation, rows.inputs, config.loss, 1, 1, "bench"), None
    )
    folder = project.root / "stored"
    fitted.save(trained.model, folder, config.data.unit)
    example = rows.train[rows.inputs].head(2)
    taken = []
    for _ in range(ROUNDS + 1):
        with Recorder(config, project.root) as recorder:
            start = time.perf_counter()
            recorder.model(folder, example, trained.model.predict(example))
            taken.append(time.perf_counter() - start)
    return {"first": taken[0], "later": sorted(taken[1:])[ROUNDS // 2]}


def recordings(project: Project, folder: Path) -> list[dict[str, object]]:
    """The same runs by MLflow's client one by one, and by ours."""
    client, _ = project.experiment("data=channel")
    plain = MlflowClient(f"sqlite:///{folder}/plain.db")  # a journal, as MLflow makes it
    rows = [
        recording("client, one by one", "SQLite, as MLflow makes it", plain, FEW, one_by_one),
        recording("client, one by one", "SQLite that writes ahead", client, FEW, one_by_one),
        recording("ours", "SQLite, as MLflow makes it", plain, MANY, many_runs.add),
        recording("ours", "SQLite that writes ahead", client, MANY, many_runs.add),
    ]
    store = f"sqlite:///{folder}/served.db"
    with serving("server", "--backend-store-uri", store, "--workers", "4") as address:
        server = MlflowClient(address)
        rows.append(recording("client, one by one", "server", server, FEW, one_by_one))
        rows.append(recording("ours", "server", server, FEW, many_runs.add))
    return rows


def recording(
    way: str,
    store: str,
    client: MlflowClient,
    count: int,
    record: Callable[[MlflowClient, str, list[FinishedRun]], None],
) -> dict[str, object]:
    experiment = client.create_experiment(f"{way} {count}")
    record(client, experiment, [candidate(0)])
    runs = [candidate(number) for number in range(count)]
    wall, cpu = time.perf_counter(), time.process_time()
    record(client, experiment, runs)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    thousand = 1000 * wall / count
    return {
        "way": way,
        "store": store,
        "runs": count,
        "wall s": wall,
        "CPU s": cpu,
        "wall / CPU": wall / cpu,
        "wall s of 1,000": thousand,
    }


def one_by_one(client: MlflowClient, experiment: str, runs: list[FinishedRun]) -> None:
    for run in runs:
        made = client.create_run(experiment, run.start, run.tags)
        client.log_batch(made.info.run_id, metrics=run.metrics, params=run.params)
        client.set_terminated(made.info.run_id, run.status, run.end)


def candidate(number: int) -> FinishedRun:
    epochs = EPOCHS_KEPT if number % (MANY // CURVES) == 0 else 1
    curve = [Metric(key, 1 / (e + 1), 1, e) for key in ("train", "val") for e in range(epochs)]
    return FinishedRun(
        tags={"mlflow.runName": f"run-{number}", **{f"tag{n}": "v" * 16 for n in range(TAGS)}},
        start=1000,
        end=2000,
        status="FINISHED",
        params=[Param(f"param{n}", str(number)) for n in range(PARAMS)],
        metrics=[*curve, *(Metric(f"metric{n}", 0.1 * number, 1, 0) for n in range(METRICS))],
    )


if __name__ == "__main__":
    main()
