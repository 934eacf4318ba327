"""A sweep from its settings to its tables."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viewcast.config import construct, digest, parse
from viewcast.data import table
from viewcast.errors import ConfigError
from viewcast.origin import files_digest
from viewcast.paths import prepared_path, sweep_path
from viewcast.progress import candidate_epochs
from viewcast.sweep.results import Results
from viewcast.sweep.space import Plain, Search, Values, draw, space
from viewcast.sweep.train import Member, Tick, members, train


def sweep(plain: Plain, root: Path) -> tuple[Path, Results, list[Member]]:
    """Draw the candidates, train them, store the tables; returns folder, tables and candidates.

    ``plain`` is the composed ``conf/sweep.yaml``. The folder is named after the settings and the
    data: a sweep that was killed goes on there, chunk by chunk.
    """
    base = {key: value for key, value in plain.items() if key not in ("sweep", "search")}
    search: Search = construct(Search, plain["search"], "search")
    values = space(plain["sweep"], base)
    if not values:
        raise ConfigError("sweep is empty; give at least one key, such as sweep.seed=range(64)")
    folder = sweep_path(root, _identity(plain, base, root))
    drawn = [] if search.method == "optuna" else draw(values, search)
    everyone = members(base, drawn)  # checked, all of them, before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sweep.json").write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    count = len(everyone) or search.trials
    with candidate_epochs(count, count * base["trainer"]["epochs"]) as tick:
        if search.method == "optuna":
            everyone, results = _ask_and_tell(base, values, search, root, folder, tick)
        else:
            results = train(everyone, root, folder / "chunks", tick, search.workers)
    results.write(folder / "tables")
    return folder, results, everyone


def _identity(plain: Plain, base: Plain, root: Path) -> str:
    config = parse(base)
    prepared = prepared_path(root, config.data.name)
    table.read(prepared, config.preparation(), config.data.name)  # refused before anything is made
    data = files_digest(prepared)
    search = {key: value for key, value in plain["search"].items() if key != "workers"}
    return digest([config.identity(), plain["sweep"], search, data])


def _ask_and_tell(
    base: Plain, values: Mapping[str, Values], search: Search, root: Path, folder: Path, tick: Tick
) -> tuple[list[Member], Results]:
    """Batches of candidates, each drawn in sight of the losses of those before.

    Nothing of optuna's is stored: its draws follow from the seed and the losses, so a sweep that
    goes on asks for the same candidates and finds their chunks done.
    """
    from viewcast.sweep.ask_and_tell import Asker  # noqa: PLC0415 (optuna is an extra)

    asker = Asker(values, search.seed)
    everyone: list[Member] = []
    parts: list[Results] = []
    while len(everyone) < search.trials:
        asked: list[dict[str, Any]] = asker.ask(min(search.batch, search.trials - len(everyone)))
        batch = members(base, asked, first=len(everyone))
        parts.append(train(batch, root, folder / "chunks", tick, search.workers))
        asker.tell(parts[-1].candidates["val_loss"].tolist())
        everyone += batch
    return everyone, Results.joined(parts)
