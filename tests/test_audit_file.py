"""The file of audits that a report reads: nothing is lost in it, and what is none is refused."""

import json
from pathlib import Path

import pytest

from support import audited
from viewcast.assessment.result_file import to_json
from viewcast.base.errors import DataError
from viewcast.report.audits import read

pytestmark = pytest.mark.xdist_group("audit report")  # what is costly is made once for all


WHOLE = json.loads(to_json([audited.lectures()]))
LECTURES = WHOLE["audits"][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 3, "audits": [{"holdout": ', "damaged"),
        (
            "[]",
            "written as version 1 of the results of an audit, and this viewcast reads version 3",
        ),
        ('{"version": 4, "audits": []}', "written as version 4"),
        ('{"audits": []}', "written as version unknown"),
        ("7", "written as version unknown"),
        (json.dumps({"version": 3}), "audits: Field required"),
        (json.dumps(WHOLE | {"said": 1}), "said: Unexpected keyword argument"),
        (
            json.dumps({"version": 3, "audits": [LECTURES | {"rows": "seven"}]}),
            r"audits\.0\.rows: Input should be a valid integer",
        ),
    ],
)
def test_a_file_that_is_no_audit_of_this_version_is_refused_with_the_command_that_makes_one(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "audit.json").write_text(text)
    with pytest.raises(DataError, match=rf"audit\.json: {message}.*python pipelines/audit\.py"):
        read(tmp_path)


@pytest.mark.parametrize("key", ["holdout", "winner", "sentences"])
def test_an_audit_without_a_key_is_refused_by_its_name(tmp_path: Path, key: str) -> None:
    lacking = {name: value for name, value in LECTURES.items() if name != key}
    (tmp_path / "reports").mkdir()
    content = json.dumps({"version": 3, "audits": [lacking]})
    (tmp_path / "reports" / "audit.json").write_text(content)
    with pytest.raises(DataError, match=rf"audits\.0\.{key}: Field required"):
        read(tmp_path)


def test_results_survive_their_file(tmp_path: Path) -> None:
    audited.write(tmp_path, audited.everything())
    audits = read(tmp_path)
    assert audits is not None
    assert [audit.result for audit in audits] == audited.everything()
