"""Pieces of the option schemas that several types share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def option(title: str, description: str, **schema: Any) -> Schema:
    """One option; title and description are '中文 | English', which is what editors show."""
    return {"title": title, "description": description, **schema}


def flag(title: str, description: str) -> Schema:
    return option(title, description, type="boolean", default=False)


ID = "^[a-z][a-z0-9_]*$"
RANGE: Schema = {
    "range": option(
        "范围 | Range",
        "最小值和最大值，不限的一边写 null，如 [0, 100] | Least and greatest; null leaves a side open, e.g. [0, 100]",
        type="array",
        minItems=2,
        maxItems=2,
        items={"type": ["number", "string", "null"]},
    )
}
LENGTH: Schema = {
    "length": option(
        "字数 | Length",
        "最少和最多几个字，如 [2, 40] | Least and most characters, e.g. [2, 40]",
        type="array",
        minItems=2,
        maxItems=2,
        items={"type": ["integer", "null"], "minimum": 0},
    )
}
PATTERN: Schema = {
    "pattern": option(
        "格式 | Pattern",
        "整个内容要符合的正则表达式（RE2） | A regular expression (RE2) that the whole text must match",
        type="string",
        maxLength=200,
    ),
    "pattern_hint": option(
        "格式说明 | Pattern in words",
        "不符合时告诉填写人该怎么写 | What to write instead, told to the person",
        type="string",
        maxLength=100,
    ),
}
OPTIONS: Schema = {
    "options": option(
        "选项 | Options",
        "选项编号 → 名称，或 {name, colour} | Option id → name, or {name, colour}",
        type="object",
        minProperties=1,
        maxProperties=500,
        propertyNames={"pattern": ID, "maxLength": 30},
        additionalProperties={
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": 100},
                {
                    "type": "object",
                    "required": ["name"],
                    "additionalProperties": False,
                    "properties": {
                        "name": option("名称 | Name", "给人看的名称 | What people read", type="string", minLength=1, maxLength=100),
                        "colour": option(
                            "颜色 | Colour",
                            "red、yellow、green、blue、grey 或 #RRGGBB | A colour word or #RRGGBB",
                            type="string",
                            maxLength=20,
                        ),
                    },
                },
            ]
        },
    )
}
MANY: Schema = {"many": flag("可以多个 | Several", "可以放几个文件 | Takes more than one file")}
SIZE: Schema = {
    "size": option(
        "大小上限 | Size limit", "单个文件最大多少，如 20MB | Largest file, e.g. 20MB", type="string", pattern="^[1-9][0-9]{0,3} ?[KM]B$"
    )
}
SCAN: Schema = {"scan": flag("可扫码 | Scan", "可以用相机扫码填入 | Can be filled by scanning a code")}
FILTER: Schema = {
    "filter": option(
        "可选范围 | Choice limited to",
        "只能选符合条件的记录，this. 是正在填写的记录，如 active and owner == this.owner | "
        "Only records for which this holds can be chosen; this. is the record being filled in, e.g. active and owner == this.owner",
        type="string",
        format="condition",
        maxLength=2000,
    )
}
