"""A real S3 server for tests (SeaweedFS): loopback, one bucket, an account that may write and one that may read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyarrow import fs

from support.command import wait_until
from zipotify.places import open_store
from zipotify.runtime import ports
from zipotify.runtime.processes import stop_process

BUCKET = "zipotify"


@contextmanager
def running_store(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """The server, an empty bucket, and the environment that leads there meanwhile."""
    accounts = folder / "s3.json"
    accounts.write_text(json.dumps({"identities": [_account("writer", "Admin", "Write"), _account("reader")]}))
    port = ports.any_free()
    free = {part: (ports.any_free(), ports.any_free()) for part in ("master", "volume", "filer")}
    numbers = [f"-{part}.port={plain}" for part, (plain, _) in free.items()]
    numbers += [f"-{part}.port.grpc={grpc}" for part, (_, grpc) in free.items()]
    numbers += [f"-s3.port.grpc={ports.any_free()}"]
    numbers += [f"-s3.port.{part}={ports.any_free()}" for part in ("iceberg", "lance")]
    command = [
        str(Path(sys.executable).parent / "weed"),
        *("server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *numbers),
        *("-s3", f"-s3.port={port}", f"-s3.config={accounts}", "-master.volumeSizeLimitMB=64", "-volume.max=20"),
    ]
    with (folder / "weed.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    with pytest.MonkeyPatch.context() as patch:
        for part in ("master", "filer"):
            patch.setenv(f"TEST_{part.upper()}", "127.0.0.1:{}.{}".format(*free[part]))
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "writer")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "writer-secret")
        try:
            wait_until(lambda: server.poll() is not None or _bucket_made(), "SeaweedFS's S3", 120)
            assert server.poll() is None, (folder / "weed.log").read_text()[-3000:]
            yield patch
        finally:
            stop_process(server, 2)


def account_with_policy(folder: Path, name: str, policy: object) -> None:
    """Make an account at the running server that may do what the IAM policy says, and nothing else."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps(policy))
    commands = [
        f"s3.policy -put -name={name} -file={file}",
        f"s3.user.create -name {name} -access_key {name} -secret_key {name}-secret",
        f"s3.policy.attach -policy {name} -user {name}",
    ]
    places = [f"-{part}={os.environ['TEST_' + part.upper()]}" for part in ("master", "filer")]
    shell = [str(Path(sys.executable).parent / "weed"), "shell", *places]
    done = subprocess.run(shell, input="\n".join(commands), capture_output=True, text=True, timeout=120)
    assert "error" not in done.stdout.lower(), done.stdout


def _account(name: str, *rights: str) -> dict[str, object]:
    keys = {"accessKey": name, "secretKey": f"{name}-secret"}
    actions = [*rights, f"Read:{BUCKET}", f"List:{BUCKET}"]
    return {"name": name, "credentials": [keys], "actions": actions}


def _bucket_made() -> bool:
    try:
        system, _ = open_store(f"s3://{BUCKET}")
        fs.S3FileSystem(
            endpoint_override=os.environ["AWS_ENDPOINT_URL"].removeprefix("http://"),
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        ).create_dir(BUCKET)
        with system.open_output_stream(f"{BUCKET}/probe") as stream:
            stream.write(b"x")
        return True
    except OSError:
        return False
