"""`scenario`: what the template promises, as a test that people can read."""

from dougong.lang.kinds.parts import ANYTHING, LABEL, list_of, map_of, mapping, named

STEP_WORDS = ("create", "edit", "delete", "restore", "move", "wait", "submit", "receive", "import", "press", "as", "at", "try", "expect")

SCHEMA = mapping(
    {
        "scenario": named("场景", "Scenario", LABEL, "一句话说清楚模板保证什么。", "In one sentence, what the template promises."),
        "proves": named("证明", "Proves", list_of({"type": "string"})),
        "people": named("人物", "People", map_of(map_of(ANYTHING)), "例如 wang: {role: salesperson, manager: li}。", "Such as wang: {role: salesperson, manager: li}."),
        "at": named("开始时间", "At", {"type": "string"}, "例如 2026-03-02T09:00+08:00。", "Such as 2026-03-02T09:00+08:00."),
        "as": named("谁在操作", "As", {"type": "string"}),
        "steps": named("步骤", "Steps", {**list_of({"type": "object", "dispatch": "scenario"}), "minItems": 1}),
    },
    "scenario",
    "people",
    "at",
    "steps",
)
