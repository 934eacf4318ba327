"""The notes that MLflow's UI shows of runs and experiments, and what a person wrote herself."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities import Run

import viewcast
from support import audited
from support.mlflow_store import Store
from support.simulated_store import SimulatedStore
from viewcast.base.escaped import in_markdown
from viewcast.report.audits import Audit, named
from viewcast.report.notes import (
    StoredPicture,
    experiment_note,
    run_note,
    short_verdict,
    unaudited_note,
    unscored_note,
)
from viewcast.tracking.note_mark import is_ours, signed
from viewcast.tracking.tags import NOTE
from viewcast.tracking.views.view import View
from viewcast.tracking.write.notes import write_note, write_run_notes

CHANNEL = Audit(audited.channel(), "channel_lecture")
VIEWS = [
    View("viewcast-curves-lecture", "1 curves: training against validation (lecture)", {}),
    View("viewcast-curves-year", "1 curves: training against validation (year)", {}),
    View("viewcast-sweep-0a1b", "3 sweep: a search", {}),
    View("viewcast-differs", "4 what differs between runs", {}),
    View("viewcast", "table of the audit", {}),
]


def of(name: str, **given: Any) -> str:
    """The note of a run of the channel's audit."""
    run = next(run for run in CHANNEL.result.runs if run.name == name)
    return run_note(CHANNEL, run, **given)


def test_the_note_of_a_run_says_verdict_then_figures_with_unit_then_what_it_was_compared_with() -> (
    None
):
    verdict, figures, compared = of("channel_layers_2", error=0.12).split("\n\n")
    assert verdict == "**Fine**"
    assert figures == (
        "Shown **0.37 ± 0.12 thousand views** on 45 days of split “lecture” · "
        "expected on new days **0.399** · training 0.200"
    )
    assert compared == (
        "Rank 2 of 8 runs on the same days; one of the 5 that cannot be told apart from the best; "
        "compared with “naive”, which shows 0.608; 60 looks at these days."
    )


def test_the_winner_has_the_error_that_the_audit_gives_it() -> None:
    assert "Shown **0.368 ± 0.087 thousand views**" in of("channel_layers_3", error=0.5)


def test_a_run_that_takes_no_part_in_the_choice_has_no_rank() -> None:
    note = of("channel_memorizer_leak")
    assert note.startswith("**Has seen the validation rows: loss 0 on every one**")
    assert "takes no part" in note
    assert "Rank" not in note


def test_the_reference_is_not_compared_with_itself() -> None:
    note = of("channel_naive")
    assert "the reference that gains are measured against" in note
    assert "compared with" not in note


def test_the_verdict_of_the_project_says_more_and_comes_first() -> None:
    assert of("channel_layers_2", verdict="better than naive by 0.24 ± 0.03").startswith(
        "**Better than naive by 0.24 ± 0.03**"
    )


def test_a_run_that_diverged_says_so() -> None:
    assert unscored_note("diverged at step 3", "", [StoredPicture("a1", "rates")]) == (
        "**Diverged at step 3**\n\n![rates](/get-artifact?path=pictures/rates.png&run_uuid=a1)"
    )


def test_the_first_line_of_an_experiment_is_its_verdict_and_a_link_to_each_view() -> None:
    verdicts = ("validation set worn out: 0.07 is luck", "fine: 0.01 is luck, and more", "fine: 0")
    results = [
        replace(audited.channel(), split=split, verdict=verdict)
        for split, verdict in zip(("lecture", "year", "week"), verdicts, strict=True)
    ]
    first = experiment_note("7", named(results), VIEWS).split("\n")[0]
    assert first.startswith("**validation set worn out** (lecture) · **fine** (year, week) — ")
    links = re.findall(r"\[(.+?)\]\((.+?)\)", first)
    assert [text for text, _ in links] == [
        *("lecture", "year", "3 sweep", "4 what differs", "table"),
    ]
    for view, (_, link) in zip(VIEWS, links, strict=True):
        assert link.startswith("#/experiments/7/runs?workflowType=machine_learning")
        assert link.endswith(f"&viewStateShareKey={view.key}")


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        ("fine: 0.01 is luck, the spread is 0.04; sure", "fine: 0.01 is luck"),
        ("ranged, not priced: each is a share: so", "ranged, not priced: each is a share"),
        ("no figure", "no figure"),
    ],
)
def test_the_verdict_on_one_set_of_rows_has_its_figure(verdict: str, shown: str) -> None:
    result = replace(audited.channel(), verdict=verdict)
    assert short_verdict(named([result])) == f"**{shown}**"


