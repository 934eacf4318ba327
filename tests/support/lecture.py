"""The parts of the live lecture; without the extra ``live`` their tests are skipped."""

import sys
from importlib.util import find_spec

import pytest

from support.project import REPOSITORY

for needed in ("marimo", "altair"):
    if find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed", allow_module_level=True)

NOTEBOOKS = REPOSITORY / "notebooks"
sys.path.append(str(NOTEBOOKS))
