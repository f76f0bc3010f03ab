"""A Google Cloud Storage for tests (`gcs/`, around fake-gcs-server): loopback, one bucket, and no accounts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from support.command import wait_until
from zipotify.runtime import ports
from zipotify.runtime.processes import stop_process
from zipotify.settings import cache_folder

GOOGLE_BUCKET = "zipotify"
_SOURCES = Path(__file__).with_name("gcs")
_USUAL_PLACE = "/usr/local/go/bin/go"
_BUILD_LIMIT_S = 900


@contextmanager
def running_google_store(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """The server, an empty bucket, and the environment that leads there meanwhile."""
    address = f"http://127.0.0.1:{(port := ports.any_free())}"
    # What deltalake and Polars read: an account that needs no token, and where the server is.
    account = {"private_key": "", "private_key_id": "", "client_email": "", "disable_oauth": True}
    (folder / "account.json").write_text(json.dumps({**account, "gcs_base_url": address}))
    with (folder / "gcs.log").open("wb") as log:
        command = [str(_server()), "-port", str(port), "-bucket", GOOGLE_BUCKET]
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", address)
        patch.setenv("GOOGLE_SERVICE_ACCOUNT", str(folder / "account.json"))
        patch.setenv("AWS_ACCESS_KEY_ID", "GOOG-any")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        try:
            wait_until(lambda: server.poll() is not None or _answers(address), "the tests' Google Cloud Storage", 120)
            assert server.poll() is None, (folder / "gcs.log").read_text()[-3000:]
            yield patch
        finally:
            stop_process(server, 2)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_internal/healthcheck", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _server() -> Path:
    """The program, built once for a state of its sources and kept in the cache; go.sum says what goes into it."""
    sources = sorted(file for file in _SOURCES.iterdir() if file.suffix in {".go", ".mod", ".sum"})
    state = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:16]
    program = cache_folder() / "gcs" / f"server-{state}"
    program.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(program.parent / "build.lock"):
        if not program.is_file():
            _build(program)
    return program


def _build(program: Path) -> None:
    go = shutil.which("go") or _USUAL_PLACE
    assert Path(go).is_file(), (
        "this test builds a server in Go: install Go 1.26 or newer (go.dev), with `go` on the PATH"
    )
    fresh = program.with_suffix(".new")
    command = [go, "build", "-mod=readonly", "-trimpath", "-o", str(fresh), "."]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        command, cwd=_SOURCES, env=environment, capture_output=True, text=True, timeout=_BUILD_LIMIT_S
    )
    assert done.returncode == 0, f"the tests' Google Cloud Storage was not built:\n{done.stderr[-3000:]}"
    fresh.replace(program)
