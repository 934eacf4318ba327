"""Import a table of many videos as a data set of one's own, which the pipeline then runs alone."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import compose, stage
from viewcast.base.escaped import tell
from viewcast.base.paths import imported_path
from viewcast.base.settings import build, section
from viewcast.data.panel.importing import (
    copied,
    refuse_counter,
    refuse_other_steps,
    refuse_totals,
    spans,
    summary,
)
from viewcast.data.panel.sniff import COLUMNS, understand
from viewcast.data.panel.unpacked import unpacked
from viewcast.data.panel.videos import Videos
from viewcast.runs import own_channels

SHORT = {"source": "which.source", "name": "which.name", "column": "data.reader.views"}
BASE = "videos"


@stage(__file__, "import_export", short=SHORT)
def main(config: dict[str, Any], root: Path) -> None:
    """Check the table; copy it, write its conf/data/<name>.yaml, and let the pipeline run it."""
    which, given = section(config, "which"), section(config, "data")
    source = Path(str(which["source"])).expanduser()
    label, name = own_channels.named(root, source, which["name"])
    plain = compose(root, [f"data={BASE}", "which.source=none"], "import_export")["data"]
    asked = {k: v for k, v in section(given, "reader").items() if plain["reader"].get(k) != v}
    with unpacked(source) as tables:
        found = understand(tables, asked)
        asked = {key: value for key, value in asked.items() if key not in COLUMNS}
        reader = compose(root, [f"+reader@reader={found.reader}"], "reader")["reader"]
        # The neighbours of a file are not asked for.
        alone = {"file": tables.name} if tables.is_file() else {}
        reader = {**reader, **alone, **found.settings, **asked}
        folder = imported_path(root, name)
        where = {"name": name, "label": label, "raw": str(folder.relative_to(root))}
        data: Videos = build({**plain, **where, "reader": reader}, "data", Videos)
        panel = data.reader.read(tables if tables.is_dir() else tables.parent)
        if not reader.get("cumulative"):
            refuse_counter(panel, tables)
        refuse_other_steps(panel, tables)
        refuse_totals(panel, tables)
        week = spans(panel, data.splits[data.split])
        copied(tables, folder, root)
    changed = {**where, "reader": reader, "splits": {data.split: week}}
    own_channels.configure(root, name, BASE, changed, {"/reader@data.reader": found.reader})
    own_channels.choose(root, name)
    tell(f"imported {source} to {data.raw}; the pipeline runs it alone, as {name}")
    for line in (found.told, *summary(panel)):
        tell(f"  {line}")


if __name__ == "__main__":
    main()
