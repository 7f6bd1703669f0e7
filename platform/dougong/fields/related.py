"""The records of another form that link here; nothing is stored and nothing entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dougong.expr.types import Type, records
from dougong.fields.base import FieldType, Locale, Refused, field_types
from dougong.fields.options import Schema, option
from dougong.spec.form import Field


class Related(FieldType):
    schema: ClassVar[Schema] = {
        "of": option(
            "来自 | Of",
            "哪个表单的哪个关联字段指回这里，如 task.project | The form and its link field that leads back here, e.g. task.project",
            type="string",
            format="field",
        ),
    }
    required_options = ("of",)
    operators = ()
    widget = "read_only"
    virtual = True
    read_only = True

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return records(options["of"].rpartition(".")[0])

    def parse(self, field: Field, raw: Any, locale: Locale) -> Any:
        raise Refused("not-entered")

    def export(self, field: Field, value: Any) -> Any:
        return None


field_types.register("related")(Related())
