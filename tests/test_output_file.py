"""A file that a user names for an output is replaced only where it is a former one of its kind."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from support.closings import loop, null
from viewcast.api.audit import Audit
from viewcast.assessment.result_file import to_json
from viewcast.base.errors import ConfigError
from viewcast.commands.output_file import AUDIT, PAGE, TABLE, OutputFile
from viewcast.commands.program import program
from viewcast.report.audit_markdown import audit_markdown
from viewcast.report.audit_page import page as audit_page
from viewcast.report.referee_page import page as referee_page

OURS = [
    (PAGE, lambda: referee_page(loop(null, submissions=20).closed())),
    (PAGE, lambda: audit_page([])),
    (AUDIT, lambda: to_json([])),
    (TABLE, lambda: audit_markdown([])),
]
FOREIGN = ["day,y\n2024-01-01,3\n", "<!doctype html>\n<p>mine</p>", '{"mine": 1}', "### Mine\n"]


@pytest.mark.parametrize(("kind", "content"), OURS, ids=["referee", "audit", "JSON", "Markdown"])
def test_a_former_output_is_replaced_and_nothing_else(
    tmp_path: Path, kind: OutputFile, content: Callable[[], str]
) -> None:
    file = tmp_path / "out"
    assert kind.convert(str(file), None, None) == file
    file.touch()
    assert kind.convert(str(file), None, None) == file
    file.write_text(content(), encoding="utf-8")
    assert kind.convert(str(file), None, None) == file
    for foreign in FOREIGN:
        file.write_text(foreign)
        with pytest.raises(click.BadParameter, match="nothing was changed: move it away"):
            kind.convert(str(file), None, None)
        assert file.read_text() == foreign


@pytest.mark.parametrize("write", [Audit.to_html, Audit.to_json], ids=["html", "json"])
def test_python_replaces_a_former_output_and_nothing_else(
    tmp_path: Path, write: Callable[[Audit, Path], None]
) -> None:
    file = tmp_path / "out"
    for content in FOREIGN:
        file.write_text(content)
        with pytest.raises(
            ConfigError, match=r"out: exists and is no [pa].+ of viewcast; nothing was"
        ):
            write(Audit(()), file)
        assert file.read_text() == content
    with pytest.raises(ConfigError, match="is a folder; expected the name of a file"):
        write(Audit(()), tmp_path)
    file.write_text("")
    for _ in range(2):  # one that is nobody's, then the former one
        write(Audit(()), file)
    assert file.stat().st_size


@pytest.mark.parametrize(
    "words",
    [
        "audit --html valid.csv",
        "audit --json valid.csv",
        "referee close --yes --html valid.csv",
        "referee page --out valid.csv",
        "report --markdown valid.csv",
    ],
)
def test_every_command_refuses_it_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("valid.csv").write_text(FOREIGN[0])
    done = CliRunner().invoke(program, words.split())
    assert done.exit_code == 2
    assert "valid.csv: exists and is no" in done.output
    assert Path("valid.csv").read_text() == FOREIGN[0]
    assert [path.name for path in tmp_path.iterdir()] == ["valid.csv"]
