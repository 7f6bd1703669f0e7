"""`scenario`: what the template promises, as a test that people can read."""

from dougong.lang.kinds.parts import ANYTHING, DURATION, LABEL, list_of, map_of, mapping, named

_ROLES = {"anyOf": [{"type": "string"}, list_of({"type": "string"})]}
_PERSON = {"type": "object", "properties": {"role": _ROLES, "roles": _ROLES, "manager": {"type": "string"}, "name": LABEL}}
_BY_NAME = map_of(ANYTHING)
_NAME = {"type": "string"}
STEPS = {
    "create": named("新建", "Create", _BY_NAME, "{表单: {字段: 值}, call_it: 名字}", "{form: {field: value}, call_it: name}"),
    "edit": named("修改", "Edit", _BY_NAME, "{名字: {字段: 值}}", "{name: {field: value}}"),
    "delete": named("删除", "Delete", _NAME),
    "restore": named("恢复", "Restore", _NAME),
    "move": named("移动阶段", "Move", _BY_NAME, "{名字: 阶段, comment: 说明}", "{name: stage, comment: why}"),
    "wait": named("等待", "Wait", DURATION, "时钟往前走，到期的规则都执行。", "The clock goes on; what falls due is done."),
    "submit": named("提交公开表单", "Submit", _BY_NAME, "{表单: {字段: 值}}", "{form: {field: value}}"),
    "receive": named("收到数据", "Receive", _BY_NAME, "{接收地址: {数据}}", "{webhook: {body}}"),
    "import": named(
        "导入表格",
        "Import",
        _BY_NAME,
        "{表单: [{列标题: 值}], key: 按哪个字段更新, automations: true}",
        "{form: [{column title: value}], key: field to update by, automations: true}",
    ),
    "press": named("按按钮", "Press", _BY_NAME, "{按钮: 名字}", "{button: name}"),
    "as": named("换人", "As", _NAME),
    "try": named("应当被拒绝", "Try", _BY_NAME, "{edit: …, refused: 原因}", "{edit: …, refused: reason}"),
    "expect": named(
        "应当看到",
        "Expect",
        _BY_NAME,
        "popups、notified、ran、records、sees、warned、imported",
        "popups, notified, ran, records, sees, warned, imported",
    ),
}
"""One word a step; what stands behind it is checked against the app where it names people, forms and fields."""
INSTANT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})$"

SCHEMA = mapping(
    {
        "scenario": named("场景", "Scenario", LABEL, "一句话说清楚模板保证什么。", "In one sentence, what the template promises."),
        "proves": named("证明", "Proves", list_of({"type": "string"})),
        "people": named(
            "人物",
            "People",
            map_of(_PERSON),
            "例如 wang: {role: 角色, manager: li}；不写就用模板的示例人员。",
            "Such as wang: {role: x, manager: li}; left out, the template's sample people play.",
        ),
        "at": named(
            "开始时间", "At", {"type": "string", "pattern": INSTANT}, "例如 2026-03-02T09:00+08:00。", "Such as 2026-03-02T09:00+08:00."
        ),
        "as": named("谁在操作", "As", {"type": "string"}),
        "steps": named("步骤", "Steps", {**list_of({"type": "object", "dispatch": "scenario"}), "minItems": 1}),
    },
    "scenario",
    "at",
    "steps",
)
