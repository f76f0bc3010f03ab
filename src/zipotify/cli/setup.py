"""`zipotify setup`: jars and JDK."""

from __future__ import annotations

import typer


def run() -> None:
    """Fetch what Kafka and Spark need besides Python packages: their jars, checked by SHA-256, and find a JDK.

    Does nothing, and needs no network, when all is there. `make setup` calls it.

    Example: `zipotify setup`
    """
    from zipotify.runtime.jars import jars_folder, resolve_jars
    from zipotify.runtime.java import java_home, java_version

    home = java_home()
    typer.echo(f"JDK {java_version(home)}: {home}")
    fetched_count = resolve_jars(typer.echo)
    typer.echo(f"jars: {jars_folder()} ({fetched_count} fetched, all checksums right)")
