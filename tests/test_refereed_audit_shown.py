"""What an audit tells of referees in its file, on pages, in comments, charts and notes."""

import json
from pathlib import Path

import mlflow
import pytest

import viewcast
from support.audited_referees import PLAN, PRICE, audited, closed, logged
from support.mlflow_store import Store
from support.project import Project
from support.refereed import closing_of, submissions
from support.reported import Fake
from viewcast.assessment.result_file import read_file
from viewcast.assessment.settings import AuditSettings
from viewcast.commands.report import audited_table
from viewcast.report.audit_markdown import audit_markdown
from viewcast.report.audits import named
from viewcast.runs.audit import audit_all
from viewcast.tracking.views.catalogue import views_of
from viewcast.tracking.views.shown import shown
from viewcast.tracking.write.refereed import RefereeRuns


def test_json_holds_the_referees_and_is_read_back(others_store: Store, tmp_path: Path) -> None:
    closed(others_store)
    logged(others_store)
    audit = audited()
    audit.to_json(tmp_path / "audit.json")
    text = (tmp_path / "audit.json").read_text(encoding="utf-8")
    stored = read_file(text, "audit.json")
    assert (stored.audits, stored.refereed) == (audit.results, audit.refereed)
    (told,) = json.loads(text)["refereed"]
    assert told["plan"]["metric"] == "mae"
    assert told["raw_readers"][0]["name"] == "tuned"


def test_a_file_of_before_referees_is_read(others_store: Store) -> None:
    logged(others_store)
    old = audited().to_dict()
    del old["refereed"]
    assert read_file(json.dumps(old), "audit.json").refereed == ()


def test_names_of_others_are_shown_as_text(others_store: Store, tmp_path: Path) -> None:
    evil = ["<script>alert(1)</script>", "a|b\x1b[31m"]
    closed(others_store, submitters=evil)
    logged(others_store, user="<img src=x>", name="[x](http://evil)")
    audit = audited()
    audit.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<img src=x>" not in page + audit._repr_html_()
    assert "\x1b" not in str(audit)
    markdown = audit_markdown(named(audit.results), audit.refereed)
    assert "<img" not in markdown
    assert "[x](" not in markdown


def test_the_page_and_the_comment_show_the_verdict(others_store: Store, tmp_path: Path) -> None:
    closed(others_store)
    audit = audited()
    audit.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"G{PRICE[1:]}" in page
    assert "0.050 to 0.190" in page
    assert "What the validation scores of “others” are worth" in page
    markdown = audit_markdown([], audit.refereed)
    assert "Gain 0.120 mae" in markdown
    assert "No holdout has runs" not in markdown


def test_charts_leave_refereed_runs_out(others_store: Store) -> None:
    closed(others_store)
    (own,) = views_of(shown(others_store.client, others_store.experiment))
    assert own.key == "viewcast-referees"
    for loss in (3.0, 2.0, 1.0):
        with others_store.run():
            mlflow.log_metric("val_mae", loss)
    (scores, *_) = views_of(shown(others_store.client, others_store.experiment))
    assert "3 runs" in scores.text(0)
    assert "metrics.`val_mae` <" in scores.text(0)  # true of no run without it


def test_taking_the_audit_away_leaves_the_note_of_the_referee(others_store: Store) -> None:
    closed(others_store)
    logged(others_store)
    audited(write=True)
    assert viewcast.unwrite(experiment="others") == 1
    notes = [
        run.data.tags.get("mlflow.note.content", "")
        for run in others_store.client.search_runs([others_store.experiment])
    ]
    assert any("**Gain 0.120 mae" in note for note in notes)


def test_the_audit_of_a_project_tells_its_referees(project: Project) -> None:
    tracking = project.config().tracking
    told = RefereeRuns(tracking.uri, tracking.experiment, Path(str(tracking.artifacts)).as_uri())
    told.closing(closing_of(PLAN, submissions(9)))
    found = audit_all(AuditSettings(tracking, draws=50), project.root)
    assert [each.run_id for each in found.refereed] != [PLAN.hash]
    (project.root / "reports" / "summary.json").write_text("[]")
    assert "1 of 9 submissions accepted" in audited_table(project.root)
    stored = json.loads((project.root / "reports" / "audit.json").read_text())
    assert [each["run_id"] for each in stored["refereed"]] == [PLAN.hash]  # the same everywhere


@pytest.mark.parametrize("kind", ["lecture", "channel"])
def test_the_page_of_a_project_shows_its_referees(
    others_store: Store, tmp_path: Path, kind: str
) -> None:
    closed(others_store)
    fake = Fake(tmp_path)
    fake.prepare()
    fake.run("channel", "main", "deep")
    if kind == "channel":  # a person's own data have another name
        fake.rows[0]["data"] = "mine"
    (tmp_path / "reports").mkdir()
    audited().to_json(tmp_path / "reports" / "audit.json")
    page = fake.build()[1]
    assert ("The days that the models learn from" in page) == (kind == "channel")
    assert "Referee “gate”: experiment others, 120 rows" in page
    assert f"G{PRICE[1:]}" in page
