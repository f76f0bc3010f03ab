"""The tree of errors: exit codes, and words that say what happened and what to do."""

from __future__ import annotations

import inspect

import pytest

from zipotify import errors
from zipotify.errors import BrokerUnreachableError, HomeInUseError, UsageError, ZipotifyError

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ZipotifyError)]


def test_words_are_one_line_or_two() -> None:
    assert str(ZipotifyError("it broke")) == "it broke"
    assert str(ZipotifyError("it broke", "mend it")) == "it broke\n  -> mend it"


@pytest.mark.parametrize("kind", ALL)
def test_wrong_use_is_2_and_failure_is_1(kind: type[ZipotifyError]) -> None:
    assert kind.exit_code == (2 if issubclass(kind, UsageError) else 1)
    assert isinstance(kind("what", "to do"), ZipotifyError)


def test_only_what_may_pass_by_itself_is_retryable() -> None:
    assert {kind for kind in ALL if kind.retryable} == {BrokerUnreachableError}
    assert HomeInUseError.retryable is False


def test_the_drawn_tree_is_the_real_one() -> None:
    """The module's docstring is what people read first; it names every error and no other."""
    drawn = {word for word in (inspect.getdoc(errors) or "").split() if word.endswith("Error")}
    assert drawn == {kind.__name__ for kind in ALL}
