"""The forecaster as MLflow serves it: history in, the next days out (mlflow: models from code)."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext

from viewcast.base.errors import DataError
from viewcast.data.daily import check_daily
from viewcast.data.raw import first, refusal
from viewcast.forecast.channel_forecaster import ChannelForecaster

SOURCE = Path("the request")


class ServedForecaster(PythonModel):  # type: ignore[misc]
    """Forecasts from a channel's last days, given in any order as columns date and views.

    Parameter ``days``: how many days ahead. Answers date, views, low and high, one row per day.
    """

    def load_context(self, context: PythonModelContext) -> None:
        """Read the forecaster that was stored beside this file."""
        self.forecaster = ChannelForecaster.load(Path(context.artifacts["forecaster"]))

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """The next days; refuses gaps, broken counts, too short a history and too far a day.

        A refusal is an MlflowException: a server answers 400 with the reason as its message, where
        any other error would be a message about nothing and the code's own traceback.
        """
        try:
            return self._ahead(model_input.reset_index(drop=True), int((params or {})["days"]))
        except DataError as error:
            raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from error

    def _ahead(self, history: pd.DataFrame, days: int) -> pd.DataFrame:
        if days < 1:
            raise DataError(f"{SOURCE}, parameter 'days': found {days}, expected at least 1")
        dates = pd.to_datetime(history["date"], format="%Y-%m-%d", errors="coerce")
        if dates.isna().any():
            line = first(dates.isna())
            found = repr(history["date"][line])
            raise refusal(SOURCE, line, "date", found, "a date such as 2021-12-31")
        views = check_daily(dates, history["views"].astype("float64"), SOURCE)
        ahead = self.forecaster.ahead(views, days)
        return ahead.assign(date=ahead["date"].dt.strftime("%Y-%m-%d"))


mlflow.models.set_model(ServedForecaster())
