"""The audit as Markdown: the figures of the page, and no text of others that sets anything."""

import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from support import audited
from support.clone import REPOSITORY
from viewcast.base import files
from viewcast.base.escaped import HIDDEN, in_markdown
from viewcast.base.paths import summary_path
from viewcast.commands.program import program
from viewcast.report.assessment_panel import assessment_panel
from viewcast.report.audit_markdown import audit_markdown
from viewcast.report.audits import named, read

MARKDOWN = MarkdownIt("commonmark").enable("table").enable("strikethrough")
EVIL = "a|b `c` *d* _e_ [f](http://g) <script>h</script> ![i](j) @k #1 www.l.org m@n.org $o$ ~~p~~"


def shown(markdown: str) -> str:
    """What a reader sees, without the tags that the text must not have brought."""
    html = MARKDOWN.render(markdown)
    assert set(re.findall(r"<(\w+)", html)) <= {"p"}, html
    return unescape(re.sub(r"</?p>", "", html)).strip("\n")


@settings(max_examples=60)
@given(st.text(max_size=40) | st.text("12.)-+#=*_ a:w/~`|[]()<>&\\\t", max_size=12))
def test_a_text_of_others_is_shown_as_it_is_and_sets_nothing(text: str) -> None:
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+", " ", text).strip()
    seen = shown(in_markdown(text)).replace(HIDDEN, "")
    assert " ".join(seen.split()) == " ".join(line.replace(HIDDEN, "").split())


def test_no_address_no_user_and_no_issue_comes_of_it() -> None:
    text = in_markdown(EVIL)
    assert shown(text).replace(HIDDEN, "") == EVIL
    assert not re.search(r"(?<!\\)\||://|www\.|@\w|#[a-z1]|(?<!\\)[`*\[\]~]|\$", text)
    assert "\\:" not in text and "\\$" not in text, "MLflow's UI would show the backslash"


def test_of_a_long_text_the_beginning_is_shown() -> None:
    assert in_markdown("x" * 1000, 10) == "xxxxxxx..."


def test_numbers_and_names_with_hyphens_stay_readable() -> None:
    assert in_markdown("suave-deer-897: 0.960 ± 0.012") == "suave-deer-897: 0.960 ± 0.012"


def rows(markdown: str) -> list[list[str]]:
    html = MARKDOWN.render(markdown)
    lines = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [
        [
            unescape(cell).replace(HIDDEN, "")
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line)
        ]
        for line in lines
    ]


def test_the_table_has_the_figures_of_the_page(tmp_path: Path) -> None:
    studies = named([audited.channel(), audited.search()])
    heads, *lines = rows(audit_markdown(studies))
    assert heads[:3] == ["chosen on", "winner", "shown"]
    for audit, cells in zip(studies, lines, strict=True):
        panel = assessment_panel(audit)
        assert len(cells) == len(heads)
        assert cells[0].startswith(panel.title)
        assert cells[1:4] == [panel.winner, panel.shown, panel.expected]
        assert cells[4] == ("–" if panel.upper == "–" else f"at most {panel.upper}")
        assert cells[6] == panel.looked_at
    assert studies[0].result.headline[1:60] in MARKDOWN.render(audit_markdown(studies))


def test_names_of_others_make_no_column_and_no_line() -> None:
    result = audited.channel()
    assert result.winner is not None
    evil = replace(result, winner=replace(result.winner, name=f"{EVIL}\n| x |"), headline=EVIL)
    plain, table = (rows(audit_markdown(named([each]))) for each in (result, evil))
    assert [len(line) for line in table] == [len(line) for line in plain]
    assert "<script" not in audit_markdown(named([evil]))


def test_very_many_holdouts_do_not_make_it_endless() -> None:
    text = audit_markdown(named([audited.channel()]) * 60)
    assert "and 10 more" in text and len(rows(text)) == 51


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder after an evaluation, without an audit."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "train.py").touch()
    monkeypatch.chdir(tmp_path)
    files.write_json(summary_path(tmp_path), [{"data": "channel"}])
    return tmp_path


def test_the_command_prints_the_table_or_writes_it(project: Path) -> None:
    audited.write(project, [audited.channel()])
    audits = read(project)
    assert audits is not None
    printed = CliRunner().invoke(program, ["report", "--markdown"])
    assert (printed.exit_code, printed.output) == (0, audit_markdown(audits))
    assert CliRunner().invoke(program, ["report", "--markdown", "table.md"]).output == ""
    assert (project / "table.md").read_text(encoding="utf-8") == printed.output


def test_where_nothing_was_audited_the_command_says_what_to_type(project: Path) -> None:
    done = CliRunner().invoke(program, ["report", "--markdown", "table.md"])
    assert done.exit_code == 1 and "pipelines/audit.py" in done.output
    assert not (project / "table.md").exists()


def test_markdown_takes_no_other_arguments(project: Path) -> None:
    done = CliRunner().invoke(program, ["report", "--markdown", "a.md", "data=all"])
    assert done.exit_code == 2 and "data=all" in done.output


# The workflow


WORKFLOW = REPOSITORY / ".github" / "workflows" / "report.yml"


def jobs() -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert plain["permissions"] == {}
    return dict(plain["jobs"])


def test_the_workflow_keeps_to_the_schema_of_github() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    command = [*check, "vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_job_that_may_comment_runs_no_code_of_the_pull_request() -> None:
    audit, comment = jobs()["audit"], jobs()["comment"]
    assert audit["permissions"] == {"contents": "read"}
    assert comment["permissions"] == {"pull-requests": "write"}
    used = [step.get("uses", "").split("@")[0] for step in comment["steps"]]
    assert used == ["actions/download-artifact", ""]
    assert "token" not in str(audit["steps"]) and "secrets." not in WORKFLOW.read_text()


def test_actions_are_pinned_and_no_expression_is_pasted_into_a_script() -> None:
    steps = [step for job in jobs().values() for step in job["steps"]]
    pinned = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", each) for each in pinned)
    assert not any("${{" in step.get("run", "") for step in steps)
    scripts = " ".join(step.get("run", "") for step in steps)
    assert "viewcast report --markdown table.md" in scripts and "--body-file table.md" in scripts
