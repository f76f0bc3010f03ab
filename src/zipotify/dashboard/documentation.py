"""dbt's own documentation of the models, as the builds wrote it: a page of others, kept apart from ours."""

from __future__ import annotations

import base64
import hashlib
import re

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from zipotify.access.headers import sandboxed_policy
from zipotify.contracts.snapshot import DOCUMENTATION
from zipotify.errors import QueryError
from zipotify.settings import Settings

PATH = "/dbt"
_SCRIPT = re.compile(rb"<script[^>]*>(.*?)</script>", re.DOTALL)


def add_documentation(server: FastAPI, settings: Settings) -> None:
    """The route; its page may run its own script and nothing else, and reach nothing of ours."""
    file = settings.home.published / DOCUMENTATION

    @server.get(PATH, response_class=HTMLResponse, include_in_schema=False)
    def documentation() -> HTMLResponse:
        if not file.exists():
            raise QueryError("the models have not been documented yet", "run `zipotify build`")
        page = file.read_bytes()
        return HTMLResponse(page, headers={"content-security-policy": sandboxed_policy(script_hash(page))})


def script_hash(page: bytes) -> str:
    """What a policy calls the page's only script; raises QueryError where there is none."""
    found = _SCRIPT.search(page)
    if found is None:
        raise QueryError("the documentation of the models can't be read", "run `zipotify build --full`")
    return f"'sha256-{base64.b64encode(hashlib.sha256(found[1]).digest()).decode()}'"
