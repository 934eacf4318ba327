"""The next days, forecast by the version that serves: `python pipelines/predict.py days=7`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.escaped import tell
from viewcast.base.settings import construct
from viewcast.retraining.predict import Predict, as_text, forecast, picture, store


@stage(__file__, "predict")
def main(config: dict[str, Any], root: Path) -> None:
    """Write reports/forecast.csv and reports/forecast.png, and print the days."""
    settings: Predict = construct(Predict, config, "")
    result = forecast(settings, root, settings.registry())
    files = store(result, root), picture(result, root)
    tell("\n".join(as_text(result)))
    tell(f"  {', '.join(str(file.relative_to(root)) for file in files)}")


if __name__ == "__main__":
    main()
