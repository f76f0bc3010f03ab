"""Write digests behind the tags in deploy/.env.example (`make pin-images`), by a tool that speaks to registries.

A tag can be moved, a digest can't. Nothing is written unless every image was found, so the file never is half pinned.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "deploy" / ".env.example"
_LINE = re.compile(r"^(?P<name>\w+_IMAGE)=(?P<image>[^@\s]+)(@sha256:[0-9a-f]{64})?$", re.MULTILINE)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LIMIT_S = 60
_ASKERS = {
    "skopeo": ["skopeo", "inspect", "--format", "{{.Digest}}", "docker://{}"],
    "docker": ["docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", "{}"],
}


def digest_of(image: str) -> str:
    """Digest of the image behind a tag; raises LookupError saying why there is none."""
    asker = next((words for name, words in _ASKERS.items() if shutil.which(name)), None)
    if asker is None:
        raise LookupError(f"none of {', '.join(_ASKERS)} is installed, which ask registries")
    command = [word.format(image) if word.endswith("{}") else word for word in asker]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise LookupError(f"{image}: no answer within {_LIMIT_S} s") from None
    found = _DIGEST.search(done.stdout)
    if done.returncode or found is None:
        raise LookupError(f"{image}: {done.stderr.strip().splitlines()[-1:] or 'no digest in the answer'}")
    return found.group()


def pinned(text: str) -> str:
    """The file's text with a digest behind every tag; raises LookupError."""
    return _LINE.sub(lambda line: f"{line['name']}={line['image']}@{digest_of(line['image'])}", text)


def main(file: Path = FILE) -> int:
    """Pin them all, or change nothing."""
    try:
        text = pinned(file.read_text())
    except LookupError as error:
        sys.stderr.write(f"pin-images: {error}\n  -> {file.name} stays as it is\n")
        return 1
    file.write_text(text)
    sys.stdout.write(f"pin-images: {len(_LINE.findall(text))} images pinned in {file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
