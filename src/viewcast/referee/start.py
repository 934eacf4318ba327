"""The folder of a referee is made, with the plan last: without a plan nothing has begun.

A start that was killed is done again from its beginning. A folder that holds anything else is left
as it is.
"""

import json
import os
import stat
from dataclasses import asdict
from pathlib import Path
from typing import Any

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.files import read_json, replacing
from viewcast.base.quoted import listed, quoted, shortened, shown
from viewcast.base.settings import construct
from viewcast.holdout.panels import panel, refuse_panel, refuse_unnamed_series, usual_cluster
from viewcast.referee.journal import BACKUP
from viewcast.referee.lock import Lock
from viewcast.referee.referee import Referee
from viewcast.referee.row_file import Columns, Rows
from viewcast.referee.terms import Plan, Terms
from viewcast.selection.clusters import CLUSTERS, Cluster

LOCK, PLAN, ROWS, JOURNAL = "lock", "plan.json", "rows.parquet", "journal.jsonl"
PREDICTIONS, TOKENS, TOLD, CLOSED = "predictions", "tokens", "told.json", "closing.json"
OTHERS = 0o077  # what a group and all others may
USED_UP = "this referee is closed: its hidden rows are used up; take new rows"


def made(
    folder: Path,
    table: Path,
    columns: Columns,
    metric: str,
    terms: Terms,
    name: str | None,
    cluster: Cluster | None,
) -> Lock:
    """A folder with a plan and rows, and its lock, held. See ``RefereeFolder.start``."""
    rows = Rows.read(table, columns)
    plan = _plan(rows, table, columns, metric, terms, name, cluster)
    lock = _claimed(folder)
    try:
        if (folder / PLAN).exists():
            _refuse_other(folder, plan_of(folder), plan, name is not None)
        else:
            (folder / PREDICTIONS).mkdir(mode=0o700, exist_ok=True)
            (folder / TOKENS).mkdir(mode=0o700, exist_ok=True)
            rows.write(folder / ROWS)
            write_json_privately(folder / PLAN, plan.plain())
    except BaseException:
        lock.release()
        raise
    return lock


def plan_of(folder: Path) -> Plan:
    """The plan in a folder; refuses (DataError) a folder without one, or a damaged one."""
    path = folder / PLAN
    if not path.exists():
        raise DataError(
            f"{folder}: holds no referee (no {PLAN}); start one: viewcast referee start"
        )
    try:
        found: Plan = construct(Plan, read_json(path, BACKUP), "")
    except ConfigError as error:
        raise DataError(f"{path}: is damaged ({error}); {BACKUP}") from error
    return found


def columns_of(plan: Plan) -> Columns:
    """The columns of the user's table."""
    return Columns(plan.target, plan.key, plan.time, plan.entity)


def referee_of(folder: Path, plan: Plan, rows: Rows) -> Referee:
    """The referee of a plan; refuses (DataError) rows that are not those of the plan."""
    try:
        referee = _referee(rows, plan.metric, plan.terms, plan.cluster)
    except (ConfigError, DataError) as error:
        raise DataError(
            f"{folder / ROWS}: its rows are not those of {PLAN} ({shortened(str(error), 300)}); "
            f"{BACKUP}"
        ) from error
    found = (
        rows.holdout,
        rows.order,
        len(rows),
        len(referee.parts.gate),
        len(referee.parts.hidden),
    )
    if found != (plan.holdout, plan.order, plan.rows, plan.gate, plan.hidden):
        raise DataError(f"{folder / ROWS}: its rows are not those of {PLAN}; {BACKUP}")
    if (referee.metric.name, referee.metric.more_is_better) != (plan.metric, plan.more_is_better):
        raise DataError(
            f"{folder / PLAN}: is not as it was written: {quoted(plan.metric)} with "
            f"more_is_better = {plan.more_is_better}; {BACKUP}"
        )
    return referee


def refuse_lost_journal(folder: Path) -> None:
    """Refuse (DataError) a folder that has answered and has no journal: all that was answered would
    be forgotten. It is made before anything is submitted.
    """
    answered = (folder / CLOSED).exists() or any((folder / PREDICTIONS).glob("*"))
    if answered and not (folder / JOURNAL).exists():
        raise DataError(
            f"{folder / JOURNAL}: is missing, although predictions were submitted; {BACKUP}"
        )


