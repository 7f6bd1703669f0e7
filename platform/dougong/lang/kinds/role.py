"""`role`: what one kind of person may see and do."""

from dougong.lang.kinds.parts import (
    FIELD,
    FIELDS,
    FORM,
    FORMULA,
    ID,
    ID_OF_ITEM,
    LABEL,
    PEOPLE,
    YES_NO,
    list_of,
    map_of,
    mapping,
    named,
    one_of,
)

RIGHTS = ("see", "add", "edit", "delete", "import", "import_stage", "export")

_GRANT = mapping(
    {
        "may": named("可以", "May", list_of(one_of(*RIGHTS)), "不写就只能看。", "Without it: see only."),
        "only": named("仅限", "Only", FORMULA, '例如 "owner == me"。', 'Such as "owner == me".'),
        "follows": named(
            "跟随",
            "Follows",
            FIELD,
            "能看到这个链接所指记录的人，也能看到本记录。",
            "Whoever sees the record this link leads to sees this one.",
        ),
        "hide": named("隐藏字段", "Hide", FIELDS),
        "mask": named("遮盖字段", "Mask", FIELDS),
        "read_only": named("只读字段", "Read only", FIELDS),
    }
)
_EDIT_NEEDS = mapping({"id": ID_OF_ITEM, "form": FORM, "fields": FIELDS, "by": PEOPLE}, "form", "fields", "by")

SCHEMA = mapping(
    {
        "role": named("角色代号", "Role id", ID),
        "name": named("名称", "Name", LABEL),
        "can": named("权限", "Can", map_of(_GRANT),
            "按表单写；没写的表单看不到。明细写 表单_字段，只写 hide、mask、read_only。",
            "By form; a form not named is not seen. Lines are called form_field and take hide, mask and read_only alone.",
        ),
        "edit_needs": named("修改须批准", "Edit needs", list_of(_EDIT_NEEDS)),
        "fallback": named("兜底角色", "Fallback", YES_NO, "没有主管时，任务落到这个角色。", "Tasks for a missing manager land here."),
    },
    "role",
    "name",
    "can",
)
