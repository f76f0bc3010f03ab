"""Options that have no meaning together are refused by name, before anything is written or sent."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from zipotify.cli import application
from zipotify.errors import UsageError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--speed 60x", "--speed is the pace of a run into Kafka"),
        ("--speed real --format parquet", "--speed is the pace of a run into Kafka"),
        ("--speed 0x --kafka", "'0x' is no speed"),
        ("--launch-users 3", "--launch-users needs --continuous"),
        ("--history-rate 9 --kafka", "--history-rate needs --continuous"),
        ("--continuous --faults all=0.1", "--continuous doesn't go with --faults\n"),
        ("--continuous --speed 60x", "--continuous doesn't go with --speed\n"),
        ("--continuous --experiment a=0.5:{config}", "--continuous doesn't go with --experiment\n"),
        ("--live --shard 1/2 -p 2 --resume", "--continuous doesn't go with --shard, --processes, --resume"),
        ("--continuous --lake", "--continuous doesn't go with --lake"),
        ("--continuous --progress json", "--continuous doesn't go with --progress"),
        ("--kafka --format parquet", "--kafka doesn't go with --format"),
        ("-k localhost:1 --resume -p 2", "--kafka doesn't go with --processes, --resume"),
        ("--kafka --lake", "--kafka doesn't go with --lake"),
        ("--lake --speed 2x", "--lake doesn't go with --speed"),
        ("--lake --format ndjson.gz", "--lake doesn't go with --format"),
        ("--format parquet --faults late=0.1", "--faults can't be written as parquet"),
        ("--with played,skips", "--with: there is no 'skips'"),
        ("--shard 3/2", "--shard: '3/2' is no K/N"),
    ],
)
def test_what_does_not_fit_is_refused(options: str, message: str, tmp_path: Path) -> None:
    config = Path(__file__).parents[2] / "src" / "zipotify" / "simulate" / "default.toml"
    words = options.format(config=config).split()
    call = ["--home", str(tmp_path / "home"), "simulate", "-s", "2024-01-01", "-e", "2024-01-02", *words]
    done = CliRunner().invoke(application(), [*call, str(tmp_path / "out")])
    assert isinstance(done.exception, UsageError)
    assert done.exception.exit_code == 2
    assert done.exception.to_do
    with pytest.raises(UsageError, match=message):
        raise done.exception
    assert not (tmp_path / "out").exists()
