"""What was taken for what, in words: the first lines of an audit, study by study."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from viewcast.assessment.study import Study, unknown_rows
from viewcast.assessment.understanding import SetAside, Understanding
from viewcast.base.masked import masked
from viewcast.scoring.metrics import OF_PROBABILITIES
from viewcast.tracking.metric_names import read_name
from viewcast.tracking.read.candidate_runs import is_search_run
from viewcast.tracking.read.data_inputs import behind
from viewcast.tracking.read.foreign_figures import Read
from viewcast.tracking.read.foreign_runs import Foreign
from viewcast.tracking.read.logged_models import tells_model
from viewcast.tracking.tags import PREDICTIONS

NAMED = 3  # runs that are named of those set aside for one reason


@dataclass(frozen=True)
class Asked:
    """What the user typed: to say it again in a line that can be pasted."""

    uri: str
    experiment: str


def understood(study: Study, foreign: Foreign, asked: Asked) -> Study:
    """The study with what was understood of its runs."""
    reads = foreign.reads or {}
    own = [reads[run.run_id] for run in study.runs if run.run_id in reads]
    if not own:
        return _logged(study)
    facts = next((run.facts for run in study.compared), study.runs[0].facts)
    taken = [run for run in study.runs if run.excluded is None and run.shown is not None]
    choice = foreign.choice
    dropped = [(one.name, one.aside or "") for one in foreign.dropped]
    aside = [(run.facts.name, run.excluded) for run in study.runs if run.excluded is not None]
    return replace(
        study,
        understood=Understanding(
            metric=facts.loss or ("" if choice is None else choice.name),
            metric_from=_metric_from(foreign),
            more_is_better=facts.more_is_better,
            direction_from=choice.direction_from if choice is not None else "its name",
            value="last" if choice is None else choice.value,
            rows=_rows(study),
            digest=None if unknown_rows(study.holdout) else study.holdout,
            rows_from=_rows_from(study, own),
            taken=len(taken),
            set_aside=_grouped([*aside, *dropped]),
            passed_over=_passed_over(foreign, own),
            advice=_advice(study, foreign, own, asked),
        ),
    )


def _logged(study: Study) -> Study:
    """Of runs that hold rows by viewcast's own record; those it has trained say what they are."""
    compared = [run for run in study.runs if run.excluded is None]
    if not compared or any(run.facts.model or run.rows is None for run in compared):
        return study
    facts = compared[0].facts
    aside = [(run.facts.name, run.excluded) for run in study.runs if run.excluded is not None]
    return replace(
        study,
        understood=Understanding(
            metric=facts.loss,
            metric_from="logged with the rows",
            more_is_better=facts.more_is_better,
            direction_from="its name",
            value="the mean of its rows",
            rows=_rows(study),
            digest=study.holdout,
            rows_from=f"row tables ({PREDICTIONS})",
            taken=len(compared),
            set_aside=_grouped(aside),
        ),
    )


def _metric_from(foreign: Foreign) -> str:
    if foreign.choice is None:
        return "the usual one of such rows: no metric of validation rows was logged"
    return foreign.choice.metric_from


def _rows(study: Study) -> int | None:
    if study.keys is not None:
        return len(study.keys)
    counts = Counter(run.row_count for run in study.runs if run.row_count is not None)
    return counts.most_common(1)[0][0] if counts else None


def _rows_from(study: Study, own: list[Read]) -> str:
    sources = Counter(one.found.rows.source for one in own if one.found.rows is not None)
    inputs = Counter(one.behind.how for one in own if one.behind.digest is not None)
    if any(one.found.rows is not None and one.found.rows.asked for one in own):
        return "the models, scored on the rows that you gave"
    if study.keys is not None and sources:
        return f"row tables ({sources.most_common(1)[0][0]})"
    if inputs:
        return inputs.most_common(1)[0][0]
    if _rows(study) is not None:
        return "not known but for their number; the runs are believed to share them"
    return "not known: nothing names them; the runs are believed to share them"


def _grouped(aside: Iterable[tuple[str, str]]) -> tuple[SetAside, ...]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, reason in aside:
        by_reason[reason].append(name)
    most = sorted(by_reason.items(), key=lambda entry: -len(entry[1]))
    return tuple(SetAside(why, len(names), tuple(names[:NAMED])) for why, names in most)


def _passed_over(foreign: Foreign, own: list[Read]) -> tuple[str, ...]:
    """Artifacts and metrics that might have been meant, each with the reason and how often."""
    notes: Counter[str] = Counter()
    for one in own:
        notes.update(one.found.passed_over)
        notes.update(_of_training(one))
        notes.update(_other_sets(one))
        if one.name is not None and foreign.choice and one.name.name != foreign.choice.name:
            notes[f"{one.name.name} is read as {foreign.choice.name}"] += 1
    runs = len(own)
    told = [
        note if count in (1, runs) else f"{note} ({count} of {runs} runs)"
        for note, count in notes.most_common()
    ]
    others = foreign.choice.others if foreign.choice is not None and own else ()
    if others:
        told.insert(0, f"as many runs have {', '.join(others)}: --metric {others[0]} takes that")
    return tuple(told)


def _of_training(one: Read) -> list[str]:
    """The evaluation sets that are the training rows by their digest."""
    notes = []
    for each in one.candidate.metrics:
        name = read_name(each)
        if name.technical or name.rows == "train":
            continue
        known = behind(one.candidate.run, name, one.candidate.parent)
        if known.training:
            notes.append(f"{name.name} is of the training rows, by {known.how}")
    return notes


def _other_sets(one: Read) -> list[str]:
    """Other evaluation sets, or other models, of a run that have the same metric."""
    if one.name is None:
        return []
    names = [read_name(each) for each in one.candidate.metrics]
    return [
        f"{name.name}: {one.name.name} of the same run is taken"
        for name in names
        if name.figure == one.name.figure
        and name != one.name
        and (name.number, name.prefix) != (one.name.number, one.name.prefix)
        and name.fold is None
        and not name.technical
        and not behind(one.candidate.run, name, one.candidate.parent).training
    ]


def _advice(study: Study, foreign: Foreign, own: list[Read], asked: Asked) -> str | None:
    """One line to paste that has more runs priced; None where all are."""
    without = [one for one in own if one.candidate.aside is None and one.found.rows is None]
    if not without:
        return None
    if any(one.candidate.parent and is_search_run(one.candidate.parent) for one in without):
        return "from viewcast.integrations.sklearn import log_search; log_search(search, X, y)"
    if sum(_has_model(one) for one in without) * 2 > len(without):
        choice = foreign.choice
        by_probability = choice is not None and choice.measure in OF_PROBABILITIES
        words = [
            *(
                "viewcast",
                "audit",
                "--tracking-uri",
                masked(asked.uri),
                "--experiment",
                asked.experiment,
            ),
            *("--rows", "valid.parquet", "--target", "y", "--load-models"),
            *(("--predict-method", "predict_proba") if by_probability else ()),
        ]
        return shlex.join(words)
    return "import viewcast; viewcast.log_rows(y_valid, model.predict(X_valid))  # in each run"


def _has_model(one: Read) -> bool:
    run = one.candidate.run
    return one.candidate.run_id == run.info.run_id and tells_model(run)
