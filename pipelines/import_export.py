"""Import an export as a channel of one's own, which the pipeline then runs alone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from viewcast.base.cli import compose, stage
from viewcast.base.escaped import tell
from viewcast.base.paths import imported_path
from viewcast.base.settings import build, section
from viewcast.data.import_export import import_export, last_settled, summary
from viewcast.data.metric import VIEWS
from viewcast.data.metric import label as label_of_metric
from viewcast.data.views import Studio
from viewcast.runs import own_channels

SHORT = {
    **{"source": "which.source", "name": "which.name"},
    **{"metric": "data.metric", "column": "data.column"},
}


@stage(__file__, "import_export", short=SHORT)
def main(config: dict[str, Any], root: Path) -> None:
    """Check the export; copy it, write its conf/data/<name>.yaml, and let the pipeline run it."""
    which, given = section(config, "which"), section(config, "data")
    source = Path(str(which["source"])).expanduser()
    label, name = own_channels.named(root, source, which["name"])
    base = own_channels.made_from(root, given.get("name"))
    plain = compose(root, [f"data={base}", "which.source=none"], "import_export")["data"]
    asked = {key: value for key, value in given.items() if plain.get(key) != value}
    folder = imported_path(root, name)
    identity = {"name": name, "label": label, "raw": str(folder.relative_to(root))}
    changed = {**own_channels.added(root, name), **asked, **identity}
    if changed.get("metric", VIEWS) != VIEWS:
        changed.setdefault("unit", label_of_metric(changed["metric"]))
    final = last_settled({**plain, **changed}["site"], datetime.now(UTC)).isoformat()
    data: Studio = build({**plain, **changed, "until": final}, "data", Studio)
    export = import_export(source, folder, root, data.wanted, data.min_days)
    # An older export is final to its end: its settings need not change from import to import.
    changed["until"] = final if export.newest.isoformat() == final else None
    own_channels.configure(root, name, base, changed)
    own_channels.configure_source(root, name, source, {**plain, **changed})
    own_channels.choose(root, name)
    tell(f"imported {source} to {data.raw}; the pipeline runs it alone, as {name}")
    for line in summary(export, data.metric, data.site):
        tell(f"  {line}")


if __name__ == "__main__":
    main()
