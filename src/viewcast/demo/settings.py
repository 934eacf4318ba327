"""The settings of the demonstration of validation reuse, checked before anything is trained."""

from collections.abc import Sequence
from typing import Any

from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.demo.leaderboard import Attack
from viewcast.demo.truth import Simulated, SimulationSettings
from viewcast.sweep.space import base_of
from viewcast.training.config import parse

Plain = dict[str, Any]


def planned(
    datasets: Sequence[str], settings: Plain, search: Plain, leaderboard: Plain, simulated: Plain
) -> Plain:
    """The demonstration as a pipeline's plan holds it; empty if ``datasets`` lack its data set.

    ``settings``: conf/demo.yaml; ``search``, ``leaderboard`` and ``simulated``: what is composed
    from conf/demo_search.yaml, conf/demo_leaderboard.yaml and conf/simulator.yaml. Refuses
    (ConfigError) settings that cannot be run.
    """
    data, attacked = search["data"]["name"], leaderboard["data"]["name"]
    if data != attacked:
        raise ConfigError(
            f"conf/demo_search.yaml has data={data}, conf/demo_leaderboard.yaml has "
            f"data={attacked}; the demonstration needs the same data set in both, the simulated one"
        )
    if data not in datasets:
        return {}
    construct(Attack, settings["attack"], "attack")
    construct(SimulationSettings, settings["simulations"], "simulations")
    construct(Simulated, simulated, "simulator")
    for run in (base_of(search), leaderboard):
        parse(run)
    return {
        "attack": settings["attack"],
        "simulations": settings["simulations"],
        "simulated": simulated,
        "search": {key: value for key, value in search.items() if key != "tracking"},
        "leaderboard": {key: value for key, value in leaderboard.items() if key != "tracking"},
    }
