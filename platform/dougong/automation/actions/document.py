from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from dougong.automation.actions.base import Action, actions, refuse
from dougong.automation.scene import Scene
from dougong.documents.filling import fill
from dougong.documents.pdf import render
from dougong.files import attachments
from dougong.files.attachments import Limits
from dougong.records import save


class MakeDocument(Action):
    """A PDF out of documents/<name>.html, kept in a file field of the record; where the field takes several, it joins them."""

    schema: Mapping[str, Any] = {
        "document": {"type": "string", "format": "document", "title": "documents/ 里哪份文件 | Which of documents/"},
        "attach": {"type": "string", "format": "field", "title": "存到哪个文件字段 | The file field that keeps it"},
        "name": {"type": "string", "format": "template", "title": "文件名，默认记录标题 | The file's name, by default the title"},
    }
    required = ("document", "attach")

    def run(self, scene: Scene, options: Mapping[str, Any]) -> Any:
        form, row = scene.need_record()
        field = form.fields[options["attach"]]
        many = field.value.kind == "list"
        if "file" not in (field.value.kind, field.value.of.kind if field.value.of else ""):
            raise refuse("document-not-a-file", field={"zh": field.name.in_("zh"), "en": field.name.in_("en")})
        pdf = render(fill(scene.ctx, options["document"], form, row, scene.source))
        name = scene.text(options.get("name") or form.title) or options["document"].id
        received = attachments.receive(scene.platform.storage, BytesIO(pdf), f"{name}.pdf", Limits(), scene.ctx.now)
        kept = attachments.keep(scene.ctx.connection, received, scene.ctx.actor.user, scene.ctx.now)
        save.edit(scene.ctx, form.key, row["id"], {field.id: (*row[field.id], kept.uid) if many else kept.uid})
        return {"file": kept.uid, "name": kept.name}


actions.register("document")(MakeDocument())
