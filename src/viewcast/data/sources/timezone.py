"""Time zones: the days of a channel begin at midnight in its zone."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

YOUTUBE_ZONE = "America/Los_Angeles"  # YouTube counts its days there


def _known(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected a time zone such as America/Los_Angeles, Asia/Taipei or UTC")
    return name


Zone = Annotated[str, AfterValidator(_known)]


def day_at(moment: datetime, zone: str) -> date:
    """The channel's day at ``moment``, which has any zone; ``zone``: of the channel."""
    return moment.astimezone(ZoneInfo(zone)).date()
