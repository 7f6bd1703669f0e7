"""Fingerprints of texts."""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import func

from dougong.expr.functions.base import Surroundings, function


@function("md5", "text -> text", cost=2, postgres=lambda face, text: func.md5(text), example="left(md5(phone), 8)",
          zh="MD5 摘要；手机号这样的短文字可以被猜回来，建议用 keyed_hash",
          en="MD5; short texts such as phones can be guessed back: prefer keyed_hash")  # fmt: skip
def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@function("keyed_hash", "text -> text", cost=2, surroundings=True, example="left(keyed_hash(phone), 8)",
          zh="带密钥的摘要，猜不回来", en="a fingerprint with this installation's secret key")  # fmt: skip
def keyed_hash(env: Surroundings, text: str) -> str | None:
    return hmac.new(env.key, text.encode(), hashlib.sha256).hexdigest() if env.key else None
