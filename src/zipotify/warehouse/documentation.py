"""dbt's own documentation of the models, as one page that needs nothing else: its data stand in its only script."""

from __future__ import annotations

import logging
from pathlib import Path

from zipotify.contracts.snapshot import DOCUMENTATION
from zipotify.errors import BuildError
from zipotify.settings import Settings
from zipotify.warehouse.runner import DbtRunner
from zipotify.warehouse.sources import project_folder

log = logging.getLogger(__name__)

_DATA = {'"MANIFEST.JSON INLINE DATA"': "manifest.json", '"CATALOG.JSON INLINE DATA"': "catalog.json"}
_MENDED = {
    # The page's library tries whether it may evaluate text, unless told that it may not.
    "<html ": '<html ng-csp="no-unsafe-eval" ',
    # Addresses that are filled in later would be asked for as they stand.
    'xlink:href="{{': 'ng-attr-xlink:href="{{',
    "${require('./assets/favicons/favicon.ico')}": "data:,",
}


def write_documentation(settings: Settings) -> None:
    """Put the page beside the snapshots; without it a build is as good, so that what goes wrong is only logged."""
    try:
        runner = DbtRunner(settings)
        runner.document()
        page = _page(runner.target_folder, settings.home.root)
    except (BuildError, OSError) as error:
        log.warning("dbt's documentation was not written: %s", error)
        return
    file = settings.home.published / DOCUMENTATION
    unfinished = file.with_suffix(".building")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(file)


def _page(target: Path, root: Path) -> str:
    """dbt's page with its data in it, and without the folders of this machine."""
    page = (target / "index.html").read_text(encoding="utf-8")
    for text, mended in _MENDED.items():
        page = page.replace(text, mended)
    for place, name in _DATA.items():
        data = (target / name).read_text(encoding="utf-8")
        for folder in (str(root), str(project_folder().parent)):
            data = data.replace(f"{folder}/", "")
        # Within a script, "<" may end it or begin another.
        page = page.replace(place, data.replace("<", "\\u003c"))
    return page
