"""What browsers are told: run only our scripts, load nothing from elsewhere, show us in nobody's frame."""

from __future__ import annotations

from collections.abc import Iterable

Header = tuple[bytes, bytes]


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
