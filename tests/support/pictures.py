"""Pictures of pages, made small, and how far two of them differ; the browser itself does the reckoning."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Browser, Page

WIDTH_PX = 480
"""Width of a kept picture: enough to see layout, colours and lines, too little for how letters are drawn."""
_CELL_PX = 6
_APART = 8
"""Cells whose mean colour differs by more than this (of 255) count as different."""

_HAND = """() => {
    const pen = new OffscreenCanvas(1, 1).getContext('2d');
    const widths = ['system-ui', 'sans-serif', 'monospace'].map(font => {
        pen.font = `16px ${font}`;
        return pen.measureText('Plays per minute 0123456789').width.toFixed(2);
    });
    return [navigator.userAgent.match(/Chrome\\/(\\d+)/)[1], ...widths].join(' ');
}"""
_SHRINK = """async ([picture, width]) => {
    const image = await createImageBitmap(await (await fetch(picture)).blob());
    const height = Math.round(image.height * width / image.width);
    const canvas = new OffscreenCanvas(width, height);
    const pen = canvas.getContext('2d');
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(image, 0, 0, width, height);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
}"""
_COMPARE = """async ([one, other, cell, apart]) => {
    const load = async url => createImageBitmap(await (await fetch(url)).blob());
    const images = [await load(one), await load(other)];
    const width = Math.max(...images.map(i => i.width)), height = Math.max(...images.map(i => i.height));
    const columns = Math.ceil(width / cell), rows = Math.ceil(height / cell);
    const means = images.map(image => {
        const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext('2d');
        pen.drawImage(image, 0, 0);
        const pixels = pen.getImageData(0, 0, width, height).data, sums = new Float64Array(columns * rows * 3);
        for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++)
            sums[(Math.floor(y / cell) * columns + Math.floor(x / cell)) * 3 + c] += pixels[(y * width + x) * 4 + c];
        return sums.map(sum => sum / (cell * cell));
    });
    let different = 0;
    for (let at = 0; at < columns * rows; at++)
        if ([0, 1, 2].some(c => Math.abs(means[0][at * 3 + c] - means[1][at * 3 + c]) > apart)) different++;
    return different / (columns * rows);
}"""


def small(page: Page, blank: Page) -> bytes:
    """The whole page as a PNG of WIDTH_PX; `blank` is a page without rules on what it may load."""
    return base64.b64decode(blank.evaluate(_SHRINK, [_url(page.screenshot(full_page=True)), WIDTH_PX]))


def difference(blank: Page, one: bytes, other: bytes) -> float:
    """Share of cells (0 to 1) that look different."""
    return float(blank.evaluate(_COMPARE, [_url(one), _url(other), _CELL_PX, _APART]))


def blank_page(running: Browser) -> Page:
    """A page of its own to reckon in."""
    return running.new_context().new_page()


def hand(blank: Page) -> str:
    """How this machine draws letters: the browser's version, and how wide some text comes out."""
    return str(blank.evaluate(_HAND))


def kept(folder: Path, name: str, found: bytes, renew: bool) -> bytes:
    """The picture that was kept under this name; with `renew`, `found` is kept from now on."""
    file = folder / f"{name}.png"
    if renew:
        folder.mkdir(exist_ok=True)
        file.write_bytes(found)
    return file.read_bytes()


def _url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()
