"""A picture; `camera_only` asks for one taken now, `watermark` writes into its pixels."""

from __future__ import annotations

from typing import ClassVar

from dougong.fields.attached import Attached
from dougong.fields.base import field_types
from dougong.fields.options import Schema, flag, option


class Image(Attached):
    schema: ClassVar[Schema] = {
        **Attached.schema,
        "camera_only": flag("只能现拍 | Camera only", "手机上直接打开相机，不能选旧照片 | Opens the camera instead of the album"),
        "watermark": option(
            "水印 | Watermark", "写进照片里的内容：time 时间、place 地点、person 人 | What is written into the picture",
            type="array", uniqueItems=True, items={"enum": ["time", "place", "person"]},
        ),
    }  # fmt: skip
    widget = "image"
    kinds = ("image",)


field_types.register("image")(Image())
