"""The settings of the demonstration of validation reuse, checked before anything is trained."""

from collections.abc import Sequence
from typing import Any

from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct, filled
from viewcast.data.simulator import Simulated
from viewcast.demo.leaderboard import Attack
from viewcast.demo.truth import SimulationSettings
from viewcast.referee.terms import Terms
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
    attack = construct(Attack, settings["attack"], "attack")
    construct(SimulationSettings, settings["simulations"], "simulations")
    construct(Simulated, simulated, "simulator")
    parse(base_of(search))
    terms_of(settings["referee"], attack, parse(leaderboard).data.block)
    return {
        "attack": settings["attack"],
        "referee": settings["referee"],
        "simulations": settings["simulations"],
        "simulated": simulated,
        "search": {key: value for key, value in search.items() if key != "tracking"},
        "leaderboard": {key: value for key, value in leaderboard.items() if key != "tracking"},
    }


def terms_of(settings: Plain, attack: Attack, block: int) -> Terms:
    """The terms of the referee that the attack meets.

    ``settings``: the section ``referee`` of conf/demo.yaml. ``block``: of the data's standard
    errors; the referee's blocks are as long, or a row longer, where the section has no ``length``.
    Refuses (ConfigError) wrong settings, and fewer answers than the attack has submissions.
    """
    given = {"length": max(1.0, block / 2), **filled(settings, "referee")}
    terms: Terms = construct(Terms, given, "referee")
    if terms.mode != "referee":
        raise ConfigError(
            f"referee.mode = {terms.mode}: the demonstration tells of improvements, and this mode "
            "claims none; leave the key out"
        )
    if terms.budget < attack.submissions:
        raise ConfigError(
            f"referee.budget = {terms.budget}: attack.submissions = {attack.submissions} need as "
            "many answers or more"
        )
    return terms
