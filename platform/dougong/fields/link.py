"""A reference to one record of another form."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.base import field_types
from dougong.fields.linking import Linking
from dougong.fields.options import FILTER, SCAN, Schema, option

TO: Schema = {"to": option("指向 | To", "指向哪个表单的记录 | The form whose records are meant", type="string", format="form")}


class Link(Linking):
    schema: ClassVar[Schema] = {
        **TO,
        **FILTER,
        **SCAN,
        "near": option(
            "须在附近 | Near",
            "填写时人须在该记录的位置附近 | The person must be near the record's place while filling in",
            type="object",
            required=["within"],
            additionalProperties=False,
            properties={
                "within": option("距离 | Within", "如 500m、2km | E.g. 500m, 2km", type="string", pattern="^[1-9][0-9]{0,4} ?(m|km)$"),
                "otherwise": option(
                    "不在附近时 | Otherwise",
                    "warn 提醒，refuse 不让保存 | warn, or refuse the save",
                    enum=["warn", "refuse"],
                    default="warn",
                ),
            },
        ),
    }
    required_options = ("to",)


field_types.register("link")(Link())
