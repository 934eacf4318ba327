"""The zone whose midnights part the days of a channel."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator


def _known(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected a time zone such as America/Los_Angeles, Asia/Taipei or UTC")
    return name


Zone = Annotated[str, AfterValidator(_known)]


def day_at(moment: datetime, zone: str) -> date:
    """The day of the channel at a moment (with a zone of its own)."""
    return moment.astimezone(ZoneInfo(zone)).date()
