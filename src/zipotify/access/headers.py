"""What browsers are told: run only our scripts, load nothing from elsewhere, show us in nobody's frame."""

from __future__ import annotations

from collections.abc import Iterable

Header = tuple[bytes, bytes]
_POLICY = b"content-security-policy"


def content_security_policy(script_hashes: Iterable[str]) -> str:
    """The strictest that Dash bears: its two inline scripts by their hashes.

    Styles stay `unsafe-inline`, since Mantine and Plotly set style attributes and elements as they draw.
    """
    scripts = " ".join(["'self'", *script_hashes])
    rules = (
        "default-src 'none'",
        f"script-src {scripts}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
    return "; ".join(rules)


def sandboxed_policy(script_hash: str) -> str:
    """For a page that others wrote: its one script by its hash, in an origin of its own that has no cookies of ours."""
    rules = (
        "sandbox allow-scripts",
        "default-src 'none'",
        f"script-src {script_hash}",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "font-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return "; ".join(rules)


def told(given: list[Header], ours: list[Header]) -> list[Header]:
    """Headers of an answer: what it brings, and ours, which come first.

    Only a page that puts itself into a sandbox keeps its policy. It is in no group of windows either: browsers refuse
    such a page when it asks to be in one.
    """
    is_sandboxed = any(name.lower() == _POLICY and value.startswith(b"sandbox ") for name, value in given)
    left_out = {_POLICY, b"cross-origin-opener-policy"} if is_sandboxed else set()
    ours = [(name, value) for name, value in ours if name not in left_out]
    names = {name for name, _ in ours}
    return [*((name, value) for name, value in given if name.lower() not in names), *ours]


def security_headers(script_hashes: Iterable[str]) -> list[Header]:
    """Headers of every answer."""
    told = {
        "content-security-policy": content_security_policy(script_hashes),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
    return [(name.encode(), value.encode()) for name, value in told.items()]


NOT_STORED: Header = (b"cache-control", b"no-store")
ONLY_TLS: Header = (b"strict-transport-security", b"max-age=31536000")
