"""Import an export of YouTube Studio into data/ and add its data set to the pipeline."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.paths import checked_name
from viewcast.base.settings import build
from viewcast.data.dataset import DataSet
from viewcast.data.studio import import_export
from viewcast.runs.plan import add_dataset


@stage(__file__, "import_export", short={"source": "which.source"})
def main(config: dict[str, Any], root: Path) -> None:
    """Check the export, copy it, and name its data set in conf/pipeline.yaml."""
    data = build(config["data"], "data", DataSet)
    source, name = config["which"]["source"], checked_name(data.name)
    folder = import_export(Path(source).expanduser(), root / data.raw, root, data.column)
    add_dataset(root, name)
    print(f"imported {source} to {folder.relative_to(root)}")


if __name__ == "__main__":
    main()
