"""``viewcast copy-store``: every run of a store in a database, in another one."""

from pathlib import Path

import click

from viewcast.base.errors import ConfigError

SQLITE = "sqlite:///"


@click.command("copy-store", short_help="Copy a store with all its runs into an empty database.")
@click.argument("source")
@click.argument("target")
@click.option(
    "--artifacts",
    default="mlflow-artifacts:/",
    show_default=True,
    help="Where the target finds the files that lie in local folders now.",
)
def command(source: str, target: str, artifacts: str) -> None:
    """Copy the store SOURCE into the empty database TARGET, such as from SQLite to PostgreSQL.

    Both are uris of databases. The source is only read, ids stay, and the target has everything or
    nothing. Files of runs are not copied; at the end the command says which folder goes where.
    """
    from viewcast.tracking.write.store_copy import copy_store  # noqa: PLC0415 (takes a second)

    if source.startswith(SQLITE) and not Path(source.removeprefix(SQLITE)).is_file():
        raise ConfigError(f"{source}: no such file in {Path.cwd()}; expected the store to copy")
    copied = copy_store(source, target, artifacts)
    for table, count in copied.rows.items():
        if count:
            click.echo(f"{count:>10,}  {table}")
    for folder, uri in copied.folders.items():
        click.echo(f"Copy all in {folder} to where the target keeps {uri}")
