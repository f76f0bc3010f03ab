"""`zipotify bigquery`: what BigQuery would be asked to do, as files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for
from zipotify.errors import UsageError

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
_DATA_URL = re.compile(r"gs://[a-z0-9][a-z0-9._-]+(/[^*?#\[\]]*)?")


def run(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder to write into.")],
    project: Annotated[str, typer.Option("--project", help="Project of the jobs and the tables.")],
    dataset: Annotated[str, typer.Option("--dataset", help="Dataset of all tables; it must be there.")],
    data_url: Annotated[
        str, typer.Option("--data-url", metavar="gs://BUCKET/PATH", help="Where you will copy FOLDER/data to.")
    ],
    location: Annotated[str, typer.Option("--location", help="Where the dataset is.")] = "US",
    home: HomeOption = None,
) -> None:
    """Write what BigQuery needs to make the same marts: data as Parquet files, and each job as its API takes it.

    Nothing is sent. The jobs load the data, make every model and hold them against the checks, in the order of their
    names; one that was sent already is refused as a duplicate. How to send them: docs/how-to/engines.md.

    Example: `zipotify bigquery build/bigquery --project my-project --dataset zipotify --data-url gs://my-bucket/lake`
    """
    from zipotify.catalog.store import write_catalog
    from zipotify.warehouse.bigquery import Target
    from zipotify.warehouse.bigquery_files import write_bigquery

    for value, pattern, what in ((project, _PROJECT, "--project"), (dataset, _DATASET, "--dataset")):
        if not pattern.fullmatch(value):
            raise UsageError(f"{what} is '{value}'", "BigQuery has no such name; look it up in its console")
    if not _DATA_URL.fullmatch(data_url):
        raise UsageError(f"--data-url is '{data_url}'", "name gs://BUCKET/PATH, without wildcards")
    target = Target(project, dataset, data_url.rstrip("/"), location, f"{datetime.now(UTC):%Y%m%dT%H%M%S}")
    settings = settings_for(context, home)
    settings.home.require()
    write_catalog(settings.home.lake)
    written = write_bigquery(settings, folder, target)
    typer.echo(
        f"wrote {written.job_count} jobs, and {written.row_count:,} rows of data in "
        f"{written.data_bytes / 1e6:,.1f} MB, into {folder}; nothing was sent"
    )
