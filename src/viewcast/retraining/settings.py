"""``conf/retrain.yaml`` as typed settings."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import ConfigError
from viewcast.base.settings import Tracking, build, construct
from viewcast.data.sources.source import Source
from viewcast.data.sources.timezone import day_at
from viewcast.retraining.check import Check
from viewcast.retraining.dm_test import Rule

STRICT = ConfigDict(extra="forbid")
Days = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[^/:]+$")]


@checked(frozen=True, config=STRICT)
class Retrain:
    """One call of the command.

    ``today``: the day of the channel on which it runs (ISO), null for the clock's. ``nights``:
    so many nights one after another, which needs a ``today``. ``settle``: days after its end in
    which a day's count is not final. ``lookback``: days before the newest known one that the source
    is asked for again, for corrections. ``name``: of the registered model.
    """

    today: date | None
    nights: Annotated[int, Field(ge=1)]
    settle: Days
    lookback: Days
    name: Name


@checked(frozen=True, config=STRICT)
class Fresh:
    """How many fresh days a judgement takes: ``first`` where there is no champion yet, to give its
    word by; ``least`` between champion and challenger.
    """

    first: Annotated[int, Field(ge=3)]
    least: Annotated[int, Field(ge=3)]


@dataclass(frozen=True)
class Settings:
    """Everything that a night is told."""

    source: Source
    retrain: Retrain
    fresh: Fresh
    check: Check
    judge: Rule
    tracking: Tracking

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Self:
        """A composed mapping as settings; refuses (ConfigError) unknown and impossible keys."""
        parts = {"retrain": Retrain, "fresh": Fresh, "check": Check, "judge": Rule}
        built = {name: construct(part, plain[name], name) for name, part in parts.items()}
        source: Source = build(plain["source"], "source", Source)
        settings = cls(
            source=source, tracking=construct(Tracking, plain["tracking"], "tracking"), **built
        )
        if settings.retrain.nights > 1 and settings.retrain.today is None:
            raise ConfigError(
                f"retrain.nights = {settings.retrain.nights} needs retrain.today, the first of "
                "them: by the clock there is one night at a time"
            )
        return settings

    def today(self) -> date:
        """The day of the channel: the one that is told, or that of the clock in its zone."""
        return self.retrain.today or day_at(datetime.now(UTC), self.source.timezone)