def made_private(folder: Path) -> list[str]:
    """Take a folder and its rows from other users; a sentence if these could read the targets."""
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / ROWS)}
    for path, mode in modes.items():
        if mode & OTHERS:
            path.chmod(mode & ~OTHERS)
    readable = modes[folder] & 0o011 and modes[folder / ROWS] & 0o044
    if not readable:
        return []
    return [
        f"other users of this machine could read the targets: {ROWS} had the mode "
        f"{modes[folder / ROWS]:o}, in a folder of the mode {modes[folder]:o}"
    ]


def write_json_privately(path: Path, value: Any) -> None:
    """Replace a file (mode 0600) by a value as JSON."""
    with replacing(path) as partial:
        partial.touch(0o600)
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        partial.write_text(text, encoding="utf-8")


def _referee(rows: Rows, metric: str, terms: Terms, cluster: Cluster | None) -> Referee:
    return Referee(
        rows.targets,
        metric,
        terms.budget,
        terms.false,
        terms.hidden,
        terms.length,
        mode=terms.mode,
        hidden_rows=terms.hidden_rows,
        keys=rows.frame[["entity", "time"]],
        cluster=cluster,
    )


def _plan(
    rows: Rows,
    table: Path,
    columns: Columns,
    metric: str,
    terms: Terms,
    name: str | None,
    cluster: Cluster | None,
) -> Plan:
    if cluster not in (None, *CLUSTERS):
        raise ConfigError(f"cluster = {cluster}: unknown; allowed: {', '.join(CLUSTERS)}")
    if cluster is None and panel(rows.frame, terms.length) is not None:
        cluster = usual_cluster(rows.frame)
        if cluster is None:
            refuse_panel(rows.frame, terms.length, str(table))
    if cluster is None:
        refuse_unnamed_series(rows.frame, terms.length, str(table))
    referee = _referee(rows, metric, terms, cluster)
    return Plan(
        name=name or table.name.split(".")[0],
        holdout=rows.holdout,
        rows=len(rows),
        metric=referee.metric.name,
        more_is_better=referee.metric.more_is_better,
        cluster=cluster,
        gate=len(referee.parts.gate),
        hidden=len(referee.parts.hidden),
        terms=terms,
        source=table.name,
        target=columns.target,
        key=columns.key,
        time=columns.time,
        entity=columns.entity,
        order=rows.order,
    )


def _claimed(folder: Path) -> Lock:
    """The lock of a folder that is ours or empty; refuses (ConfigError) any other."""
    if os.path.lexists(folder) and not folder.is_dir():
        raise ConfigError(f"{folder}: is no folder; choose another name")
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if PLAN not in found and found:
        ours = {LOCK, ROWS, PREDICTIONS, TOKENS, ".rows.partial.parquet", ".plan.partial.json"}
        foreign = sorted(found - ours) if LOCK in found else sorted(found)
        if foreign:
            raise ConfigError(
                f"{folder}: holds {listed(foreign)}, which no referee made; nothing was changed: "
                "choose another folder, or a new one"
            )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if PLAN not in found:
        folder.chmod(0o700)
    return Lock.of(folder / LOCK)


def _refuse_other(folder: Path, there: Plan, wanted: Plan, named: bool) -> None:
    """Refuse (ConfigError) a plan that differs."""
    found, asked = _flat(asdict(there)), _flat(asdict(wanted))
    ignored = {"source"} if named else {"source", "name"}
    lines = [
        f"{key} = {shown(asked[key])}: the plan of {folder} has {shown(found[key])}"
        for key in asked
        if key not in ignored and asked[key] != found[key]
    ]
    if lines:
        raise ConfigError(
            "\n".join([*lines, "a plan never changes: ask as it says, or choose another folder"])
        )


def _flat(plain: dict[str, Any]) -> dict[str, Any]:
    return {**{key: value for key, value in plain.items() if key != "terms"}, **plain["terms"]}
