"""What ``viewcast referee`` prints: what a referee is, and what is left."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Status
from viewcast.referee.terms import Plan, between
from viewcast.referee.tokens import Tokens

USUAL_FOLDER = Path("referee")
AMOUNTS = {"mae", "mape", "mse", "msle", "rmse", "rmsle", "smape", "r2", "explained_variance"}
WORDS = {"referee": "accepted", "explore": "kept"}


def opening_lines(
    folder: RefereeFolder, url: str, tokens: Tokens, record: str | None
) -> Iterator[str]:
    """What it is, where it is heard, and what is typed there. ``record``: the store, in words."""
    plan, status, place = folder.plan, folder.status(), folder.folder
    own = [tokens.folder / name for name in tokens.hashes]
    keys = [name for name in (plan.entity, plan.key or plan.time) if name]
    terms = plan.terms
    better = "more is better" if plan.more_is_better else "less is better"
    yield f"Referee {plan.name}: {plan.rows:,} rows, {plan.metric}, {better}"
    yield (
        f"  judges   {plan.gate:,} of the rows judge each submission; {plan.hidden:,} are hidden "
        f"until the end{between(plan)}"
    )
    if terms.mode == "explore":
        yield (
            f"  answers  {terms.budget:,} of one bit, kept or not; that one is kept says nothing "
            "of better"
        )
    else:
        yield (
            f"  answers  {terms.budget:,} of one bit; {terms.false:g} of them may be a false "
            "acceptance, on average over its whole life"
        )
    if status.submissions:
        yield f"  so far   {_so_far(status)}"
    yield f"  address  {url}"
    yield f"  token    {', '.join(map(str, own))}"
    yield f"  folder   {place}  (holds the targets)"
    yield f"  record   {record or 'in the folder alone'}"
    yield ""
    yield "What a submitter types, for each submission and once at the end:"
    where = _where(place, url, own)
    yield f"  viewcast referee submit predictions.parquet{where}"
    yield f"  viewcast referee close{where}"
    yield f"predictions.parquet holds {_columns(plan, keys)}."
    yield "Another user sets VIEWCAST_REFEREE_URL, and VIEWCAST_REFEREE_TOKEN to the token's text."
    if not status.submissions:
        yield f"The first submission is {WORDS[terms.mode]}: gains are measured from it."
    yield ""
    again = "" if place == USUAL_FOLDER else f" --folder {quote(str(place))}"
    yield f"Ctrl-C ends it; it goes on with: viewcast referee start{again}"


def status_lines(status: Status) -> Iterator[str]:
    """What is left."""
    better = "more is better" if status.more_is_better else "less is better"
    yield f"Referee {status.name}: {status.rows:,} rows, {status.metric}, {better}"
    yield _so_far(status)
    if status.closed:
        yield "It is closed: `viewcast referee close` says the verdict again."


def _so_far(status: Status) -> str:
    return (
        f"{status.submissions:,} of {status.budget:,} answers given, {status.acceptances:,} "
        f"{WORDS[status.mode]} after the first, {status.left:,} left"
    )


def _where(folder: Path, url: str, tokens: Sequence[Path]) -> str:
    if len(tokens) > 1:
        return f" --url {url} --token-file {quote(str(tokens[0]))}"
    return "" if folder == USUAL_FOLDER else f" --folder {quote(str(folder))}"


def _columns(plan: Plan, keys: Sequence[str]) -> str:
    amounts = plan.metric.removesuffix("_percent") in AMOUNTS
    own = "prediction" if amounts else "prediction (or probability_<class> for each class)"
    if not keys:
        return f"the column {own}, in the order of the table"
    return f"the columns {', '.join(keys)} and {own}; or that alone, in the table's order"
