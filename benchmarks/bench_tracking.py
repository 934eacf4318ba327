"""What tracking costs: the same training loop with and without MLflow; storing a model."""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from side_by_side import cpu_seconds, keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.project import Project
from viewcast.models import fitted
from viewcast.tracking.write.recorder import Recorder
from viewcast.training.problem import Problem
from viewcast.training.rows import rows_of

EPOCHS = 100
ROUNDS = 5
TARGET = 1.10


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


if __name__ == "__main__":
    main()
