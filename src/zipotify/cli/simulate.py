"""`zipotify simulate`: Eventsim's traffic, into files or Kafka, whole runs or live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zipotify.cli.common import HomeOption, settings_for

_FROM_DEFAULT = 15.0


def run(
    context: typer.Context,
    output: Annotated[Path, typer.Argument(help="Folder for the four .ndjson files.")] = Path("output"),
    config: Annotated[Path | None, typer.Option("-c", "--config", help="Eventsim's JSON, or our TOML.")] = None,
    nusers: Annotated[int | None, typer.Option("-n", "--nusers", min=0, help="Users at the start.")] = None,
    growth_rate: Annotated[float | None, typer.Option("-g", "--growth-rate", min=0, help="Per year.")] = None,
    attrition_rate: Annotated[float | None, typer.Option("-a", "--attrition-rate", min=0, help="Per year.")] = None,
    start_time: Annotated[str | None, typer.Option("-s", "--start-time", help="ISO date-time, UTC.")] = None,
    end_time: Annotated[str | None, typer.Option("-e", "--end-time", help="ISO date-time, UTC.")] = None,
    from_days: Annotated[float, typer.Option("-f", "--from", help="Without start: days ago.")] = _FROM_DEFAULT,
    to_days: Annotated[float, typer.Option("-t", "--to", help="Without end: days ago.")] = 1.0,
    userid: Annotated[int | None, typer.Option("-u", "--userid", min=0, help="First user id.")] = None,
    randomseed: Annotated[int | None, typer.Option("-r", "--randomseed", help="Random seed.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Tag on every event that shows its user.")] = None,
    kafka_brokers: Annotated[
        str | None, typer.Option("-k", "--kafkaBrokerList", metavar="HOST:PORT", help="Into this Kafka.")
    ] = None,
    kafka: Annotated[bool, typer.Option("--kafka", help="Into the home's Kafka instead of files.")] = False,
    continuous: Annotated[
        bool, typer.Option("--continuous", "--live", help="History, then live without end; into Kafka.")
    ] = False,
    launch_users: Annotated[
        int, typer.Option("--launch-users", min=0, help="Live: further users, whose traffic starts now.")
    ] = 0,
    history_rate: Annotated[
        int, typer.Option("--history-rate", min=1, help="Live: events/s of history beside live ones.")
    ] = 6000,
    source: Annotated[str, typer.Option("--source", help="Name of the source that events belong to.")] = "sim",
    home: HomeOption = None,
) -> None:
    """Simulate listeners, compatible with Eventsim: its options, configuration and four topics.

    Without -k, --kafka or --continuous, writes `<topic>.ndjson` files. A live run keeps its clock in the home, and
    when started again fills the gap since it stopped.

    Example: `zipotify simulate -n 1000 -s 2024-01-01 -e 2024-01-31 -r 42 output`
    """
    from zipotify.catalog import builtin_tracks
    from zipotify.simulate import Job, LiveOptions, Options, simulate

    tracks = builtin_tracks()
    columns = ("artist_name", "title", "duration_s", "play_weight")
    options = Options(
        n_users=nusers,
        growth_rate=growth_rate,
        attrition_rate=attrition_rate,
        first_user_id=userid,
        seed=randomseed,
        tag=tag,
        start=start_time,
        end=end_time,
        from_days=from_days,
        to_days=to_days,
    )
    job = Job(
        config=config,
        options=options,
        tracks=[tracks[column].to_list() for column in columns],
        output=output,
        kafka=kafka or kafka_brokers is not None,
        live=LiveOptions(source, launch_users, history_rate) if continuous else None,
        source=source,
    )
    simulate(settings_for(context, home, bootstrap_servers=kafka_brokers), job)
