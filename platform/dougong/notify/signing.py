"""Signed bodies, outwards and inwards: HMAC-SHA256 over time and body, so that neither can be changed or used again later (S38)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from dougong.problems import Problem, Problems
from dougong.sqltypes import from_epoch_millis, to_epoch_millis

SIGNATURE = "X-Dougong-Signature"  # t=<seconds since 1970>,v1=<hex>
DELIVERY = "X-Dougong-Delivery"  # the same when a delivery is repeated
TOLERANCE = timedelta(minutes=5)


def sign(secret: str, body: bytes, now: datetime) -> str:
    """The value of the signature header."""
    seconds = to_epoch_millis(now) // 1000
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def verify(secret: str, header: str, body: bytes, now: datetime) -> None:
    """Raises Problems `signature-wrong` or `signature-old`."""
    parts = dict(part.strip().split("=", 1) for part in header.split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise Problems([Problem("signature-wrong")])
    if not hmac.compare_digest(_digest(secret, int(stamp), body), parts.get("v1", "").encode("ascii", "replace").decode()):
        raise Problems([Problem("signature-wrong")])
    if abs(now - from_epoch_millis(int(stamp) * 1000)) > TOLERANCE:
        raise Problems([Problem("signature-old")])


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
