"""`form`: a table of records and the page that fills it."""

from dougong.lang.kinds.parts import (
    COUNT,
    DURATION,
    FIELD,
    FIELDS,
    FORM,
    FORMULA,
    ID,
    ID_OF_ITEM,
    LABEL,
    MESSAGE,
    PERCENT,
    TEMPLATE,
    YES_NO,
    list_of,
    map_of,
    mapping,
    named,
    one_of,
    one_or_many,
)

DAY_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
ORIGIN_PATTERN = r"^https?://[a-z0-9.-]+(:\d{1,5})?$"

_CASE = mapping(
    {
        "if": named("条件", "If", FORMULA),
        "then": named("那么", "Then", FORMULA, "选项的代号，或一个公式。", "An option's id, or a formula."),
        "else": named("否则", "Else", FORMULA, "前面都不成立时的值，写在最后。", "When none above holds; the last line."),
    }
)
FIELD_OPTIONS = {
    "name": named("名称", "Name", LABEL, "给人看的字段名。", "The words people see."),
    "required": named("必填", "Required", YES_NO),
    "unique": named("不可重复", "Unique", YES_NO, "有效记录之间不能相同。", "No two live records may have the same."),
    "default": named("默认值", "Default", TEMPLATE, '新建时先填好；可写 "{{ 公式 }}"。', 'Filled in at the start; may be "{{ formula }}".'),
    "copy_last": named("沿用上次", "Copy last", YES_NO, "默认填本人上一条记录的值。", "Starts with the value of one's last record."),
    "placeholder": named("占位提示", "Placeholder", LABEL),
    "help": named("说明", "Help", LABEL, "字段下方的一行说明。", "One line below the field."),
    "search": named("可搜索", "Search", YES_NO, "搜索框和选择器按它查找。", "Search and pickers look here."),
    "index": named("建索引", "Index", YES_NO, "常按它筛选、排序时打开。", "For fields often filtered or sorted by."),
    "mask": named("遮盖", "Mask", one_of("middle", "all", "tail"), "无权的人看到的是遮盖后的值。", "What those without the right see."),
    "once": named("只定一次", "Once", YES_NO, "定下后不再改变。", "Never changes once set."),
    "reveal": named(
        "结果公开",
        "Reveal",
        YES_NO,
        "看不到来源字段的人也能看到计算结果。",
        "Shown also to those who may not see what it is computed from.",
    ),
    "required_when": named("何时必填", "Required when", FORMULA),
    "visible_when": named("何时显示", "Visible when", FORMULA),
    "readonly_when": named("何时只读", "Read-only when", FORMULA),
    "formula": named("公式", "Formula", FORMULA, "由公式算出，不能手填。", "Computed, not entered."),
    "cases": named("分情况", "Cases", list_of(_CASE), "从上往下，第一个成立的算数。", "From the top; the first that holds counts."),
    "stored": named(
        "保存结果", "Stored", YES_NO, "保存后才能用于筛选、排序、规则和权限。", "Needed for filters, sorting, rules and rights."
    ),
    "was": named("原代号", "Was", ID, "改过代号时写旧代号，数据就不会丢。", "The former id, so that a rename keeps the data."),
}

TYPE = named("类型", "Type", {"type": "string"})
FIELD_SCHEMA = {
    "type": "object",
    "properties": {"type": TYPE},
    "required": ["type"],
    "dispatch": "field",
}

