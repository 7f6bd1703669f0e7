from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong.automation.actions.base import Action, actions
from dougong.automation.actions.file_fields import TO, file_field, put_files, target_record
from dougong.automation.scene import Scene
from dougong.files import attachments


class Attach(Action):
    """The files of one field, put into another field of this record or of a linked one, as copies."""

    schema: Mapping[str, Any] = {
        "attach": {
            "type": "string", "format": "field", "holds": "file",
            "title": "取哪个文件字段里的文件 | The file field whose files are taken",
        },
        "on": TO,
        "field": {
            "type": "string", "format": "field", "holds": "file", "scope": "on",
            "title": "存到哪个文件字段 | The file field that keeps them",
        },
    }
    required = ("attach", "field")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        source = file_field(form, options["attach"])
        value = row.get(source.id)
        uids = value if isinstance(value, tuple) else (value,) if value else ()
        found = attachments.named(scene.ctx.connection, uids)
        files = [found[uid] for uid in uids if uid in found]
        target, record = target_record(scene, options)
        kept = put_files(scene, target, record, file_field(target, options["field"]), files)
        return {"form": target.key, "record": record["id"], "files": [a.uid for a in kept]}


actions.register("attach")(Attach())
