"""A web address: http or https, with a host and without a password (THREATS S20, S32)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from dougong.fields import read
from dougong.fields.base import Locale, Refused, field_types
from dougong.fields.textual import Textual
from dougong.spec.form import Field

_BARE = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?:[:/?#].*)?")
_HOST = re.compile(r"[\w.-]{1,253}|\[[0-9a-f:.]{2,45}\]", re.IGNORECASE)


class Url(Textual):
    input_type = "url"
    limit = 2000

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        written = read.text(raw, self.limit)
        if written is None:
            return None
        address = written if "://" in written or not _BARE.fullmatch(written) else "https://" + written
        try:
            parts = urlsplit(address)
            host, _ = parts.netloc.rpartition("@")[2], parts.port
        except ValueError:
            raise Refused("not-a-link") from None
        host = host if host.startswith("[") else host.partition(":")[0]
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(host) or re.search(r"[\s\\<>\"]", address):
            raise Refused("not-a-link")
        return read.text(address, self.limit)


field_types.register("url")(Url())
