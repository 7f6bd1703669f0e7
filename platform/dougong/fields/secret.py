"""A token or password of another system: written, replaced, sent along by webhooks where the field says so, and never shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from dougong.expr.types import Hidden, Type
from dougong.fields import read
from dougong.fields.base import PRESENT, FieldType, Locale, Refused, field_types
from dougong.fields.options import Schema, flag
from dougong.spec.form import Field

NOT_WITH = ("unique", "search", "index", "default", "copy_last", "mask", "formula", "cases")


class Secret(FieldType):
    schema: ClassVar[Schema] = {
        "in_headers": flag(
            "可放进请求头 | May go into headers", "调用 Webhook 的 headers 里可以用它 | The headers of a webhook call may hold it"
        ),
    }
    operators = PRESENT
    widget = "secret"
    limit = 4000
    sealed = True

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return Type("secret", unit="headers" if options.get("in_headers") else "")

    def faults(self, options: Mapping[str, Any]) -> Iterable[Refused]:
        for option in NOT_WITH:
            if options.get(option):
                yield Refused("secret-not-with", option=option)

    def parse(self, field: Field, raw: Any, locale: Locale) -> Hidden | None:
        text = read.text(raw, self.limit)
        return None if text is None else Hidden(text)

    def to_columns(self, field: Field, value: Any) -> tuple[Any, ...]:
        if value is not None and not value.sealed:
            raise ValueError("a secret is sealed before it is kept")
        return (value and value.text,)

    def from_columns(self, field: Field, columns: tuple[Any, ...]) -> Hidden | None:
        return None if columns[0] is None else Hidden(columns[0], sealed=True)


field_types.register("secret")(Secret())
