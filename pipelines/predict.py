"""The champion's forecast of the next days: `python pipelines/predict.py days=7`."""

from pathlib import Path
from typing import Any

from viewcast.base.cli import stage
from viewcast.base.settings import construct
from viewcast.retraining.predict import Predict, forecast, picture, store, told
from viewcast.tracking.write.registry import Registry


@stage(__file__, "predict")
def main(config: dict[str, Any], root: Path) -> None:
    """Write reports/forecast.csv and reports/forecast.png, and print the days."""
    settings: Predict = construct(Predict, config, "")
    found = forecast(settings, root, Registry(settings.tracking, settings.name))
    files = store(found, root), picture(found, root)
    print("\n".join(told(found)))
    print(f"  {', '.join(str(file.relative_to(root)) for file in files)}")


if __name__ == "__main__":
    main()
