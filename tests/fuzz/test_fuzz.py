"""A few hundred inputs of each kind: accepted right, or refused in words, with nothing written."""

from pathlib import Path

import pytest

from fuzz.case import Case
from fuzz.inputs import each
from fuzz.targets import NAMES, target
from fuzz.verdict import judge

SEED = 16
COUNTS = {
    "overrides": 15,
    "models": 300,
    "youtube": 150,
    "artifacts": 30,
    "panels": 150,
    "exports": 60,
    "archives": 60,
    "folders": 40,
    "referee_rows": 40,
    "native": 30,
    "referees": 40,
    "submissions": 25,
}

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("name", NAMES)
def test_inputs_of_a_target_have_no_fault(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    read = target(name)
    faults = []

    def take(case: Case) -> None:
        verdict = judge(read, case, tmp_path)
        if verdict.is_fault:
            (tmp_path / "faulty.case").write_bytes(case.to_bytes())
            faults.append(f"{verdict.kind} {case.made}: {verdict.told}")

    each(read, SEED, COUNTS[name], take)
    assert not faults, "\n".join(faults[:3])
