"""`automation`: when something happens, then do this. Triggers and actions bring their own words."""

from dougong.lang.kinds.parts import (
    CONDITION,
    COUNT,
    DURATION,
    FIELD,
    FORMULA,
    ID,
    ID_OF_ITEM,
    LABEL,
    RECORDS,
    STEPS,
    YES_NO,
    list_of,
    mapping,
    named,
    one_of,
)

STEP_OPTIONS = {
    "id": ID_OF_ITEM,
    "on_error": named("出错时", "On error", one_of("retry", "continue", "stop"), "重试、继续、停止。", "Try again, go on, stop."),
}
STEP_SCHEMA = {"type": "object", "dispatch": "action"}

FLOW = {
    "if": mapping({"if": named("条件", "If", CONDITION), "do": named("做什么", "Do", STEPS), "else": named("否则", "Else", STEPS)}, "do"),
    "for_each": mapping(
        {
            "for_each": named(
                "对每一条", "For each", RECORDS, "相关记录的字段，或 all.表单。", "A field of related records, or all.<form>."
            ),
            "if": named("条件", "If", CONDITION, "只对成立的。", "Only those for which this holds."),
            "do": named("做什么", "Do", STEPS),
        },
        "do",
    ),
    "wait": mapping({"wait": named("等多久", "Wait", DURATION)}),
    "stop": mapping({"stop": named("停止", "Stop", {"type": ["boolean", "string"]}), "if": named("条件", "If", CONDITION)}),
}
"""The words that steer a run rather than act; an action of the same name replaces one."""

_LEVEL = mapping(
    {
        "id": named("代号", "Id", ID),
        "after": named("多久之后", "After", DURATION),
        "do": named("做什么", "Do", STEPS),
        "repeated": named("重复次数", "Repeated", COUNT),
        "of": named("哪一级", "Of", ID),
        "in_a_row_per": named("按谁连续", "In a row per", FIELD),
        "within": named("多久之内", "Within", DURATION),
    },
    "id",
    "do",
)

SCHEMA = mapping(
    {
        "automation": named("规则代号", "Automation id", ID),
        "name": named("名称", "Name", LABEL),
        "on": named("何时", "On", {"type": "object", "dispatch": "trigger"}, "例如 {created: 表单}。", "Such as {created: form}."),
        "if": named("条件", "If", FORMULA),
        "do": named("做什么", "Do", STEPS),
        "levels": named("分级", "Levels", list_of(_LEVEL), "先提醒本人，再告诉主管……", "First the owner, then the supervisor …"),
        "if_running": named("上次未完时", "If running", one_of("skip", "wait", "restart", "together")),
        "overdue": named("已经过期的", "Overdue", one_of("now", "skip")),
        "catch_up": named("补做", "Catch up", one_of("each", "last")),
        "enabled": named("启用", "Enabled", YES_NO),
    },
    "automation",
    "on",
)
