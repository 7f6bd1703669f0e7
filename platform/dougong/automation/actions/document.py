from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from dougong.automation.actions.base import Action, actions
from dougong.automation.actions.file_fields import TO, file_field, put_files, target_record
from dougong.automation.scene import Scene
from dougong.documents.filling import fill
from dougong.documents.pdf import render
from dougong.files import attachments
from dougong.files.attachments import Limits


class MakeDocument(Action):
    """A PDF out of documents/<name>.html about the record at hand, kept in a file field of it or of a linked record."""

    schema: Mapping[str, Any] = {
        "document": {"type": "string", "format": "document", "title": "documents/ 里哪份文件 | Which of documents/"},
        "on": TO,
        "attach": {
            "type": "string", "format": "field", "holds": "file", "scope": "on",
            "title": "存到哪个文件字段 | The file field that keeps it",
        },
        "name": {"type": "string", "format": "template", "title": "文件名，默认记录标题 | The file's name, by default the title"},
    }
    required = ("document", "attach")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        target, record = target_record(scene, options)
        field = file_field(target, options["attach"])
        pdf = render(fill(scene.ctx, options["document"], form, row, scene.source))
        name = scene.text(options.get("name") or form.title) or options["document"].id
        received = attachments.receive(scene.platform.storage, BytesIO(pdf), f"{name}.pdf", Limits(), scene.ctx.now)
        kept = put_files(scene, target, record, field, [received])
        return {"file": kept[0].uid if kept else "", "name": received.name}


actions.register("document")(MakeDocument())
