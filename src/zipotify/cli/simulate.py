"""`zipotify simulate`: Eventsim's traffic, into files, the lake or Kafka, whole runs or live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zipotify.cli.common import HomeOption, settings_for
from zipotify.runtime.processes import without_math_threads

if TYPE_CHECKING:
    from zipotify.settings import Settings
    from zipotify.simulate import Job, Outcome, Songs

_FROM_DEFAULT = 15.0
_Format = Literal["ndjson", "ndjson.gz", "ndjson.zst", "parquet", "none"]
_Progress = Literal["auto", "bar", "json", "none"]


def run(
    context: typer.Context,
    output: Annotated[Path, typer.Argument(help="Folder for the files of the four topics.")] = Path("output"),
    config: Annotated[Path | None, typer.Option("-c", "--config", help="Eventsim's JSON, or our TOML.")] = None,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="CONFIG", help="Explain this configuration, and stop.")
    ] = None,
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
    lake: Annotated[bool, typer.Option("--lake", help="Into the home's lake, without Kafka or a JVM.")] = False,
    file_format: Annotated[_Format, typer.Option("--format", help="Of the files; none drops all events.")] = "ndjson",
    processes: Annotated[int, typer.Option("-p", "--processes", min=1, help="The output stays the same.")] = 1,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="K/N", help="Only the K-th N-th of the users.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    speed: Annotated[str, typer.Option("--speed", metavar="max|real|60x", help="Kafka: how fast time passes.")] = "max",
    continuous: Annotated[
        bool, typer.Option("--continuous", "--live", help="History, then live without end; into Kafka.")
    ] = False,
    launch_users: Annotated[
        int | None, typer.Option("--launch-users", min=0, help="Live: further users, whose traffic starts now.")
    ] = None,
    history_rate: Annotated[
        int | None, typer.Option("--history-rate", min=1, help="Live: events/s of history beside live ones; 6000.")
    ] = None,
    extras: Annotated[
        str, typer.Option("--with", metavar="LIST", help="Of played, origin, device, track-id, drift, or all.")
    ] = "",
    bots: Annotated[float, typer.Option("--bots", min=0, max=1, help="Share of users that are bots.")] = 0.0,
    experiment: Annotated[
        list[str] | None, typer.Option("--experiment", metavar="TAG=SHARE:CONFIG", help="A variant; may be repeated.")
    ] = None,
    faults: Annotated[
        str, typer.Option("--faults", metavar="NAME=SHARE,...", help="Spoil events; the truth goes beside them.")
    ] = "",
    catalogue: Annotated[
        Literal["auto", "builtin"], typer.Option("--catalog", help="auto: the imported one when there is one.")
    ] = "auto",
    source: Annotated[str, typer.Option("--source", help="Name of the source that events belong to.")] = "sim",
    progress: Annotated[_Progress, typer.Option("--progress", help="json: one line a step, for machines.")] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    home: HomeOption = None,
) -> None:
    """Simulate listeners, compatible with Eventsim: its options, configuration and four topics.

    Without -k, --kafka, --lake or --continuous, writes `<topic>.ndjson` files; Ctrl-C leaves a run that --resume goes
    on with to the same bytes. A live run keeps its clock in the home, and when started again fills the gap.

    Example: `zipotify simulate -n 1000 -s 2024-01-01 -e 2024-01-31 -r 42 output`
    """
    if check is not None:
        _explain(check)
        return
    without_math_threads()
    from zipotify.simulate import Job, Options, choice

    settings = settings_for(context, home, bootstrap_servers=kafka_brokers)
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
        extras=choice.extras(extras, bots),
        faults=choice.faults(faults),
        shard=choice.shard(shard),
    )
    job = Job(
        config=config,
        options=options,
        songs=_songs(settings, catalogue, quiet),
        output=output,
        format=file_format,
        processes=processes,
        resume=resume,
        variants=choice.variants(experiment or []),
        kafka=kafka or kafka_brokers is not None,
        pace=choice.pace(speed),
        lake=lake,
        live=choice.live(continuous, source, launch_users, history_rate),
        source=source,
        progress="none" if quiet else progress,
    )
    _run(settings, job, quiet)


def _run(settings: Settings, job: Job, quiet: bool) -> None:
    from zipotify.simulate import simulate

    outcome = _into_lake(settings, job) if job.lake and not (job.live or job.kafka) else simulate(settings, job)
    if outcome is None:
        return
    if not quiet:
        typer.echo(outcome.sentence(), err=True)
    if not outcome.is_finished:
        typer.echo("stopped before the end; for files, the same call with --resume goes on", err=True)
        raise typer.Exit(130)


def _into_lake(settings: Settings, job: Job) -> Outcome:
    """Simulate into a temporary folder and load that: the static path, which judges each event."""
    import shutil
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from zipotify.lake.load import load_files
    from zipotify.simulate import simulate
    from zipotify.simulate.sinks import TRUTH

    settings.home.run.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.home.run, prefix="simulate-") as folder:
        outcome = simulate(settings, replace(job, output=Path(folder)))
        assert outcome is not None  # noqa: S101 - only a live run has none
        if outcome.is_finished:
            load_files(settings, [Path(folder)], job.source)
        for truth in Path(folder).glob(f"{TRUTH}*"):
            job.output.mkdir(parents=True, exist_ok=True)
            shutil.move(truth, job.output / truth.name)
    return replace(outcome, where=f"the lake {settings.home.lake}")


def _songs(settings: Settings, which: str, quiet: bool) -> Songs:
    """What can be played: the imported catalogue, else the built-in one; says which."""
    from zipotify.catalog.playable import playable
    from zipotify.simulate import Songs

    tracks = playable(settings.home.lake, only_builtin=which == "builtin")
    if not quiet:
        typer.echo(f"catalogue: {tracks.description}", err=True)
    return Songs(*tracks.columns)


def _explain(path: Path) -> None:
    from zipotify.cli._explain import print_explanation
    from zipotify.simulate.explain import explain

    print_explanation(explain(path))
