"""The story of validation reuse, told by real runs on a channel whose truth is known.

A random search, one look per candidate; a leaderboard with rows in the hidden holdout, attacked submission
by submission; and what these runs, and those of the study on the same rows, are worth in truth:
each has ``val_loss_true`` and its standard error among its metrics.

``build/demo`` holds ``search.json``, ``leaderboard.json`` and ``study.json``, each written last: a
key of what it was made from, and the runs that tell it. A part is told again only if its key
changed or the tracking store lost one of its runs.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from viewcast.base.errors import ConfigError
from viewcast.base.paths import demo_path, experiment_path, prepared_path, sweep_path
from viewcast.base.provenance import code_digest, files_digest
from viewcast.base.settings import Tracking, construct, digest
from viewcast.data import daily, simulator, table
from viewcast.demo.leaderboard import Attack
from viewcast.demo.truth import Simulated, Simulations, SimulationSettings, TrueLoss
from viewcast.models import fitted
from viewcast.training.config import Config, parse
from viewcast.training.rows import rows_of

Plain = dict[str, Any]


def planned(
    datasets: Sequence[str], settings: Plain, search: Plain, leaderboard: Plain, simulated: Plain
) -> Plain:
    """The story as the plan of a pipeline holds it: empty where ``datasets`` lack the one it is of.

    ``settings``: conf/demo.yaml; ``search``, ``leaderboard`` and ``simulated``: what is composed
    from conf/demo_search.yaml, conf/demo_leaderboard.yaml and conf/simulator.yaml. Refuses
    (ConfigError) what cannot be told.
    """
    data, attacked = search["data"]["name"], leaderboard["data"]["name"]
    if data != attacked:
        raise ConfigError(
            f"conf/demo_search.yaml is of data={data}, conf/demo_leaderboard.yaml of "
            f"data={attacked}; a story is of one data set, the simulated one"
        )
    if data not in datasets:
        return {}
    construct(Attack, settings["attack"], "attack")
    construct(SimulationSettings, settings["simulations"], "simulations")
    construct(Simulated, simulated, "simulator")
    for run in (_base(search), leaderboard):
        parse(run)
    return {
        "attack": settings["attack"],
        "simulations": settings["simulations"],
        "simulated": simulated,
        "search": {key: value for key, value in search.items() if key != "tracking"},
        "leaderboard": {key: value for key, value in leaderboard.items() if key != "tracking"},
    }


def story(plan: Plain, tracking: Plain, root: Path) -> dict[str, str]:
    """Tell each part of a planned story; what became of each: ``kept`` or ``told``.

    Without a plan, where the pipeline does not have the data set, there is nothing to tell.
    ``tracking`` is the section that plans leave out.
    """
    folder = demo_path(root)
    if not plan:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not plan:
        (folder / "none").touch()  # DVC warns about an empty output
        return {}
    (folder / "none").unlink(missing_ok=True)
    telling = Telling(plan, tracking, root)
    by = {"search": plan["search"], "leaderboard": [plan["leaderboard"], plan["attack"]]}
    return {
        "search": telling.once("search", by["search"], telling.search),
        "leaderboard": telling.once("leaderboard", by["leaderboard"], telling.attack),
        "study": telling.once("study", telling.of_study, telling.study),
    }


def _base(sweep: Plain) -> Plain:
    return {key: value for key, value in sweep.items() if key not in ("sweep", "search")}


@dataclass(frozen=True)
class Telling:
    """A planned story being told in a project; what several parts need is made once."""

    plan: Plain
    tracking: Plain
    root: Path
    _truths: dict[str, TrueLoss] = field(default_factory=dict)

    def once(self, part: str, told_by: Any, tell: Callable[[], list[str]]) -> str:
        """Tell a part, unless it has been told, by the same, and its runs are there."""
        file = demo_path(self.root) / f"{part}.json"
        former = json.loads(file.read_text()) if file.is_file() else {}
        key = digest([told_by, self._origin])
        if former.get("key") == key and self._known.issuperset(former["runs"]):
            return "kept"
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps({"key": key, "runs": tell()}, indent=2) + "\n")
        partial.replace(file)
        return "told"

    def search(self) -> list[str]:
        """Train and record the candidates of the random search; their runs."""
        # torch and MLflow take seconds to import: only who trains and records pays.
        from viewcast.runs.sweep import sweep  # noqa: PLC0415
        from viewcast.tracking.write.sweep_recorder import family, finish, record  # noqa: PLC0415

        plain = {**self.plan["search"], "tracking": self._beside("search")}
        folder, results, everyone = sweep(plain, self.root, self._truth(self._searched))
        parent = record(results, everyone, folder, self.root)
        finish(parent, [], everyone)
        return family(parent, everyone)

    def attack(self) -> list[str]:
        """Attack the leaderboard and record its submissions; their runs."""
        from viewcast.demo.attack import attacked  # noqa: PLC0415 (as above)
        from viewcast.tracking.write.sweep_recorder import family, finish, record  # noqa: PLC0415

        config, settings = self._attacked, self.plan["attack"]
        truth = self._truth(config)
        folder = sweep_path(self.root, digest([config.identity(), settings, truth.identity]))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sweep.json").write_text(json.dumps(config.plain, indent=2) + "\n")
        attack = construct(Attack, settings, "attack")
        results, everyone = attacked(config, attack, rows_of(config, self.root), truth)
        results.write(folder)
        parent = record(results, everyone, folder, self.root)
        finish(parent, [], everyone)
        return family(parent, everyone)

    def study(self) -> list[str]:
        """Note with the runs of the study on the same rows what they are worth; those runs."""
        from viewcast.tracking.write.late_metrics import note  # noqa: PLC0415 (as above)

        found = {}
        for name, run_id in self.of_study.items():
            result = json.loads((experiment_path(self.root, name) / "result.json").read_text())
            config = self._configs[result["split"]]
            model = fitted.load(experiment_path(self.root, name) / "model")
            found[run_id] = self._truth(config)(model, config.loss)
        note(construct(Tracking, self.tracking, "tracking"), found)
        return list(found)

    @cached_property
    def of_study(self) -> dict[str, str]:
        """The run of each experiment of the study on the validation rows of the story."""
        found = {}
        for file in sorted(experiment_path(self.root, "").glob("*/result.json")):
            result = json.loads(file.read_text())
            config = self._configs.get(result["split"])
            wanted = config and (config.data.name, config.loss.name)
            if wanted == (result["data"], result["loss"]) and result["status"] == "finished":
                found[file.parent.name] = result["run_id"]
        return found

    @cached_property
    def _searched(self) -> Config:
        return parse({**_base(self.plan["search"]), "tracking": self._beside("search")})

    @cached_property
    def _attacked(self) -> Config:
        return parse({**self.plan["leaderboard"], "tracking": self._beside("leaderboard")})

    def _beside(self, part: str) -> Plain:
        """An experiment of its own, so that hundreds of runs do not bury those of the study."""
        return {**self.tracking, "experiment": f"{self.tracking['experiment']}-{part}"}

    @cached_property
    def _configs(self) -> dict[str, Config]:
        return {config.data.split: config for config in (self._searched, self._attacked)}

    @cached_property
    def _origin(self) -> str:
        """Hash of all that a truth follows from, and of the code."""
        made_by = [Path(str(module.__file__)) for module in (simulator, daily)]
        data = files_digest(prepared_path(self.root, self._searched.data.name), *made_by)
        return digest([data, code_digest(), self.plan["simulated"], self.plan["simulations"]])

    @cached_property
    def _known(self) -> set[str]:
        from viewcast.tracking.store import all_runs, connect, related  # noqa: PLC0415 (as above)

        client, _ = connect(construct(Tracking, self.tracking, "tracking"))
        everywhere = related(client, str(self.tracking["experiment"]))
        return {run.info.run_id for run in all_runs(client, everywhere)}

    def _truth(self, config: Config) -> TrueLoss:
        """The truth on all validation days of a split, those in the hidden holdout too."""
        split = config.data.split
        if split not in self._truths:
            path = prepared_path(self.root, config.data.name)
            whole = table.read(path, config.preparation(), config.data.name)
            rows = whole[whole[f"{table.SPLIT}{split}"] == "validation"]
            simulated = construct(Simulated, self.plan["simulated"], "simulator")
            again = construct(SimulationSettings, self.plan["simulations"], "simulations")
            simulations = Simulations.of(config.data, rows, simulated, again)
            self._truths[split] = TrueLoss(simulations, digest([self._origin, split]))
        return self._truths[split]
