"""A value shown from a linked record; `copy: true` takes it once, when the link is set (SEMANTICS 6)."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.base import field_types
from dougong.fields.computing import Computing
from dougong.fields.options import Schema, flag, option


class Lookup(Computing):
    schema: ClassVar[Schema] = {
        "of": option(
            "取自 | Of",
            "经过关联字段的路径，如 project.grade | A path over a link, e.g. project.grade",
            type="string",
            format="formula",
            maxLength=200,
        ),
        "copy": flag("抄下来 | Copy", "关联时抄一份，之后不随对方变化 | Copied when the link is set; later changes there don't show"),
    }
    required_options = ("of",)


field_types.register("lookup")(Lookup())
