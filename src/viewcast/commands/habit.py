"""``viewcast habit``: a person's word that a channel has another habit from a day on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from viewcast.base.errors import ConfigError
from viewcast.base.paths import LIVE, channel_path, habits_path
from viewcast.base.settings import construct
from viewcast.commands.project import project_folder

if TYPE_CHECKING:
    from viewcast.forecast.habits import Habit

KEYS = ("since", "why", "forget", "channel")
USAGE = "type `viewcast habit since=2026-08-24 why='starts of playback count as views'`"

EXAMPLE = """
\b
Examples.
  $ viewcast habit                                          what is noted
  $ viewcast habit since=2026-08-24 why='counts starts, too'
  $ viewcast habit forget=2026-08-24
  $ viewcast habit channel=music since=2026-01-05 why='a video every day'
"""


@click.command(
    "habit", epilog=EXAMPLE, short_help="Note that a channel has another level or other weekdays."
)
@click.argument("arguments", nargs=-1)
def command(arguments: Sequence[str]) -> None:
    """Note that a channel has another habit from a day on: another level, or other weekdays.

    The next night moves all days before it to the new habit, and every recipe is fitted on them.
    Note it when you know the reason, such as another schedule; a viral week is no habit.
    """
    # Reading a file of habits needs the libraries of tables, `--help` does not.
    from viewcast.forecast import habits  # noqa: PLC0415

    given = _parsed(arguments)
    root = project_folder(Path.cwd())
    channel = given.pop("channel", LIVE)
    path = habits_path(root, channel)
    if given and not channel_path(root, channel).is_dir():
        raise ConfigError(
            f"channel = {channel!r}: no night has run for it, {channel_path(root, channel)} does "
            "not exist; expected a channel with nights: type `viewcast retrain` first"
        )
    noted = habits.read(path)
    if "forget" in given:
        day = given["forget"]
        kept = [habit for habit in noted if habit.since.isoformat() != day]
        if len(kept) == len(noted):
            known = ", ".join(habit.since.isoformat() for habit in noted) or "none"
            raise ConfigError(f"forget = {day}: {path} notes no such day; noted: {known}")
        habits.write(path, kept)
    elif given:
        kept = habits.together(noted, [construct(habits.Habit, given, "habit")])
        habits.write(path, kept)
    else:
        kept = noted
    _tell(kept, channel, changed=bool(given))


def _parsed(arguments: Sequence[str]) -> dict[str, str]:
    """The arguments by key; refuses (ConfigError) an unknown key, and two wishes at once."""
    pairs = [argument.partition("=") for argument in arguments]
    wrong = [argument for argument, (key, equals, _) in zip(arguments, pairs, strict=True)
             if key not in KEYS or not equals]  # fmt: skip
    if wrong:
        keys = ", ".join(f"{key}=" for key in KEYS)
        raise ConfigError(f"found {wrong[0]!r}; expected {keys}: {USAGE}")
    given = {key: value for key, _, value in pairs}
    if "forget" in given and len({"since", "why"} & given.keys()):
        raise ConfigError("found forget= beside since= or why=; expected one wish at a time")
    return given


def _tell(noted: "Sequence[Habit]", channel: str, changed: bool) -> None:
    for habit in noted:
        click.echo(f"since {habit.since}: {habit.why}")
    if not noted:
        click.echo(f"No change of habit is noted for channel {channel}. To note one, {USAGE}.")
    if changed:
        click.echo("The next night (`viewcast retrain`) forecasts so.")
