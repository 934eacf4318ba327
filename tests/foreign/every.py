"""Every experiment by its name, in the order of the table that ``benchmarks/foreign.py`` prints."""

from types import ModuleType

from foreign import (
    repeats,
    tables,
    troubles,
    with_boosting,
    with_networks,
    with_optuna,
    with_sklearn,
)
from foreign.experiment import Build

MODULES: tuple[ModuleType, ...] = (
    with_sklearn,
    with_boosting,
    with_optuna,
    with_networks,
    tables,
    repeats,
    troubles,
)
EXPERIMENTS: dict[str, Build] = {
    name: make
    for module in MODULES
    for name, make in vars(module).items()
    if not name.startswith("_")
    and getattr(make, "__module__", "") == module.__name__
    and getattr(make, "__annotations__", {}) == {"return": module.Expected}
}
