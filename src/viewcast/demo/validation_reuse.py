"""The demonstration of validation reuse: real runs on a simulated channel whose true loss is known.

It has four parts:

- ``search``: a random search, one look per candidate;
- ``leaderboard``: an attack on a leaderboard, one look per submission, with a hidden holdout;
- ``referee``: the same attack before a referee that answers one bit, and both beside each other;
- ``experiments``: the experiments of the pipeline that are validated on the same rows.

Every run of a part has its true loss, ``val_loss_true``, and the standard error of that among its
metrics. The referee's part has no run of its own: what it found is an artifact of the attack's run.

``build/demo`` holds one file per part, ``search.json`` for instance, which is written last: a key
(hash of everything that the part is made from), the keys of its runs, and what the part found
(``viewcast.demo.two_climbs``). A part is made again only
if its key changed or if the tracking store lost one of its runs, or the true loss of one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.masked import masked_values
from viewcast.base.paths import (
    demo_path,
    experiment_path,
    experiments_path,
    prepared_path,
    sweep_path,
)
from viewcast.base.provenance import code_digest, files_digest
from viewcast.base.settings import Tracking, construct, digest
from viewcast.data import table
from viewcast.data.simulator import Simulated
from viewcast.data.views import daily_views
from viewcast.demo import two_climbs
from viewcast.demo.leaderboard import Attack
from viewcast.demo.settings import Plain, terms_of
from viewcast.demo.truth import Simulations, SimulationSettings, TrueLoss
from viewcast.models import fitted
from viewcast.sweep.space import base_of
from viewcast.tracking.reachable import check_reachable
from viewcast.tracking.tags import CANDIDATES, VAL_LOSS_TRUE
from viewcast.training.config import Config, parse
from viewcast.training.rows import rows_of
from viewcast.training.run_code import modules_of

if TYPE_CHECKING:
    from viewcast.tracking.run_keys import Recorded

# What a part is made by: the search, the attack and the truth of both. How MLflow is written to
# changes none of it.
CODE = ("viewcast.runs.sweep", "viewcast.demo.attack", "viewcast.demo.truth")
BESIDE = ("viewcast.tracking",)
REFEREED = "viewcast.demo.refereed"
AGAIN = "`dvc repro` makes it again"
PARTS = ("search", "leaderboard", two_climbs.PART, "experiments")


def demonstrate(plan: Plain, tracking: Plain, root: Path) -> dict[str, str]:
    """Make each part of the planned demonstration; returns ``kept`` or ``done`` for each part.

    An empty plan means that the pipeline lacks the data set: then there are no parts.
    ``tracking`` is the section that plans leave out; a store that does not answer is refused
    (TrackingError) before anything is computed.
    """
    folder = demo_path(root)
    folder.mkdir(parents=True, exist_ok=True)
    if not plan:
        for part in PARTS:
            files.remove(folder / f"{part}.json")
        (folder / "none").touch()  # DVC warns about an empty output
        return {}
    check_reachable(construct(Tracking, tracking, "tracking"))
    files.remove(folder / "none")
    demonstration = Demonstration(plan, tracking, root)
    attack = [plan["leaderboard"], plan["attack"]]
    made_from = {
        "search": plan["search"],
        "leaderboard": attack,
        two_climbs.PART: [*attack, plan["referee"], code_digest(REFEREED, without=BESIDE)],
        "experiments": demonstration.experiment_runs,
    }
    make = {
        "search": demonstration.search,
        "leaderboard": demonstration.attack,
        two_climbs.PART: demonstration.referee,
        "experiments": demonstration.experiments,
    }
    return {part: demonstration.once(part, made_from[part], make[part]) for part in make}


@dataclass(frozen=True)
class Demonstration:
    """A planned demonstration in a project; what several parts need is made once."""

    plan: Plain
    tracking: Plain
    root: Path
    _truths: dict[str, TrueLoss] = field(default_factory=dict)

    def once(self, part: str, made_from: Any, make: Callable[[], Plain]) -> str:
        """Make a part, unless it was made from the same things and the store has its runs."""
        file = demo_path(self.root) / f"{part}.json"
        former = _former(file)
        key = digest([made_from, self._origin])
        if former.get("key") == key and all(map(self._holds, former["runs"])):
            return "kept"
        files.write_json(file, {"key": key, **make()})
        return "done"

    def search(self) -> Plain:
        """Train and record the candidates of the random search; returns their keys."""
        # torch and MLflow take seconds to import; they are needed only if something is trained.
        from viewcast.runs.sweep import sweep  # noqa: PLC0415
        from viewcast.tracking.write.sweep_recorder import family, finish, record  # noqa: PLC0415

        plain = {**self.plan["search"], "tracking": self.tracking}
        folder, results, candidates = sweep(plain, self.root, self._truth(self._searched))
        parent = record(results, candidates, folder, self.root)
        finish(parent, [], candidates)
        return {"runs": family(parent, candidates)}

    def attack(self) -> Plain:
        """Attack the leaderboard and record its submissions; returns their keys."""
        from viewcast.demo.attack import attacked  # noqa: PLC0415 (as above)
        from viewcast.tracking.experiments import LEADERBOARD  # noqa: PLC0415 (as above)
        from viewcast.tracking.write.sweep_recorder import family, finish, record  # noqa: PLC0415

        config, settings = self._attacked, self.plan["attack"]
        truth = self._truth(config)
        folder = sweep_path(self.root, digest([config.identity(), settings, truth.identity]))
        files.write_json(folder / "sweep.json", masked_values(config.plain))
        attack = construct(Attack, settings, "attack")
        results, candidates = attacked(config, attack, rows_of(config, self.root), truth)
        results.write(folder)
        parent = record(results, candidates, folder, self.root, LEADERBOARD)
        finish(parent, [], candidates)
        return {"runs": family(parent, candidates)}

    def referee(self) -> Plain:
        """The same attack before a referee, stored with the attack's run; both climbs."""
        from viewcast.demo.refereed import refereed  # noqa: PLC0415 (as above)
        from viewcast.tracking.write.additions import add_json  # noqa: PLC0415 (as above)

        config, plan = self._attacked, self.plan
        attack = construct(Attack, plan["attack"], "attack")
        terms = terms_of(plan["referee"], attack, config.data.block)
        simulations = self._truth(config).simulations
        climbs = refereed(config, attack, terms, rows_of(config, self.root), simulations).plain()
        of_attack = _former(demo_path(self.root) / "leaderboard.json")["runs"]
        known = self._recorded()
        (key,) = (one for one in of_attack if CANDIDATES in known[one].data.tags)
        add_json(config.tracking, known[key].info.run_id, f"{two_climbs.PART}.json", climbs)
        return {"runs": [key], two_climbs.TOLD: climbs}

    def experiments(self) -> Plain:
        """Add the true loss to the runs of experiments on the same rows; returns their keys."""
        from viewcast.tracking.write.additions import add_metrics  # noqa: PLC0415 (as above)

        true_losses, known = {}, self._recorded()
        for name, key in self.experiment_runs.items():
            result = files.read_json(experiment_path(self.root, name) / "result.json", AGAIN)
            config = self._configs[result["split"]]
            model = fitted.load(experiment_path(self.root, name) / "model")
            true_losses[known[key].info.run_id] = self._truth(config)(model, config.loss)
        add_metrics(construct(Tracking, self.tracking, "tracking"), true_losses)
        return {"runs": list(self.experiment_runs.values())}

    @cached_property
    def experiment_runs(self) -> dict[str, str]:
        """Key of each finished experiment whose validation rows the demonstration uses."""
        runs = {}
        for file in sorted(experiments_path(self.root).glob("*/result.json")):
            result = files.read_json(file, AGAIN)
            config = self._configs.get(result["split"])
            wanted = config and (config.data.name, config.loss.name)
            if wanted == (result["data"], result["loss"]) and result["status"] == "finished":
                runs[file.parent.name] = result["key"]
        return runs

    @cached_property
    def _searched(self) -> Config:
        return parse({**base_of(self.plan["search"]), "tracking": self.tracking})

    @cached_property
    def _attacked(self) -> Config:
        return parse({**self.plan["leaderboard"], "tracking": self.tracking})

    @cached_property
    def _configs(self) -> dict[str, Config]:
        return {config.data.split: config for config in (self._searched, self._attacked)}

    @cached_property
    def _origin(self) -> str:
        """Hash of everything that a true loss follows from, and of the code."""
        data = files_digest(prepared_path(self.root, self._searched.data.name))
        code = code_digest(*CODE, *modules_of(self._searched, self._attacked), without=BESIDE)
        return digest([data, code, self.plan["simulated"], self.plan["simulations"]])

    def _holds(self, key: str) -> bool:
        """Whether the store has the run with all that it should have."""
        run = self._known.get(key)
        if run is None:
            return False
        scored = run.info.status == "FINISHED" and CANDIDATES not in run.data.tags
        return not scored or VAL_LOSS_TRUE in run.data.metrics

    @cached_property
    def _known(self) -> "Recorded":
        return self._recorded()

    def _recorded(self) -> "Recorded":
        from viewcast.tracking.run_keys import recorded  # noqa: PLC0415 (as above)

        return recorded(construct(Tracking, self.tracking, "tracking"))

    def _truth(self, config: Config) -> TrueLoss:
        """The true loss on all validation days of a split, the hidden holdout included."""
        split = config.data.split
        if split not in self._truths:
            path = prepared_path(self.root, config.data.name)
            whole = table.read(path, config.preparation(), config.data.name)
            rows = whole[whole[f"{table.SPLIT}{split}"] == "validation"]
            simulated = construct(Simulated, self.plan["simulated"], "simulator")
            again = construct(SimulationSettings, self.plan["simulations"], "simulations")
            simulations = Simulations.of(daily_views(config.data), rows, simulated, again)
            self._truths[split] = TrueLoss(simulations, digest([self._origin, split]))
        return self._truths[split]


def _former(file: Path) -> dict[str, Any]:
    """From what a part was made last; nothing where that is not known, and it is made again."""
    try:
        return dict(files.read_json(file, ""))
    except (DataError, TypeError, ValueError):
        return {}
