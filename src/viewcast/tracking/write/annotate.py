"""The results of an audit as columns of the tracker, and how to take them away again.

Each run gets tags, each experiment a short form of the results and ready-made views as tags. All
names begin with ``viewcast.`` (those of views with MLflow's own prefix). They are tags and no
metrics because MLflow deletes no metric: what an audit writes can be taken away. Only runs in our
own experiments get a metric too (``viewcast.tracking.write.expected_loss``). Nothing here is a
look. A figure that has not changed is not written again, and one that no longer holds is deleted.
"""

import json
from collections.abc import Mapping, Sequence

from viewcast.assessment.result import AuditedRun, AuditResult
from viewcast.assessment.study import Study
from viewcast.assessment.understanding import Understanding
from viewcast.base.errors import TrackingError
from viewcast.tracking.answers import OF_REQUESTS, told
from viewcast.tracking.experiments import made_by_viewcast
from viewcast.tracking.gathered import Gathered
from viewcast.tracking.note_mark import is_ours
from viewcast.tracking.schema import check_writable
from viewcast.tracking.store import all_runs, connect_existing
from viewcast.tracking.tags import (
    AUDIT_OF,
    BOUND95,
    COMPARED,
    EXPECTED,
    IN_CONFIDENCE_SET,
    LOOK_COUNT,
    NOTE,
    OPTIMISM,
    OPTIMISM_OF,
    RANK,
    REFEREE,
    VERDICT,
)
from viewcast.tracking.views.view import View
from viewcast.tracking.write.changed_runs import Change, change
from viewcast.tracking.write.compared_runs import diverged_above, may_be_shown
from viewcast.tracking.write.expected_loss import log_expected
from viewcast.tracking.write.views import forget, our_views, write_views

WRITTEN = "annotations"
DIGITS = 6  # significant digits of a figure: those that differ by less are one
LONGEST = 4000  # characters of a tag
OF_RUN = (RANK, EXPECTED, BOUND95, OPTIMISM, LOOK_COUNT, IN_CONFIDENCE_SET, VERDICT)
OF_EXPERIMENT = (AUDIT_OF, OPTIMISM_OF)  # beginnings of names


def annotate(gathered: Gathered, results: Sequence[AuditResult]) -> dict[str, list[View]]:
    """Write the results to the runs and the experiments; returns the views of each experiment.

    A repetition of a run gets the same as the run. Raises TrackingError where the server refuses.
    """
    check_writable(gathered.client)
    studies = {study.holdout: study for study in gathered.studies}
    own = made_by_viewcast(gathered.client, gathered.experiment_ids)
    changes = []
    # One width for all: the table of an experiment sorts the ranks of several holdouts as texts.
    digits = len(str(max((len(result.compared) for result in results), default=0)))
    for result in results:
        limit = diverged_above(result)
        ranks = {run.run_id: rank for rank, run in enumerate(result.compared, start=1)}
        for run_id, audited in _runs(result, studies[result.holdout]):
            if run_id not in gathered.runs:  # a candidate of a search that never became a run
                continue
            rank = ranks.get(audited.run_id)
            wanted = tags_of(audited, None if rank is None else f"{rank:0{digits}d}")
            run = gathered.runs[run_id]
            if str(run.info.experiment_id) not in own:
                wanted[COMPARED] = str(may_be_shown(run, audited, limit)).lower()
            changed = _changed(run.data.tags, wanted)
            if changed:
                changes.append(Change(run_id, changed))
    try:
        change(gathered.client, changes, WRITTEN, ours=own == set(gathered.experiment_ids))
        log_expected(gathered, results)
        for experiment in gathered.experiment_ids:
            for result in results:
                _tag(gathered, experiment, result, studies[result.holdout])
        return {each: write_views(gathered.client, each) for each in gathered.experiment_ids}
    except OF_REQUESTS as error:
        raise TrackingError(
            f"experiment {gathered.experiment}: cannot be annotated: "
            f"{told(error, gathered.client.tracking_uri)}; write=false only reads"
        ) from error