_DUPLICATE = mapping(
    {
        "id": ID_OF_ITEM,
        "same": named("相同", "Same", one_or_many(FIELD), "这些字段都相同就算重复。", "All of these equal."),
        "similar": named("相似", "Similar", one_or_many(FIELD)),
        "above": named("相似度高于", "Above", PERCENT),
        "then": named("那么", "Then", one_of("refuse", "warn")),
        "message": MESSAGE,
    },
    "then",
)
_REJECT = mapping(
    {"id": ID_OF_ITEM, "if": named("条件", "If", FORMULA), "message": MESSAGE, "fields": named("相关字段", "Fields", FIELDS)}, "if"
)
_ASK_LATER = mapping(
    {
        "id": ID_OF_ITEM,
        "since": named("从何时起", "Since", FIELD),
        "within": named("多久之内", "Within", DURATION),
        "fields": named("补填字段", "Fields", FIELDS),
        "before": named(
            "在此之前",
            "Before",
            {"type": "string"},
            "是/否字段或阶段：没补齐就不能勾选、不能进入。",
            "A yes/no field or a stage that is refused until then.",
        ),
        "message": named("提示语", "Message", LABEL),
    },
    "since",
    "within",
    "fields",
)
_PUBLIC = mapping(
    {
        "title": named("标题", "Title", LABEL),
        "fields": named(
            "字段",
            "Fields",
            {**FIELDS, "minItems": 1},
            "外面的人只填这些，按这个顺序。",
            "All that people outside fill in, in this order.",
        ),
        "thanks": named("提交之后", "Thanks", LABEL, "提交后显示的话。", "What is said when it was sent."),
        "open_until": named(
            "开放到",
            "Open until",
            {"type": "string", "pattern": DAY_PATTERN},
            "含当天，如 2026-12-31。",
            "The last day, such as 2026-12-31.",
        ),
        "at_most_per_day": named("每天最多", "At most per day", COUNT, "超过就当天不再收。", "Beyond it no more is taken that day."),
        "embed": named(
            "可嵌入的网站",
            "Embed",
            list_of({"type": "string", "pattern": ORIGIN_PATTERN}),
            "哪些网站可以嵌入它，如 https://www.example.com。",
            "Sites that may show it in a frame, such as https://www.example.com.",
        ),
    },
    "title",
    "fields",
)
_SECTION = mapping(
    {
        "id": ID_OF_ITEM,
        "section": named("分组标题", "Section", LABEL),
        "fields": named("字段", "Fields", FIELDS),
        "visible_when": named("何时显示", "Visible when", FORMULA),
    },
    "section",
    "fields",
)

_FACE = mapping(
    {
        "facts": named("要点", "Facts", FIELDS, "名称下面最多三个字段。", "At most three fields below the name."),
        "state": named("状态", "State", FIELD, "用形状和颜色显示的选项字段。", "The choice shown by shape and colour."),
        "blocker": named("卡点", "Blocker", FIELD, "写着卡在哪里的字段。", "The field that says what stands in the way."),
        "primary": named(
            "主按钮",
            "Primary button",
            mapping({"create": FORM}, "create"),
            "{create: 表单}：给这条记录加一条。",
            "{create: form}: adds one to this record.",
        ),
    }
)

SCHEMA = mapping(
    {
        "form": named("表单代号", "Form id", ID, "小写字母、数字、下划线，最多 30 个。", "Small letters, digits, underscore; at most 30."),
        "name": named("名称", "Name", LABEL),
        "icon": named("图标", "Icon", LABEL),
        "title": named(
            "标题", "Title", TEMPLATE, "一条记录怎么称呼；不写就用第一个文本字段。", "How a record is called; else its first text field."
        ),
        "was": FIELD_OPTIONS["was"],
        "fields": named(
            "字段",
            "Fields",
            {"format": "fields", "minProperties": 1},
            "一行一个：代号: {name: …, type: …}。",
            "One a line: id: {name: …, type: …}.",
        ),
        "duplicates": named("查重", "Duplicates", list_of(_DUPLICATE)),
        "reject_when": named(
            "拒绝保存",
            "Reject when",
            list_of(_REJECT),
            "条件成立时不能保存，并说明原因。",
            "A save for which this holds is refused, with a reason.",
        ),
        "ask_later": named("事后补填", "Ask later", list_of(_ASK_LATER)),
        "layout": named("布局", "Layout", list_of(_SECTION)),
        "on_delete": named(
            "删除时",
            "On delete",
            map_of(one_of("keep", "delete", "refuse")),
            "对每个下级表单：保留、一起删、拒绝。",
            "Per child form: keep, delete, refuse.",
        ),
        "public": named(
            "对外表单",
            "Public",
            _PUBLIC,
            "不登录也能填的网页，地址是 /f/应用/表单。",
            "A page to fill in without signing in, at /f/app/form.",
        ),
        "face": named("外观", "Face", _FACE, "记录页最上面显示什么。", "What stands on top of a record's page."),
    },
    "form",
    "fields",
)
