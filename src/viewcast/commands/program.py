"""The program ``viewcast``: one group, to which each module of this room adds its commands.

Each command imports what it needs when it is called, so that ``viewcast --help`` answers at once.
"""

from typing import Any, NoReturn

import click

from viewcast import __version__
from viewcast.base.escaped import on_screen
from viewcast.base.top_level import top_level
from viewcast.commands import audit, copy_store, habit, referee, report, ui
from viewcast.commands.project import PROJECT_COMMANDS

OF_CLICK = (click.ClickException, click.exceptions.Exit, click.Abort)


class Program(click.Group):
    """A group whose commands end with one sentence and the right exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        with top_level("viewcast", OF_CLICK, _refuse):
            return super().invoke(ctx)


def _refuse(text: str) -> NoReturn:
    raise click.ClickException(on_screen(text)) from None


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="viewcast")
def program() -> None:
    """How far a validation score can be believed, for the runs in any MLflow store."""


program.add_command(audit.command)
program.add_command(ui.command)
program.add_command(habit.command)
program.add_command(report.command)
program.add_command(copy_store.command)
program.add_command(referee.group)
for command in PROJECT_COMMANDS:
    program.add_command(command)
