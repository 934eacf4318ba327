"""A small pipeline that a test runs here and as on another machine; what it leaves is compared."""

import sys
from pathlib import Path

from support.project import Project
from viewcast.assessment.settings import AuditSettings
from viewcast.runs.audit import audit_experiment

RUNS = (
    ["data=channel", "model=augmented"],
    ["data=channel", "model=deep", "trainer.epochs=3"],
    ["experiment=lectures_grid_search", "trainer.w.points=20", "trainer.b.points=20"],
    ["experiment=lectures_descent_100"],
)


def small_pipeline(root: Path) -> None:
    """Prepare, train and audit in ``root``."""
    project = Project(root)
    for overrides in RUNS:
        project.run(*overrides)
    audit_experiment(AuditSettings(project.config().tracking, draws=60), root)


def files_of(root: Path) -> dict[str, bytes]:
    """The files that DVC would hash, by their paths.

    The tracking store and what an interrupted run would go on from are none of them.
    """
    made = [file for part in ("build", "reports") for file in (root / part).rglob("*")]
    kept = [file for file in made if file.is_file() and "checkpoints" not in file.parts]
    return {str(file.relative_to(root)): file.read_bytes() for file in kept}


if __name__ == "__main__":
    small_pipeline(Path(sys.argv[1]))
