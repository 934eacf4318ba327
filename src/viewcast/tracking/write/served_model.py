"""The stored model as MLflow loads it: code and weights, no pickle (mlflow: models from code)."""

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext
from numpy.typing import NDArray

from viewcast.models import fitted


class ServedModel(PythonModel):  # type: ignore[misc]
    """Predicts from the columns named in the model's signature."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model folder that was stored beside this file."""
        self.model = fitted.load(Path(context.artifacts["model"]))

    def predict(self, model_input: pd.DataFrame) -> NDArray[np.float64]:
        """Predictions (N,), in the unit of the target."""
        return self.model.predict(model_input)


mlflow.models.set_model(ServedModel())
