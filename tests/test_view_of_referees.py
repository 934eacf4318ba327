"""The view of referees: its charts, which runs they show, and how a referee's store gets it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from support.audited_referees import PRICE
from support.mlflow_store import Store
from support.refereed import closing_of, plan_on, submissions
from support.shown_runs import experiment, headings, run
from support.ui_command import in_one_line, links, typed
from viewcast.tracking.views.catalogue import views_of
from viewcast.tracking.views.referees import views
from viewcast.tracking.views.shown import ShownRun
from viewcast.tracking.views.view import View
from viewcast.tracking.write.refereed import RefereeRuns

ASKED = {"acceptances": 2.0, "left": 11.0}
GAINED = {"raw_claim": 0.3, "claimed": 0.14, "estimate": 0.12}
HASH = {"viewcast.referee": "0123"}
OPEN = run(2, ASKED, {**HASH, "viewcast.referee.state": "open"}, {"metric": "mae"})
CLOSED = replace(
    run(1, {**ASKED, **GAINED}, {**HASH, "viewcast.referee.state": "closed"}, {"metric": "mae"}),
    status="FINISHED",
)
SUBMISSION = run(3, {"accepted": 1.0, "left": 11.0}, {**HASH, "viewcast.referee.submission": "9"})


def view(runs: Sequence[ShownRun]) -> View:
    (found,) = views(experiment(runs, {}))
    assert (found.key, found.name) == ("viewcast-referees", "7 referees: accepted and gained")
    return found


def drawn(runs: Sequence[ShownRun]) -> list[str]:
    return [card["metricKey"] for card in view(runs).state["compareRunCharts"]]


def test_it_shows_referees_and_none_of_their_submissions() -> None:
    assert (
        view([SUBMISSION, OPEN]).state["searchFilter"] == "tags.`viewcast.referee.state` LIKE '%'"
    )
    assert views(experiment([SUBMISSION], {})) == []


def test_of_an_open_referee_it_shows_what_its_submitters_know() -> None:
    assert drawn([SUBMISSION, OPEN]) == ["acceptances", "left"]


def test_what_was_gained_stands_beside_what_was_claimed_once_a_referee_is_closed() -> None:
    assert drawn([OPEN, CLOSED]) == ["acceptances", "left", "raw_claim", "claimed", "estimate"]
    *_, gains = headings(view([OPEN, CLOSED]))
    assert gains.startswith("Gain over the first submission (mae), on scales of their own: as a")


def test_referees_of_two_metrics_have_no_unit_in_common() -> None:
    other = replace(CLOSED, run_id="f" * 32, params={"metric": "accuracy"})
    *_, gains = headings(view([CLOSED, other]))
    assert "each in its own metric" in gains


def test_one_whose_function_gave_no_score_has_a_raw_claim_alone() -> None:
    unpriced = replace(CLOSED, metrics={**ASKED, "raw_claim": 0.3})
    assert drawn([unpriced]) == ["acceptances", "left", "raw_claim"]


def test_it_is_the_only_view_of_an_experiment_of_a_referee() -> None:
    assert views_of(experiment([SUBMISSION, OPEN, CLOSED], {})) == [view([OPEN, CLOSED])]


def test_the_experiment_that_a_referee_made_gets_it_unasked_and_one_of_others_when_asked(
    others_store: Store, tmp_path: Path
) -> None:
    uri = str(others_store.client.tracking_uri)
    for name in ("a referee's own", "others"):
        told = RefereeRuns(uri, name, (tmp_path / "artifacts").as_uri())
        told.closing(closing_of(plan_on(name=name), submissions(4)))
    done = typed("--tracking-uri", uri, "--no-serve")
    assert done.exit_code == 0, done.output
    own, of_others = in_one_line(done.output).split("others: 5 runs")
    assert len(links(done.output)) == 2
    assert "viewStateShareKey=viewcast-referees" in own
    assert "`--write` would add or renew 1 view: 7 referees" in of_others
    assert f"referee a referee's own: G{PRICE[1:]}" in own
