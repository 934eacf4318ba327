"""What each program checks of its configuration before it begins."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from viewcast.assessment.settings import AuditSettings
from viewcast.base.engine import Engine
from viewcast.base.folders import check_file
from viewcast.base.paths import imported_path
from viewcast.base.settings import build, construct, section
from viewcast.data.panel.simulator import SimulatedPanel
from viewcast.data.panel.videos import Videos
from viewcast.data.simulator import Simulated
from viewcast.data.views import Studio
from viewcast.retraining.by_hand import ByHand
from viewcast.retraining.healthcheck import HealthCheck
from viewcast.retraining.predict import Predict
from viewcast.retraining.settings import Settings, model_name
from viewcast.runs import own_channels
from viewcast.runs.final_test import OpenTest
from viewcast.runs.run_folder import check_output
from viewcast.sweep.members import members
from viewcast.sweep.space import Search, base_of, draw, space
from viewcast.training.config import parse

MOST = 2_000  # candidates of a sweep that are made
Plain = dict[str, Any]
Check = Callable[[Plain, Path], object]


def _train(config: Plain, root: Path) -> object:
    checked = parse(config)
    return checked.identity(), check_output(root, root / checked.output) if checked.output else None


def _sweep(config: Plain, root: Path) -> object:
    base = base_of(config)
    build(section(config, "engine"), "engine", Engine)
    search: Search = construct(Search, section(config, "search"), "search")
    values = space(section(config, "sweep"), base)
    parse(base)
    return members(base, draw(values, search)[:MOST] if values else [])


def _retrain(config: Plain, root: Path) -> object:
    settings = Settings.parse(config)
    return settings.today(), settings.model_name, settings.settle_days, settings.subject


def _predict(config: Plain, root: Path) -> object:
    settings: Predict = construct(Predict, config, "")
    return model_name(settings.model_name, settings.channel)


def _by_hand(config: Plain, root: Path) -> object:
    settings: ByHand = construct(ByHand, config, "")
    return model_name(settings.model_name, settings.channel)


def _import(config: Plain, root: Path) -> object:
    which, given = section(config, "which"), section(config, "data")
    source = Path(str(which["source"])).expanduser()
    label, name = own_channels.named(root, source, which["name"])
    own_channels.made_from(root, given.get("name"))
    own_channels.added(root, name)
    identity = {"name": name, "label": label, "raw": str(imported_path(root, name))}
    return build({**given, **identity}, "data", Studio)


def _simulate(config: Plain, root: Path) -> object:
    simulated: Simulated = construct(Simulated, config, "")
    check_file(root, Path(simulated.file), "simulated channel of the project", lambda _: False)
    return simulated.views()


def _simulate_panel(config: Plain, root: Path) -> object:
    simulated: SimulatedPanel = construct(SimulatedPanel, config, "")
    check_file(root, Path(simulated.file), "simulated videos of the project", lambda _: False)
    return simulated.simulator.simulate(simulated.seed)


def _audit(config: Plain, root: Path) -> object:
    which = section(config, "which")
    del config["which"]
    return construct(AuditSettings, {**config, **which}, "")


def _health(config: Plain, root: Path) -> object:
    settings: HealthCheck = construct(HealthCheck, config, "")
    return settings.path(root)


PROGRAMS: Mapping[str, tuple[str, Check]] = {
    "train": ("config", _train),
    "sweep": ("sweep", _sweep),
    "retrain": ("retrain", _retrain),
    "predict": ("predict", _predict),
    "predict_panel": ("predict_panel", lambda c, _: build(section(c, "data"), "data", Videos)),
    "approve": ("approve", _by_hand),
    "import_export": ("import_export", _import),
    "open_test": ("open_test", lambda c, _: construct(OpenTest, c, "")),
    "audit": ("audit", _audit),
    "healthcheck": ("healthcheck", _health),
    "simulate": ("simulator", _simulate),
    "simulate_panel": ("panel_simulator", _simulate_panel),
}
NEEDED = {"import_export": ["source=export"], "predict_panel": ["data=videos"]}
