"""The next days of every video of a panel: `python pipelines/predict_panel.py data=videos`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.escaped import tell
from viewcast.base.settings import build, section
from viewcast.data.panel.videos import Videos
from viewcast.runs.panel_forecast import as_text, forecast, store


@stage(__file__, "predict_panel")
def main(config: dict[str, Any], root: Path) -> None:
    """Write reports/forecast_<data>_<split>.parquet and .csv, and print what was forecast."""
    data: Videos = build(section(config, "data"), "data", Videos)
    found = forecast(data, root)
    paths = store(found, root, data)
    tell("\n".join(as_text(found, data)))
    tell(f"  {', '.join(str(path.relative_to(root)) for path in paths)}")


if __name__ == "__main__":
    main()
