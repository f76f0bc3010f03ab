"""The page to sign in and out: plain HTML without scripts; its form carries a signed, short-lived token."""

from __future__ import annotations

import hmac
import html
import secrets
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer

from zipotify.access.accounts import MOST_PASSWORD_CHARS

FORM_COOKIE = "zipotify_form"
LARGEST_FORM_BYTES = 8 * 2**10
_FORM_AGE_S = 900

STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0; }
form { display: grid; gap: .75rem; width: min(20rem, 85vw); }
label { display: grid; gap: .25rem; }
input, button { font: inherit; padding: .5rem .75rem; border-radius: .375rem; border: 1px solid #8886; }
button { background: #1d6f42; color: #fff; border: 0; cursor: pointer; }
p { margin: 0; } .wrong { color: #c0392b; }
"""


class Form(NamedTuple):
    """What a sent form holds."""

    name: str
    password: str
    next_path: str
    token: str


class LoginForms:
    """Makes forms and checks those that come back: the token must be ours, fresh, and match the browser's cookie."""

    def __init__(self, key: bytes) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt="zipotify-login")

    def page(self, next_path: str, problem: str = "") -> tuple[str, str]:
        """HTML of the page, and the value of the form's cookie."""
        nonce = secrets.token_urlsafe(16)
        token = self._serializer.dumps(nonce)
        told = f'<p class="wrong" role="alert">{html.escape(problem)}</p>' if problem else ""
        return _PAGE.format(problem=told, token=html.escape(token), next=html.escape(local_path(next_path))), nonce

    def is_genuine(self, form: Form, cookie: str) -> bool:
        """Whether the form is one that we gave to this browser."""
        try:
            nonce = str(self._serializer.loads(form.token, max_age=_FORM_AGE_S))
        except BadSignature:
            return False
        return hmac.compare_digest(nonce.encode(), cookie.encode())


def read_form(body: bytes) -> Form:
    """The fields of an urlencoded form; absent ones are empty."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:  # more fields than a form of ours has
        fields = {}
    name, password, next_path, token = (fields.get(key, [""])[0] for key in ("name", "password", "next", "token"))
    return Form(name.strip().lower()[:64], password[: MOST_PASSWORD_CHARS + 1], local_path(next_path), token)


def local_path(path: str) -> str:
    """The path when it leads to a page of ours, else the first page: nobody is sent elsewhere after signing in."""
    try:
        parts = urlsplit(path)
    except ValueError:  # brackets that are no address of a host
        return "/"
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if is_ours and path.isprintable() else "/"


_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in: Zipotify</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/login.css"></head>
<body><form method="post" action="/login"><h1>Zipotify</h1>{problem}
<label>Name <input name="name" autocomplete="username" required autofocus maxlength="64"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<input type="hidden" name="token" value="{token}"><input type="hidden" name="next" value="{next}">
<button>Sign in</button></form></body></html>
"""
