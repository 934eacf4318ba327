"""The forecaster as MLflow serves it: history in, the next days out (mlflow: models from code)."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext

from viewcast.data.daily import check_daily
from viewcast.forecast.forecaster import Forecaster


class ServedForecaster(PythonModel):  # type: ignore[misc]
    """Forecasts from a channel's last days, given in any order as columns date and views.

    Parameter ``days``: how many days ahead. Answers date, views, low and high, one row per day.
    """

    def load_context(self, context: PythonModelContext) -> None:
        """Read the forecaster that was stored beside this file."""
        self.forecaster = Forecaster.load(Path(context.artifacts["forecaster"]))

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """The next days; refuses (DataError) gaps, broken counts and too short a history."""
        dates = pd.to_datetime(model_input["date"], format="%Y-%m-%d")
        views = check_daily(dates, model_input["views"].astype("float64"), Path("the request"))
        ahead = self.forecaster.ahead(views, int((params or {})["days"]))
        return ahead.assign(date=ahead["date"].dt.strftime("%Y-%m-%d"))


mlflow.models.set_model(ServedForecaster())
