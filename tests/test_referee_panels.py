"""A referee of a panel: which entities or times it hides, and rows that are alike."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.judged_targets import AMOUNTS
from viewcast.base.errors import ConfigError, DataError
from viewcast.referee import Referee

PANEL = pd.DataFrame({"entity": np.repeat(np.arange(40), 12), "time": np.tile(np.arange(12), 40)})


@pytest.mark.parametrize("cluster", ["entity", "both"])
def test_of_a_panel_whole_entities_are_hidden(cluster: Any) -> None:
    referee = Referee(np.resize(AMOUNTS, 480), "mae", keys=PANEL, cluster=cluster)
    gate, hidden = referee.parts.gate, referee.parts.hidden
    assert set(PANEL.entity[gate]).isdisjoint(PANEL.entity[hidden])
    assert PANEL.entity[hidden].nunique() == 10
    assert len(gate) + len(hidden) == 480


def test_of_a_panel_whose_times_alone_are_new_the_last_times_are_hidden() -> None:
    turned = PANEL.rename(columns={"entity": "time", "time": "entity"}).sample(
        frac=1, random_state=1
    )
    referee = Referee(np.resize(AMOUNTS, 480), "mae", keys=turned, cluster="time")
    times = turned.time.to_numpy()
    assert times[referee.parts.gate].max() == 29
    assert times[referee.parts.hidden].min() == 30


def test_rows_of_one_entity_that_gain_together_count_as_one() -> None:
    rng = np.random.default_rng(5)
    targets = rng.uniform(1, 3, 480)
    first = targets + 1.0
    of_entity = np.repeat(0.05 + 0.25 * rng.standard_normal(40), 12)
    accepted = {}
    for cluster in (None, "entity"):
        referee = Referee(targets, "mae", keys=PANEL, cluster=cluster)
        referee.submit(first)
        accepted[cluster] = referee.submit(first - of_entity).accepted
    assert accepted == {None: True, "entity": False}


@pytest.mark.parametrize(
    ("times", "entities", "cluster", "said"),
    [
        (40, 12, "entity", "9 entities that judge and 3 hidden"),
        (12, 40, "time", "9 times that judge and 3 hidden"),
        (7, 40, "both", "7 entities or times that judge and 7 hidden"),
    ],
)
def test_a_panel_with_too_little_of_what_is_new_is_refused(
    times: int, entities: int, cluster: Any, said: str
) -> None:
    keys = pd.DataFrame(
        {
            "entity": np.repeat(np.arange(entities), times),
            "time": np.tile(np.arange(times), entities),
        }
    )
    targets = np.resize(AMOUNTS, len(keys))
    with pytest.raises(DataError, match=said):
        Referee(targets, "mae", keys=keys, cluster=cluster)


def test_keys_that_are_missing_are_refused() -> None:
    keys = PANEL.astype(float)
    keys.loc[3, "time"] = np.nan
    for given_keys in (None, keys, PANEL[:100], PANEL[["entity"]]):
        with pytest.raises(ConfigError, match="cluster = entity"):
            Referee(np.resize(AMOUNTS, 480), "mae", keys=given_keys, cluster="entity")