def unwrite(uri: str, experiment: str) -> int:
    """Take everything away that ``annotate`` wrote; returns how many runs had some of it.

    Raises what ``viewcast.tracking.store.connect_existing`` raises, and TrackingError where the
    server refuses.
    """
    client, experiment_id = connect_existing(uri, experiment)
    check_writable(client)
    try:
        own = made_by_viewcast(client, [experiment_id])
        changes = [
            Change(str(run.info.run_id), dict.fromkeys(_ours(run.data.tags, bool(own))))
            for run in all_runs(client, experiment_id)
            if REFEREE not in run.data.tags  # a referee wrote its note, no audit did
        ]
        changes = [each for each in changes if each.tags]
        change(client, changes, WRITTEN, ours=bool(own))
        tags = client.get_experiment(experiment_id).tags
        for name in tags:
            if name.startswith(OF_EXPERIMENT) or (name == NOTE and is_ours(tags[name])):
                forget(client, experiment_id, name)
        for name in our_views(tags):
            forget(client, experiment_id, name)
    except OF_REQUESTS as error:
        raise TrackingError(
            f"experiment {experiment}: its annotations cannot be taken away: {told(error, uri)}; "
            "then type the same again"
        ) from error
    return len(changes)


def _ours(tags: Mapping[str, str], made_by_us: bool) -> set[str]:
    """The tags of a run that an audit wrote. ``made_by_us``: the experiment that holds it."""
    note = {NOTE} if is_ours(tags.get(NOTE, "")) else set()
    written = OF_RUN if made_by_us else (*OF_RUN, COMPARED)
    return set(written) & set(tags) | note


def _runs(result: AuditResult, study: Study) -> list[tuple[str, AuditedRun]]:
    """The runs of a result by id, repetitions too."""
    audited = {run.run_id: run for run in result.runs}
    repeated = [(copy, audited[first]) for copy, first in study.repeats.items()]
    return [*audited.items(), *repeated]


def tags_of(run: AuditedRun, rank: str | None) -> dict[str, str | None]:
    """The tags that a run gets, None for those that it must not have."""
    inside = run.in_confidence_set
    return {
        RANK: rank,
        EXPECTED: _figure(run.expected),
        BOUND95: _figure(run.bound95),
        OPTIMISM: _figure(run.optimism),
        LOOK_COUNT: str(run.looks),
        IN_CONFIDENCE_SET: None if inside is None else "yes" if inside else "no",
        VERDICT: (run.excluded or run.verdict)[:LONGEST],
    }


def _figure(value: float | None) -> str | None:
    return None if value is None else f"{value:.{DIGITS}g}"


def _changed(former: Mapping[str, str], wanted: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in wanted.items() if former.get(name) != value}


def _tag(gathered: Gathered, experiment: str, result: AuditResult, study: Study) -> None:
    """The optimism of the holdout, for its budget, and the result in short, where it has runs.

    Where the optimism is not known any more, the former one stays: it has spent the budget.
    """
    known = gathered.client.get_experiment(experiment).tags
    runs = [gathered.runs[run_id] for run_id, _ in _runs(result, study) if run_id in gathered.runs]
    if all(run.info.experiment_id != experiment for run in runs):
        if f"{AUDIT_OF}{result.holdout}" in known:
            forget(gathered.client, experiment, f"{AUDIT_OF}{result.holdout}")
        return
    optimism = _optimism(result)
    tags = {f"{AUDIT_OF}{result.holdout}": json.dumps(_short(result), ensure_ascii=False)[:LONGEST]}
    if optimism is not None:
        tags[f"{OPTIMISM_OF}{result.holdout}"] = f"{optimism:.9g}"
    for name, value in tags.items():
        if known.get(name) != value:
            gathered.client.set_experiment_tag(experiment, name, value)


def _optimism(result: AuditResult) -> float | None:
    """By how much the winner's shown figure is too good, also by the hidden holdout."""
    winner, hidden = result.winner, result.hidden_holdout
    if winner is None or winner.shown is None:
        return None
    if winner.optimism is None and hidden is not None and hidden.estimate is not None:
        return result.sign * (hidden.estimate - winner.shown)
    return winner.optimism


def _short(result: AuditResult) -> dict[str, str | int | float | None]:
    winner, usage = result.winner, result.usage
    names = ("run_id", "shown", "expected", "bound95")
    understood = result.understood
    return {
        "data": result.data,
        "split": result.split,
        "rows": result.rows,
        "verdict": result.verdict,
        "runs": usage.runs,
        "scores": usage.scores,
        "rounds": usage.rounds,
        **{name: getattr(winner, name, None) for name in names},
        **({} if understood is None else _chosen_by(understood)),
    }


def _chosen_by(understood: Understanding) -> dict[str, str | bool]:
    """The metric that other people's runs were chosen by; nothing where rows alone are known."""
    if not understood.metric:
        return {}
    return {"metric": understood.metric, "more_is_better": understood.more_is_better}
