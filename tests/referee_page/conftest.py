"""Referees that were closed."""

import pytest

from support.closed_referees import exploring_one, honest_one, lucky_one, page_of
from viewcast.referee.record import Closing


@pytest.fixture
def honest() -> Closing:
    return honest_one()


@pytest.fixture
def lucky() -> Closing:
    return lucky_one()


@pytest.fixture
def explored() -> Closing:
    return exploring_one()


@pytest.fixture
def page(honest: Closing) -> str:
    return page_of(honest)
