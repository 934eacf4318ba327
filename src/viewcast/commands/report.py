"""``viewcast report``: the page of the project written anew, or its audit as Markdown."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from viewcast.base.errors import ConfigError
from viewcast.commands.output_file import TABLE
from viewcast.commands.project import project_folder, run_script

SCREEN = "-"


@click.command("report", context_settings={"ignore_unknown_options": True})
@click.option(
    "--markdown",
    metavar="[FILE]",
    is_flag=False,
    flag_value=SCREEN,
    help="Write the audited table as Markdown to this file, or print it; nothing else is done.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(markdown: str | None, arguments: Sequence[str]) -> None:
    """Write the page of the report anew.

    The arguments go to pipelines/report.py of the project folder. With --markdown the last audit is
    shown as GitHub-flavoured Markdown, for `gh pr comment --body-file FILE` or
    `cml comment create FILE`.
    """
    if markdown is None:
        run_script("report", arguments)
        return
    if arguments:
        raise click.UsageError(f"--markdown takes a file and nothing more: {arguments[0]}")
    place = None if markdown == SCREEN else TABLE.convert(markdown, None, None)
    text = audited_table(project_folder(Path.cwd()))
    if place is None:
        click.echo(text, nl=False)
        return
    from viewcast.base import files  # noqa: PLC0415 (as below)

    files.write(place, text)


def audited_table(root: Path) -> str:
    """The last audit of the project as Markdown. Refuses (ConfigError) where there is none."""
    # `--help` needs none of it.
    from viewcast.assessment.result_file import COMMAND  # noqa: PLC0415
    from viewcast.base.paths import summary_path  # noqa: PLC0415
    from viewcast.report.audit_markdown import audit_markdown  # noqa: PLC0415
    from viewcast.report.audits import in_order, of_datasets, read, read_refereed  # noqa: PLC0415

    audits, summary = read(root), summary_path(root)
    if audits is None or not summary.is_file():
        raise ConfigError(
            f"{root}: nothing was audited yet; type `{COMMAND}`, or `make run`, which audits, too"
        )
    datasets = [row["data"] for row in json.loads(summary.read_text(encoding="utf-8"))]
    return audit_markdown(in_order(of_datasets(audits, datasets), datasets), read_refereed(root))
