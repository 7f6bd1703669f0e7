"""`workflow`: the stages of a form's records."""

from dougong.lang.kinds.parts import (
    DURATION,
    FIELDS,
    FORM,
    FORMULA,
    ID,
    ID_OF_ITEM,
    LABEL,
    PEOPLE,
    PERCENT,
    STAGE,
    STEPS,
    YES_NO,
    list_of,
    mapping,
    named,
    one_of,
    one_or_many,
)

_GUARD = mapping(
    {
        "if": named("条件", "If", FORMULA),
        "fields": named("须填字段", "Fields", FIELDS),
        "message": named("提示语", "Message", LABEL, "不满足时告诉用户的话。", "What the person is told."),
    }
)
_PROBABILITY = mapping({"default": PERCENT, "between": {"type": "array", "items": PERCENT, "minItems": 2, "maxItems": 2}}, "default")
_DEADLINE = mapping({"id": ID_OF_ITEM, "after": named("进入后多久", "After", DURATION), "do": named("做什么", "Do", STEPS)}, "after", "do")
_STAGE = mapping(
    {
        "id": ID_OF_ITEM,
        "name": named("名称", "Name", LABEL),
        "probability": named("成功概率", "Probability", _PROBABILITY, "默认值和允许的范围。", "The default, and the range allowed."),
        "baseline": named("基准转化率", "Baseline", PERCENT),
        "expected": named("预期时长", "Expected", DURATION),
        "entry": named("进入条件", "Entry", _GUARD),
        "exit": named("离开条件", "Exit", _GUARD),
        "deadlines": named("时限", "Deadlines", list_of(_DEADLINE)),
        "final": named("终点", "Final", YES_NO),
        "from": named("可从哪里来", "From", one_or_many(STAGE), "any 表示任何阶段。", "`any`: from every stage."),
    },
    "id",
    "name",
)
_BACK = mapping({"by": named("谁可以退回", "By", PEOPLE), "comment": named("退回理由", "Comment", one_of("required", "optional"))}, "by")

SCHEMA = mapping(
    {
        "workflow": named("流程代号", "Workflow id", ID),
        "name": named("名称", "Name", LABEL),
        "form": named("表单", "Form", FORM),
        "stages": named("阶段", "Stages", {**list_of(_STAGE), "minItems": 1}, "按顺序。", "In order."),
        "moves": named("怎样移动", "Moves", mapping({"forward": one_of("next"), "back": _BACK})),
    },
    "workflow",
    "form",
    "stages",
)
