"""The HTTP API, driven by its own description: no input makes it fail, and every answer is as described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error

from support.serve import served
from zipotify.dashboard.app import create_application
from zipotify.settings import load_settings

_NOTHING_PUBLISHED = 503
"""An answer by design in a home without a build; the pages' own tests look at what is published."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    application = create_application(load_settings(tmp_path_factory.mktemp("api") / "home"))
    with served(application.asgi) as place:
        yield f"http://{place}"
    application.engine.dispose()


@pytest.mark.parametrize("is_query", [False, True], ids=["figures", "query"])
def test_no_request_that_fits_the_description_fails(site: str, is_query: bool) -> None:
    """Queries apart: each takes a process of its own, so there are a few only."""
    schema = schemathesis.openapi.from_url(f"{site}/openapi.json")
    found = [each.ok() for each in schema.get_all_operations()]
    operations = [each for each in found if each.path.endswith("/query") is is_query]
    assert operations

    @given(st.data())
    @settings(max_examples=max(3, settings().max_examples // 25) if is_query else settings().max_examples)
    def ask(data: Any) -> None:
        operation = data.draw(st.sampled_from(operations), label="operation")
        case = data.draw(operation.as_strategy(), label="case")
        answer = case.call(base_url=site)
        if answer.status_code != _NOTHING_PUBLISHED:
            case.validate_response(answer, checks=[not_a_server_error])

    ask()


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=8), st.text(max_size=30), max_size=4))
def test_no_address_at_all_makes_it_fail(site: str, path: str, query: dict[str, str]) -> None:
    encodable = {name: value for name, value in query.items() if _is_text(name + value)}
    if not _is_text(path):
        return
    answer = requests.get(f"{site}/api/v1/tiles/{requests.utils.quote(path, safe='')}", params=encodable)
    assert answer.status_code in (200, 400, 401, 403, 404, 422, _NOTHING_PUBLISHED)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@given(st.binary(max_size=300))
def test_no_body_makes_a_callback_fail_badly(site: str, body: bytes) -> None:
    answer = requests.post(f"{site}/_dash-update-component", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 204, 400, 422, 500)
    assert requests.get(f"{site}/api/v1/tiles").status_code == 200
