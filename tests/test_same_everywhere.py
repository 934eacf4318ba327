"""The same work leaves the same files on every machine: DVC and Git then see no change."""

import os
import subprocess
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from support.clone import REPOSITORY
from support.machines import HASWELL
from support.small_pipeline import files_of, small_pipeline


def test_runs_and_audit_leave_the_same_bytes_without_avx_512_and_on_one_thread(
    tmp_path: Path,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    with threadpool_limits(2, user_api="blas"):
        small_pipeline(here)
    program = [sys.executable, "-m", "support.small_pipeline", str(there)]
    elsewhere = {**os.environ, **HASWELL, "PYTHONPATH": str(REPOSITORY / "tests")}
    subprocess.run(program, env=elsewhere, check=True, capture_output=True)
    expected, found = files_of(here), files_of(there)
    assert len(expected) > 20
    assert expected.keys() == found.keys()
    assert [name for name in expected if expected[name] != found[name]] == []
