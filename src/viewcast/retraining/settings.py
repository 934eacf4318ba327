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
from viewcast.retraining.data_check import DataCheck
from viewcast.retraining.promotion_rule import PromotionRule

STRICT = ConfigDict(extra="forbid")
Days = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[^/:]+$")]


@checked(frozen=True, config=STRICT)
class Retrain:
    """One call of the command.

    ``today``: the day of the channel on which it runs (ISO), null for the clock's. ``nights``: the
    number of nights, one after another; more than one needs ``today``. ``settle_days``: days after
    its end in which a day's count is not final. ``lookback_days``: days before the newest known one
    that are fetched again, for corrections. ``model_name``: of the registered model.
    """

    today: date | None
    nights: Annotated[int, Field(ge=1)]
    settle_days: Days
    lookback_days: Days
    model_name: Name


@checked(frozen=True, config=STRICT)
class Fresh:
    """How many fresh days an evaluation needs.

    ``first_champion_days``: where there is no champion yet; the first champion's expected loss is
    estimated on them. ``evaluation_days``: for champion against challenger.
    """

    first_champion_days: Annotated[int, Field(ge=3)]
    evaluation_days: Annotated[int, Field(ge=3)]


@dataclass(frozen=True)
class Settings:
    """All settings of a night."""

    source: Source
    retrain: Retrain
    fresh: Fresh
    check: DataCheck
    promotion: PromotionRule
    tracking: Tracking

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Self:
        """A composed mapping as settings; refuses (ConfigError) unknown and impossible keys."""
        parts = {
            "retrain": Retrain,
            "fresh": Fresh,
            "check": DataCheck,
            "promotion": PromotionRule,
        }
        built = {name: construct(part, plain[name], name) for name, part in parts.items()}
        source: Source = build(plain["source"], "source", Source)
        settings = cls(
            source=source, tracking=construct(Tracking, plain["tracking"], "tracking"), **built
        )
        if settings.retrain.nights > 1 and settings.retrain.today is None:
            raise ConfigError(
                f"retrain.nights = {settings.retrain.nights} needs retrain.today, the first of "
                "them: without it the command runs the one night of the clock's day"
            )
        return settings

    def today(self) -> date:
        """The day of the channel: ``retrain.today``, or the clock's day in the channel's zone."""
        return self.retrain.today or day_at(datetime.now(UTC), self.source.timezone)
