from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dougong.notify import signing
from dougong.problems import Problems

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
GOOD = signing.sign("secret", b'{"a":1}', NOW)


def test_a_signed_body_is_taken() -> None:
    signing.verify("secret", GOOD, b'{"a":1}', NOW + timedelta(minutes=4))


@pytest.mark.parametrize(("secret", "header", "body", "later", "code"), [
    ("other", GOOD, b'{"a":1}', 0, "signature-wrong"), ("secret", GOOD, b'{"a":2}', 0, "signature-wrong"),
    ("secret", "", b'{"a":1}', 0, "signature-wrong"), ("secret", "t=abc,v1=00", b'{"a":1}', 0, "signature-wrong"),
    ("secret", "t=1,v1=é", b'{"a":1}', 0, "signature-wrong"), ("secret", GOOD, b'{"a":1}', 6, "signature-old"),
    ("secret", GOOD, b'{"a":1}', -6, "signature-old"), ("secret", "t=²,v1=0", b'{"a":1}', 0, "signature-wrong"),
])
def test_everything_else_is_refused(secret: str, header: str, body: bytes, later: int, code: str) -> None:
    with pytest.raises(Problems) as raised:
        signing.verify(secret, header, body, NOW + timedelta(minutes=later))
    assert raised.value.problems[0].code == code
