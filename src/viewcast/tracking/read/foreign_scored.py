"""Runs of others as what a study compares: losses turned so that less is better, facts, a look."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlflow import MlflowClient

from viewcast.assessment.row_losses import RowLosses
from viewcast.assessment.study import UNKNOWN, Facts, Scored
from viewcast.tracking.look_tags import look_at, look_of
from viewcast.tracking.metric_names import plain
from viewcast.tracking.read.candidate_runs import Candidate, usable
from viewcast.tracking.read.foreign_figures import (
    Read,
    fold_values,
    row_count,
    train_loss,
    uses_of,
)
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.run_metadata import facts
from viewcast.tracking.read.run_settings import seed_of, settings_of, size_of
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.tags import HOLDOUT, LOOK_USES

DATASETS = ("dataset", "dataset_name", "dataset_version", "dataset_id", "data", "data_version")


def scored_of(
    client: MlflowClient,
    one: Read,
    choice: MetricChoice | None,
    value: float | None,
    own_batches: Mapping[str, str],
    settings: ReadSettings,
) -> Scored:
    """What takes part in a study; ``value`` in the user's direction, None where it has none."""
    candidate, table = one.candidate, one.found.rows
    run, tags = candidate.run, candidate.run.data.tags
    holdout = tags.get(HOLDOUT) or one.behind.digest or (table.identity if table else None)
    if table is not None and table.asked:
        holdout = table.identity
    look = (look_of(run, client) if LOOK_USES in tags else None) or look_at(
        run, holdout, uses_of(client, one, choice)
    )
    known = _facts(one, choice)
    sign = -1.0 if known.more_is_better else 1.0
    why = candidate.aside or one.error
    losses, shown, folds = None, None, None
    if table is not None:
        losses = RowLosses(table.keys, table.values)
        shown = float(losses.final.mean())
    elif value is not None:
        assert choice is not None
        shown = sign * value if usable(value) else None
        if shown is None:
            why = why or f"it diverged: its {choice.name} is no finite number"
        by_fold = fold_values(one, choice)
        folds = None if by_fold is None else sign * by_fold
    return Scored(
        look=replace(
            look,
            run_id=candidate.run_id,
            key=look.key if candidate.run_id == run.info.run_id else candidate.run_id,
            holdout=holdout,
            batch_id=own_batches.get(candidate.run_id, look.batch_id),
            parent=None if candidate.parent is None else candidate.parent.info.run_id,
        ),
        facts=known,
        train_loss=train_loss(one, sign),
        shown=shown if shown is not None and usable(shown) else None,
        rows=losses,
        excluded=why,
        folds=folds,
        row_count=row_count(one, settings.n) if losses is None else None,
    )


def _facts(one: Read, choice: MetricChoice | None) -> Facts:
    candidate, table = one.candidate, one.found.rows
    known = replace(
        facts(candidate.run, candidate.parent),
        name=candidate.name,
        seed=seed_of(candidate.params, candidate.run.data.tags),
        settings=settings_of(candidate.params),
    )
    size, size_of_what = size_of(candidate.params, candidate.metrics)
    known = replace(known, size=size, size_of=size_of_what)
    if table is not None:
        return replace(
            known,
            loss=table.name,
            more_is_better=table.more_is_better,
            measure=(choice.measure or "") if choice is not None else "",
            approximate=table.approximate,
            bound=table.bound,
        )
    if choice is None:
        return known
    return replace(
        known,
        loss=choice.name,
        measure=choice.measure or "",
        more_is_better=choice.more_is_better,
    )


def by_dataset(scored: Sequence[Scored], reads: Mapping[str, Read]) -> list[Scored]:
    """Runs whose rows nothing names, by what they say of their data set if they differ in it."""
    told = {one.run_id: _dataset(reads[one.run_id].candidate) for one in scored}
    unknown = [one for one in scored if one.look.holdout is None]
    if len({told[one.run_id] for one in unknown}) < 2:
        return list(scored)
    return [
        replace(one, look=replace(one.look, holdout=_unknown(told[one.run_id])))
        if one.look.holdout is None
        else one
        for one in scored
    ]


def _unknown(dataset: str | None) -> str:
    text = re.sub(r"[^\w.:/-]+", "_", dataset or "not named")
    return f"{UNKNOWN}: {text}"


def _dataset(candidate: Candidate) -> str | None:
    known = {plain(name): value for name, value in candidate.run.data.tags.items()}
    known |= {plain(name): value for name, value in candidate.params.items()}
    return next((f"{name} {known[name]}" for name in DATASETS if name in known), None)


def at_home(scored: Sequence[Scored]) -> list[Scored]:
    """Runs that are set aside and do not name their rows stand beside most of the others."""
    counts: dict[str | None, int] = defaultdict(int)
    for one in scored:
        counts[one.look.holdout] += one.excluded is None
    if not counts or counts[None]:
        return list(scored)
    home = max(counts, key=lambda holdout: counts[holdout])
    return [
        replace(one, look=replace(one.look, holdout=home))
        if one.look.holdout is None and one.excluded is not None
        else one
        for one in scored
    ]
