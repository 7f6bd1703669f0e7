"""Random secrets handed out once (sessions, tokens, links): the database keeps only their hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def derived(secret: str, purpose: str) -> str:
    """A value that proves knowledge of `secret` without giving it away: the CSRF token of a session."""
    return hmac.new(secret.encode("utf-8", "replace"), purpose.encode(), hashlib.sha256).hexdigest()