def test_an_experiment_names_unit_rows_and_what_to_do() -> None:
    note = experiment_note("7", [CHANNEL], VIEWS)
    assert "channel (simulated): mean absolute error in **thousand views**" in note
    assert "- **lecture** (45 days): 5 of 8 runs cannot be told apart" in note
    assert "- 1 curves: training and validation loss by epoch" in note
    assert "**thousand views**" in unaudited_note("7", "a", "mae", "thousand views", [])


@given(st.text(alphabet="a_*`[]<>&~\\@ é", min_size=1))
def test_a_name_of_any_characters_sets_nothing_in_markdown(name: str) -> None:
    bare = re.sub(r"\\[\\`*\[\]~_]|&amp;|&lt;|&gt;", " ", in_markdown(name))
    assert not re.search(r"[\\`*\[\]<>&~]", bare)
    assert not re.search(r"@\w", in_markdown(name))
    assert bare.count("_") == len(re.findall("(?<=a)_(?=[aé])|(?<=é)_(?=[aé])", bare))


@given(st.text(), st.text(min_size=1), st.integers(0, 50))
def test_a_note_is_ours_until_somebody_changes_it(text: str, more: str, place: int) -> None:
    note = signed(text)
    assert is_ours(note)
    assert not is_ours(note[:place] + more + note[place:])
    assert not is_ours(text)


def test_a_person_s_own_description_stays_to_the_byte(others_store: Store) -> None:
    client, mine = others_store.client, "Read me first."
    with others_store.run() as described, others_store.run(nested=True) as bare:
        pass
    client.set_tag(described.info.run_id, NOTE, mine)
    client.set_experiment_tag(others_store.experiment, NOTE, mine)
    runs = [others_store.now(run) for run in (described, bare)]
    texts = {run.info.run_id: "fine" for run in runs}
    assert write_run_notes(client, runs, texts) == 1
    assert not write_note(client, others_store.experiment, "fine")
    assert client.get_experiment(others_store.experiment).tags[NOTE] == mine
    assert others_store.now(described).data.tags[NOTE] == mine
    assert others_store.now(bare).data.tags[NOTE] == signed("fine")


def test_our_note_follows_the_results_and_is_written_only_if_it_changed(
    others_store: Store,
) -> None:
    client, experiment = others_store.client, others_store.experiment
    written = [write_note(client, experiment, text) for text in ("fine", "fine", "weak")]
    assert written == [True, False, True]
    assert client.get_experiment(experiment).tags[NOTE] == signed("weak")
    client.set_experiment_tag(experiment, NOTE, signed("weak") + " I doubt it.")
    assert not write_note(client, experiment, "fine")


def test_a_note_that_no_tag_of_an_older_server_holds_loses_its_end(others_store: Store) -> None:
    text = "\n\n".join(["verdict", *["words " * 100] * 20])
    write_note(others_store.client, others_store.experiment, text)
    note = others_store.client.get_experiment(others_store.experiment).tags[NOTE]
    assert 4000 < len(note) <= 5000
    assert note.startswith("verdict\n\n")
    assert is_ours(note)


def test_an_audit_describes_other_people_s_runs_and_takes_every_word_away_again(
    tmp_path: Path, empty_store: Path
) -> None:
    store = SimulatedStore.at(tmp_path, empty_store)
    for name, accuracy in {"a `b` *c*": 0.81, "<b>": 0.88, "mine": 0.9}.items():
        store.bare(name, metrics={"val_accuracy": accuracy, "train_accuracy": 0.99})
    mine = next(run for run in _runs(store) if run.info.run_name == "mine")
    store.client.set_tag(mine.info.run_id, NOTE, "by hand")
    before = _tags(store)
    viewcast.audit(store.uri, "study", write=True, n=200)
    notes = {run.info.run_name: run.data.tags[NOTE] for run in _runs(store)}
    assert notes["mine"] == "by hand"
    assert "Shown **0.880" in notes["<b>"]
    told = store.client.get_experiment(store.experiment).tags[NOTE]
    assert "viewStateShareKey=viewcast" in told.split("\n")[0]
    assert "val_accuracy" in told
    viewcast.unwrite(store.uri, "study")
    assert _tags(store) == before


def _runs(store: SimulatedStore) -> list[Run]:
    return list(store.client.search_runs([store.experiment]))


def _tags(store: SimulatedStore) -> list[Mapping[str, str]]:
    """All tags of the runs and of their experiment."""
    of_runs = [run.data.tags for run in _runs(store)]
    return [*of_runs, store.client.get_experiment(store.experiment).tags]
