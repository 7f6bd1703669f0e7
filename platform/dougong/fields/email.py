"""An e-mail address, in small letters: two spellings of one mailbox are equal text (THREATS S45, S48)."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from dougong.fields import read
from dougong.fields.base import Locale, Refused, field_types
from dougong.fields.options import Schema
from dougong.fields.textual import Textual
from dougong.spec.form import Field

_LOCAL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")


class Email(Textual):
    schema: ClassVar[Schema] = {}
    input_type = "email"

    def parse(self, field: Field, raw: Any, locale: Locale) -> str | None:
        written = read.plain(raw, 254)
        if written is None:
            return None
        local, _, domain = written.lower().removeprefix("mailto:").rpartition("@")
        if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or "_" in domain or ".." in f".{local}.":
            raise Refused("not-an-email")
        return read.plain(f"{local}@{domain}", 254)


field_types.register("email")(Email())
