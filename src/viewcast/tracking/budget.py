"""The budget of a holdout: what has been spent of it, by which users, and when a run is refused.

Spent are all scores of these rows that any run of the store, in whatever experiment and deleted or
not, has revealed: scores of the same holdout, or of one that shares rows with it by the profile of
its dataset (``viewcast.tracking.datasets``). A profile of more than 20,000 rows names none of them:
such a set is only recognised when it is used again unchanged. Runs that begin at the same time do
not see each other's scores, so several of them may exceed the limit together.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlflow import MlflowClient

from viewcast.base.errors import BudgetError, DataError
from viewcast.holdout.looks import Look, distinct
from viewcast.tracking.datasets import row_names, rows_by_holdout
from viewcast.tracking.evaluation_set import EvaluationSet
from viewcast.tracking.look_tags import look_of
from viewcast.tracking.store import all_experiments, all_runs, connect, experiments
from viewcast.tracking.tags import OPTIMISM_OF
from viewcast.training.config import Config

if TYPE_CHECKING:
    from viewcast.training.rows import Rows


def check(config: Config, rows: "Rows", *settings: str) -> None:
    """Refuse (BudgetError) a run on validation rows whose looks or optimism are spent.

    ``settings``: what identifies the run that is to start, as in ``EvaluationSet.key``. A run that
    repeats a recorded one spends nothing and is never refused.
    """
    allowed, evaluation_set = config.holdout, EvaluationSet.of(config, rows)
    if evaluation_set is None or (allowed.looks is None and allowed.optimism is None):
        return
    client = connect(config.tracking)
    looks = _looks_at(client, evaluation_set, rows)
    if evaluation_set.key(*settings) in {look.key for look in looks}:
        return
    spent = sum(look.scores for look in looks)
    which = (
        f"the {len(rows.validation):,} validation rows of data={config.data.name} "
        f"(split {config.data.split}, holdout {evaluation_set.holdout})"
    )
    if allowed.looks is not None and spent >= allowed.looks:
        raise BudgetError(
            f"{which}: looks spent {spent:,}, allowed by holdout.looks {allowed.looks:,}; spent "
            f"by {_by_user(looks)}; {_advice(config)}, or raise holdout.looks"
        )
    optimism = _optimism(client, evaluation_set.holdout)
    if allowed.optimism is not None and optimism is not None and optimism >= allowed.optimism:
        unit = config.loss.unit(config.data.unit)
        raise BudgetError(
            f"{which} flatter what is chosen by them: optimism at the last audit {optimism:.4g} "
            f"{unit}, allowed by holdout.optimism {allowed.optimism:g}; looks spent {spent:,}, "
            f"by {_by_user(looks)}; {_advice(config)}, or raise holdout.optimism"
        )


def _looks_at(client: MlflowClient, evaluation_set: EvaluationSet, rows: "Rows") -> list[Look]:
    """The distinct looks at some of these rows."""
    runs = all_runs(client, all_experiments(client), deleted=True)
    names = set(row_names(rows.validation))
    shared = {h for h, others in rows_by_holdout(runs).items() if not names.isdisjoint(others)}
    holdouts = {evaluation_set.holdout, *shared}
    looks = (look_of(run, client) for run in runs)
    return distinct(look for look in looks if look is not None and look.holdout in holdouts)


def _by_user(looks: Sequence[Look]) -> str:
    """How many scores each user has spent in how many runs, the most first."""
    spent: dict[str, list[int]] = {}
    for look in looks:
        if look.scores:
            spent.setdefault(look.user, []).append(look.scores)
    most = sorted(spent.items(), key=lambda each: -sum(each[1]))
    return ", ".join(
        f"{user} {sum(scores):,} in {len(scores):,} run{'s' * (len(scores) > 1)}"
        for user, scores in most
    )


def _advice(config: Config) -> str:
    return (
        f"cut fresh rows: set data.splits.{config.data.split}.validation in "
        f"conf/data/{config.data.name}.yaml to rows that nobody has been scored on, such as the "
        "days that have come in since"
    )


def _optimism(client: MlflowClient, holdout: str) -> float | None:
    """By how much these rows flatter, at the last audit of any experiment that holds runs on them.

    Experiments that were audited at different times differ: then the most.
    """
    tag = f"{OPTIMISM_OF}{holdout}"
    told = [each.tags[tag] for each in experiments(client) if tag in each.tags]
    return max((_number(tag, text) for text in told), default=None)


def _number(tag: str, text: str) -> float:
    try:
        optimism = float(text)
    except ValueError:
        optimism = math.nan
    if math.isnan(optimism):
        raise DataError(
            f"experiment tag {tag} = {text!r}: expected a number; audit anew by "
            "`python pipelines/audit.py`"
        )
    return optimism
