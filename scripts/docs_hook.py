"""mkdocs hook: diagrams without asking another server, and every page of a folder in the navigation.

mkdocs-material would load Mermaid from a CDN. Here it comes from the cache folder, where `scripts/docs.sh` puts it;
without it, a diagram stays readable as text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from pymdownx.superfences import fence_code_format

from zipotify.settings import cache_folder

_ASSET = "assets/mermaid.min.js"


def mermaid_file() -> Path:
    """Where Mermaid lies, if it was fetched."""
    return cache_folder() / "mermaid" / "mermaid.min.js"


def on_config(config: Any) -> Any:
    """Draw `mermaid` blocks when there is something to draw them with; expand folders in the navigation."""
    if mermaid_file().is_file():
        config.extra_javascript.append(_ASSET)
        fences = [{"name": "mermaid", "class": "mermaid", "format": fence_code_format}]
        config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = fences
    config.nav = [_expanded(item, Path(config.docs_dir)) for item in config.nav]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Take Mermaid into the site."""
    if mermaid_file().is_file():
        files.append(File.generated(config, _ASSET, abs_src_path=str(mermaid_file())))
    return files


def _expanded(item: Any, docs: Path) -> Any:
    """`Title: folder/` becomes the folder's pages, its index first."""
    if not isinstance(item, dict):
        return item
    ((title, target),) = item.items()
    if isinstance(target, list):
        return {title: [_expanded(child, docs) for child in target]}
    if not target.endswith("/"):
        return item
    pages = sorted((docs / target).glob("*.md"), key=lambda page: (page.stem not in ("index", "README"), page.name))
    return {title: [page.relative_to(docs).as_posix() for page in pages]}
