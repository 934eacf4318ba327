"""``conf/retrain.yaml`` as typed settings."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import ConfigError
from viewcast.base.paths import LIVE, checked_name
from viewcast.base.settings import Tracking, build, construct, section
from viewcast.data import metric
from viewcast.data.not_counted import Policies
from viewcast.data.sources.source import Source
from viewcast.data.sources.timezone import day_at
from viewcast.forecast.habits import Habit
from viewcast.forecast.recipe import Recipe
from viewcast.forecast.recipes import configured
from viewcast.retraining.data_check import DataCheck
from viewcast.retraining.gate import Gate
from viewcast.retraining.notify import Notify
from viewcast.tracking.subject import Subject

STRICT = ConfigDict(extra="forbid")
Days = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[^/:]+$")]


@checked(frozen=True, config=STRICT)
class Retrain:
    """One call of the command.

    ``today``: the day of the channel on which it runs (ISO), null for the clock's. ``nights``: the
    number of nights, one after another; more than one needs ``today``. ``channel``: the folder of
    what they keep. ``settle``: days after its end in which a day's count is not final, null for
    what the source needs. ``lookback_days``: days before the newest known one that are fetched
    again, for corrections. ``model_name``: of the registered model. ``approve``: whether a new
    version serves at once, or waits for a person. ``keep_versions``: the newest ones that stay in
    the registry. ``git``, ``branch``: whether what a night keeps becomes a commit, and where.
    ``remote``: of DVC, null for none.
    """

    today: date | None
    nights: Annotated[int, Field(ge=1)]
    channel: Name
    settle: Days | None
    lookback_days: Days
    model_name: Name
    approve: Literal["auto", "manual"]
    keep_versions: Annotated[int, Field(ge=2)]
    git: Literal["none", "commit"]
    branch: Annotated[str, Field(min_length=1)]
    remote: str | None


@checked(frozen=True, config=STRICT)
class Forecasting:
    """How recipes are combined, and what their errors are measured on.

    ``horizon``: days ahead. ``combination``: the recipes whose mean of logs serves. ``level``:
    share of days that the intervals shall cover. ``half_life``: nights after which an error counts
    half. ``backtest_weeks``, ``backtest_days``: weekly origins in the past, and newest days of
    which every one is an origin.
    """

    horizon: Annotated[int, Field(ge=1, le=28)]
    combination: Annotated[list[str], Field(min_length=1)]
    level: Share
    half_life: Annotated[float, Field(gt=0)]
    backtest_weeks: Days
    backtest_days: Days


@checked(frozen=True, config=STRICT)
class GuardSettings:
    """What a new version must not do.

    ``max_worse``: share by which it may lose more on the last 28 days than the one that serves.
    ``range``: factor by which a forecast may leave the views of the last 56 days.
    """

    max_worse: Annotated[float, Field(ge=0)]
    range: Annotated[float, Field(gt=1)]


@checked(frozen=True, config=STRICT)
class ChannelData:
    """``conf/data/live.yaml``. ``habits``: the changes of habit that a person has confirmed.

    ``metric``: what is forecast; the YAML files of sources pass it on.
    """

    habits: list[Habit]
    metric: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Settings:
    """All settings of a night. ``plain_recipes``: the sections that ``recipes`` were made from."""

    source: Source
    retrain: Retrain
    forecast: Forecasting
    gate: Gate
    guard: GuardSettings
    check: DataCheck
    data: ChannelData
    recipes: dict[str, Recipe]
    plain_recipes: dict[str, dict[str, Any]]
    tracking: Tracking
    notify: Notify

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Self:
        """A composed mapping as settings; refuses (ConfigError) unknown and impossible keys."""
        parts = {
            "retrain": Retrain,
            "forecast": Forecasting,
            "gate": Gate,
            "guard": GuardSettings,
            "check": DataCheck,
            "data": ChannelData,
            "tracking": Tracking,
            "notify": Notify,
        }
        built = {name: construct(part, section(plain, name), name) for name, part in parts.items()}
        settings = cls(
            source=build(section(plain, "source"), "source", Source),
            recipes=configured(plain.get("recipes", {})),
            plain_recipes=plain.get("recipes", {}),
            **built,
        )
        settings._check()
        return settings

    def _check(self) -> None:
        retrain = self.retrain
        checked_name(retrain.channel)
        if retrain.nights > 1 and retrain.today is None:
            raise ConfigError(
                f"retrain.nights = {retrain.nights} needs retrain.today, the first of "
                "them: without it the command runs the one night of the clock's day"
            )
        unknown = [name for name in self.forecast.combination if name not in self.recipes]
        if unknown:
            raise ConfigError(
                f"forecast.combination = {self.forecast.combination}: {', '.join(unknown)} is no "
                f"recipe of this night; expected some of {', '.join(self.recipes)}; choose recipes "
                "by recipe=[...]"
            )

    @property
    def model_name(self) -> str:
        """The name of the registered model of this channel."""
        return model_name(self.retrain.model_name, self.retrain.channel)

    @property
    def settle_days(self) -> int:
        """Days after its end in which a day's count is not final."""
        asked = self.retrain.settle
        return self.source.settle_days if asked is None else asked

    @property
    def policies(self) -> Policies:
        """What becomes of days with figures below 0, and of newest days with 0; a source that has
        no such keys leaves them out.
        """
        kept = Policies()
        return Policies(
            getattr(self.source, "negative", kept.negative),
            getattr(self.source, "newest_zeros", kept.newest_zeros),
        )

    @property
    def unit(self) -> str:
        """The unit of the days and of every loss."""
        return metric.label(self.source.metric)

    @property
    def subject(self) -> Subject:
        """What the experiments of the nights are about."""
        label, channel = self.source.label, self.retrain.channel
        return Subject(channel, label, "mae", self.unit, self.tracking, nightly=True)

    def today(self) -> date:
        """The day of the channel: ``retrain.today``, or the clock's day in the channel's zone."""
        return self.retrain.today or day_at(datetime.now(UTC), self.source.timezone)


def model_name(name: str, channel: str) -> str:
    """The name of the registered model of a channel: another one than live adds its own."""
    return name if channel == LIVE else f"{name}-{checked_name(channel)}"
