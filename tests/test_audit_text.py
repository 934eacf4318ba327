"""The audit in the terminal, study by study."""

from dataclasses import replace

import pytest

from support import audited
from viewcast.assessment.sentences import dependence
from viewcast.assessment.wording import few
from viewcast.report.audit_page import section
from viewcast.report.audit_text import print_audit
from viewcast.report.audits import named

pytestmark = pytest.mark.xdist_group("audit report")  # what is costly is made once for all


def test_the_terminal_shows_each_study_within_100_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_audit(named(audited.everything()))
    printed = capsys.readouterr().out
    assert all(len(line) <= 100 for line in printed.splitlines())
    assert "\x1b" not in printed
    figures = ["run 0", "0.372 ± 0.019", "0.414", "0.455", "0.412", "0.600", "23 of 200", "82 %"]
    assert any(all(figure in line for figure in figures) for line in printed.splitlines())
    too_few = "7 rows are too few for a corrected figure; 100 would do."
    assert " ".join(printed.split()).count(
        f"“lectures_deep” shows 330 ± 140 minutes², but {too_few}"
    )


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("a", "“a”"),
        ("abcde", "“a”, “b”, “c”, “d”, “e”"),
        ("abcdef", "“a”, “b”, “c”, “d” and 2 more"),
        ("aabb", "“a” (twice), “b” (twice)"),
        ("abcabcdefda", "“a” (3 times), “b” (twice), “c” (twice), “d” (twice) and 2 more"),
    ],
)
def test_runs_that_share_a_name_are_named_once(names: str, told: str) -> None:
    assert few([*names]) == told


def test_the_figures_above_a_page_are_the_winner_s_which_the_first_names() -> None:
    """The headline may advise a simpler run, and tells what that one is worth."""
    search = audited.search()
    assert search.winner is not None
    long = replace(search, winner=replace(search.winner, name="n" * 200))
    for result, name in ((search, search.winner.name), (long, "n" * 31 + "…")):
        (audit,) = named([result])
        assert section(audit).figures[0].name == f"shown by “{name}”"


@pytest.mark.parametrize(
    ("length", "told"),
    [(1.3, "rows depend on the one before"), (1.96, "rows depend on those 2 before")],
)
def test_dependence_is_told_in_whole_rows(length: float, told: str) -> None:
    result = replace(audited.lectures(), dependence=length, independent=5.0, clustering=None)
    assert dependence(result).startswith(told)
