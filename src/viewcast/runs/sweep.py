"""A sweep: draw the candidates, train them, store their tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viewcast.base import files
from viewcast.base.engine import Engine
from viewcast.base.errors import ConfigError
from viewcast.base.masked import masked_values
from viewcast.base.paths import prepared_path, sweep_path
from viewcast.base.progress import candidate_epochs
from viewcast.base.provenance import files_digest
from viewcast.base.settings import build, construct, digest, section
from viewcast.data import table
from viewcast.sweep import replication
from viewcast.sweep.cohorts import train
from viewcast.sweep.members import Figures, Member, epochs, members
from viewcast.sweep.results import Results
from viewcast.sweep.space import Plain, Search, Values, base_of, draw, space
from viewcast.tracking import budget
from viewcast.tracking.reachable import check_reachable
from viewcast.training.config import parse
from viewcast.training.rows import rows_of
from viewcast.training.trainer import Tick


def sweep(
    plain: Plain, root: Path, figures: Figures | None = None
) -> tuple[Path, Results, list[Member]]:
    """Draw the candidates, train them, store the tables; returns folder, tables and candidates.

    ``plain`` is the composed ``conf/sweep.yaml``. The folder is named after the settings and the
    data, so a sweep that was killed goes on with the parts that are missing. ``figures``: what
    else to compute for each candidate. Refuses, before anything is written, candidates that cannot
    be trained and folders that hold anything else (ConfigError), and validation rows whose budget
    is spent (BudgetError). ``sweep.replicate``: candidates that cannot be told apart from the best
    are trained with other seeds, too (``viewcast.sweep.replication``). ``engine``: where candidates
    are trained, which is no part of the folder's name and changes no result.
    """
    base = base_of(plain)
    swept = section(plain, "sweep")
    engine: Engine = build(section(plain, "engine"), "engine", Engine)
    search: Search = construct(Search, section(plain, "search"), "search")
    seeds = replication.wanted(swept)
    keys = {key: value for key, value in swept.items() if key != replication.KEY}
    values = space(keys, base)
    if not values:
        raise ConfigError("sweep is empty; give at least one key, such as sweep.seed=range(64)")
    folder = sweep_path(root, _identity(plain, base, root, figures))
    Results.check(folder)
    drawn = [] if search.method == "optuna" else draw(values, search)
    candidates = members(base, drawn if seeds is None else replication.seeded(drawn, base))
    config = parse(base)
    budget.check(config, rows_of(config, root), "sweep", folder.name)
    check_reachable(config.tracking)
    files.write_json(folder / "sweep.json", masked_values(plain))
    count = len(candidates) or search.trials
    total = sum(epochs(member.config) for member in candidates) or search.trials * epochs(config)
    with candidate_epochs(count, total) as tick:
        if search.method == "optuna":
            candidates, results = _ask_and_tell(
                base, values, search, root, folder, tick, figures, seeds, engine
            )
        else:
            results = train(
                candidates, root, folder / "parts", tick, search.workers, figures, engine
            )
    more = [] if seeds is None else replication.replications(results, candidates, seeds)
    if more:
        last = candidates[-1].batch
        again = members(base, more, len(candidates), 1 if last is None else last + 1)
        with candidate_epochs(len(again), sum(epochs(each.config) for each in again)) as tick:
            part = train(again, root, folder / "parts", tick, search.workers, figures, engine)
        results, candidates = Results.joined([results, part]), [*candidates, *again]
    results.write(folder)
    return folder, results, candidates


def _identity(plain: Plain, base: Plain, root: Path, figures: Figures | None) -> str:
    config = parse(base)
    prepared = prepared_path(root, config.data.name, config.data.part)
    table.read(prepared, config.preparation(), config.data.name)
    data = files_digest(prepared)
    search = {key: value for key, value in plain["search"].items() if key != "workers"}
    more = [figures.identity] if figures else []
    return digest([config.identity(), plain["sweep"], search, data, *more])


def _ask_and_tell(
    base: Plain,
    values: Mapping[str, Values],
    search: Search,
    root: Path,
    folder: Path,
    tick: Tick,
    figures: Figures | None,
    seeds: int | None,
    engine: Engine,
) -> tuple[list[Member], Results]:
    """Train batches of candidates, each drawn with knowledge of the losses of those before.

    No state of optuna is stored: its draws follow from the seed and the losses. A sweep that goes
    on after a kill draws the same candidates again and finds their parts done.
    """
    from viewcast.sweep.ask_and_tell import Asker  # noqa: PLC0415 (optuna is an extra)

    asker = Asker(values, search.seed)
    candidates: list[Member] = []
    parts: list[Results] = []
    while len(candidates) < search.trials:
        asked: list[dict[str, Any]] = asker.ask(min(search.batch, search.trials - len(candidates)))
        asked = asked if seeds is None else replication.seeded(asked, base)
        batch = members(base, asked, first=len(candidates), batch=len(parts))
        parts.append(train(batch, root, folder / "parts", tick, search.workers, figures, engine))
        asker.tell(parts[-1].candidates["val_loss"].tolist())
        candidates += batch
    return candidates, Results.joined(parts)
