"""Look for secrets: audit_secrets.py [FILE...], by default in every file that git knows; exit code 1 when it finds one.

Keys, tokens and addresses with passwords are known by their form. Random-looking text alone is none: this project is
full of hashes that it publishes on purpose. Tests make passwords up, so there only real forms count.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

PROJECT = Path(__file__).resolve().parent.parent
_BY_FORM = (
    *("ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "DiscordBotTokenDetector"),
    *("GitHubTokenDetector", "GitLabTokenDetector", "IbmCloudIamDetector", "JwtTokenDetector", "MailchimpDetector"),
    *("NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector"),
    *("SlackDetector", "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector"),
)
_BY_CONTEXT = ("BasicAuthDetector", "KeywordDetector")
_OUR_TOKEN = re.compile(r"zip_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")
_MADE_UP = "tests/"
_NOT_TEXT = {".png", ".gz", ".h5", ".woff2", ".ico", ".jar", ".pdf"}


def found_in(files: list[Path]) -> list[str]:
    """`file:line: kind` of everything that looks like a secret."""
    texts = [file for file in files if file.is_file() and file.suffix not in _NOT_TEXT]
    made_up = [file for file in texts if file.is_relative_to(PROJECT / _MADE_UP)]
    real = [file for file in texts if file not in set(made_up)]
    found = _scanned(real, (*_BY_FORM, *_BY_CONTEXT)) + _scanned(made_up, _BY_FORM)
    return sorted(found + [line for file in texts for line in _our_tokens(file)])


def _scanned(files: list[Path], plugins: tuple[str, ...]) -> list[str]:
    with transient_settings({"plugins_used": [{"name": name} for name in plugins]}):
        return [f"{file}:{secret.line_number}: {secret.type}" for file in files for secret in scan_file(str(file))]


def _our_tokens(file: Path) -> list[str]:
    text = file.read_text(errors="replace")
    return [f"{file}:{text.count(chr(10), 0, m.start()) + 1}: Zipotify API token" for m in _OUR_TOKEN.finditer(text)]


def tracked_files() -> list[Path]:
    """Every file that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, text=True).stdout
    return [PROJECT / name for name in listed.split("\0") if name]


if __name__ == "__main__":
    problems = found_in([Path(name).resolve() for name in sys.argv[1:]] or tracked_files())
    print("\n".join(problems) or "no secrets found")
    sys.exit(bool(problems))
