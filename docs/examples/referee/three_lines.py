"""A search over the penalty of a ridge regression, guarded by a referee in three lines.

Needs train.csv (features and y), valid_features.csv (features alone, in the referee's order of
rows), and a referee that holds the targets:

    viewcast referee start --rows valid.csv --target y --metric mae --budget 50
"""

import numpy as np
import pandas as pd

from viewcast.referee import Client, SpentError

train, rows = pd.read_csv("train.csv"), pd.read_csv("valid_features.csv")
X, y = train.drop(columns="y").to_numpy(), train["y"].to_numpy()

referee = Client()  # 1: address and token come from the folder ./referee, or the environment
kept = None
for penalty in np.geomspace(1e4, 1e-2, 13):
    weights = np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)
    try:
        answer = referee.submit(rows.to_numpy() @ weights)  # 2: one bit, no score
    except SpentError:
        break
    if answer.accepted:  # 3: the only thing that the search may learn
        kept = penalty
print(f"kept: a penalty of {kept:g}; answers left: {referee.status().left}")
