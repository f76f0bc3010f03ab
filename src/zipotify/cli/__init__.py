"""The `zipotify` command: one module a verb, found by name.

A verb's module has `run`, whose docstring is the help. A verb with verbs of its own has a `typer.Typer` named `app`.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from zipotify import __version__
from zipotify.cli.common import HomeOption
from zipotify.errors import ZipotifyError
from zipotify.runtime.terminal import harmless

_SHARED_MODULES = {"common"}


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zipotify {__version__}")
        raise typer.Exit


def verbs() -> list[str]:
    """Names of all verbs, sorted."""
    modules = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in modules if name not in _SHARED_MODULES and not name.startswith("_"))


def application(named: Sequence[str] = ()) -> typer.Typer:
    """The command with the verbs among those words; with all of them, for help, when none is."""
    app = typer.Typer(
        name="zipotify",
        help="Music-streaming analytics whose numbers add up. Start with `zipotify up`.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def _root(
        context: typer.Context,
        home: HomeOption = None,
        version: Annotated[  # noqa: ARG001 - its callback does the work
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        context.obj = home

    known = verbs()
    for verb in [verb for verb in known if verb in named] or known:
        module = importlib.import_module(f"zipotify.cli.{verb}")
        _add(app, verb, module)
    return app


def _add(app: typer.Typer, verb: str, module: ModuleType) -> None:
    group: typer.Typer | None = getattr(module, "app", None)
    if group is not None:
        app.add_typer(group, name=verb)
    else:
        app.command(verb)(module.run)


def main() -> None:
    """Run the command; errors of ours become one or two lines and the right exit code."""
    try:
        application(sys.argv[1:])()
    except ZipotifyError as error:
        typer.echo(f"zipotify: {harmless(error, keep=chr(10))}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.filename is None:
            raise
        typer.echo(f"zipotify: {error.filename}: {error.strerror}\n  -> check that it can be used", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
