"""Fitted lines and networks, and rows for them."""

import numpy as np
import pandas as pd

from viewcast.models import network
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling


def line(inputs: list[str]) -> FittedNetwork:
    count = len(inputs)
    scaling = Scaling(np.arange(10.0, 10 + count), np.arange(2.0, 2 + count), 50.0, 20.0)
    return FittedNetwork(inputs, (), np.arange(1.0, count + 2), scaling)


def deep(inputs: list[str], outputs: int = 1) -> FittedNetwork:
    rng = np.random.default_rng(3)
    flat = rng.normal(size=network.size(len(inputs), (4, 3), outputs))
    return FittedNetwork(inputs, (4, 3), flat, line(inputs).scaling)


ROWS = pd.DataFrame(
    {
        "row": ["ML2021/1", "機器學習/2", "новый"],
        "pages": [61.0, 26.0, 1 / 3],
        "words": [2190.0, 1172.0, 0.1],
    }
)
