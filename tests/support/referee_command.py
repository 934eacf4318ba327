"""``viewcast referee`` as it is typed, and the plan of a new referee."""

from typing import Any

from click.testing import CliRunner, Result

from viewcast.commands.program import program

PLAN = ["--target", "y", "--metric", "mae", "--key", "id", "--budget", "3"]


def typed(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(program, ["referee", *words], **options)
