"""`app`: the app itself, and what its installer decides."""

from dougong.lang.kinds.parts import ANYTHING, COUNT, ID, LABEL, ROLE, list_of, map_of, mapping, named, one_of

QUESTION_TYPES = ("text", "integer", "decimal", "money", "percent", "yes_no", "date", "duration", "choice")

_QUESTION = mapping(
    {
        "name": named("名称", "Name", LABEL),
        "type": named("类型", "Type", one_of(*QUESTION_TYPES)),
        "options": named("选项", "Options", map_of(LABEL), "类型是 choice 时的选项：代号: 名称。", "For a choice: id: name."),
        "default": named("默认值", "Default", ANYTHING),
        "help": named("说明", "Help", LABEL),
    },
    "name",
    "type",
)
_VIEW = {"type": "string"}
_FIGURE = mapping(
    {
        "view": named("视图", "View", _VIEW),
        "of": named("目标：数字或另一个视图", "Aim: a number or another view", {"type": ["string", "integer"]}),
    },
    "view",
)
_RUNNING = mapping({"form": _VIEW, "since": _VIEW, "until": _VIEW}, "form", "since", "until")
_CARD = {
    "anyOf": [
        one_of("do_now", "today", "stuck"),
        mapping({"view": _VIEW, "top": named("最多几条", "At most", COUNT)}, "view"),
        mapping({"figures": named("数字", "Figures", list_of({"anyOf": [_VIEW, _FIGURE]}))}, "figures"),
        mapping(
            {"running": named("进行中的", "Running", _RUNNING, "已开始、还没结束的，在最上面。", "Begun and not ended, on top.")},
            "running",
        ),
        mapping(
            {
                "needs_me": named(
                    "需要我的", "Needs me", list_of(_VIEW),
                    "规则告诉我的、以及这些视图里别人的记录，按人分组。",
                    "Others' records that rules tell me of, and those of these views, by person.",
                )
            },
            "needs_me",
        ),
    ]
}
_HOME = mapping(
    {
        "role": ROLE,
        "bar": named("底栏", "Bar", list_of(ANYTHING), "手机底部最多五项。", "At most five places at the phone's foot."),
        "cards": named("卡片", "Cards", list_of(_CARD), "今日页从上到下的卡片。", "The cards of the first page, from the top."),
    },
    "role",
)

SCHEMA = mapping(
    {
        "app": named(
            "应用代号",
            "App id",
            {**ID, "maxLength": 20},
            "小写字母、数字、下划线，最多 20 个。",
            "Small letters, digits, underscore; at most 20.",
        ),
        "version": named("版本", "Version", {"type": ["string", "number"]}, "例如 1.0.0。", "Such as 1.0.0."),
        "name": named("名称", "Name", LABEL),
        "description": named("简介", "Description", LABEL),
        "icon": named("图标", "Icon", LABEL),
        "language": named(
            "模板语言", "Language", one_of("zh", "en"), "模板里的文字用哪种语言。", "The language the template is written in."
        ),
        "currency": named("币种", "Currency", {"type": "string", "pattern": "^[A-Z]{3}$"}, "例如 CNY。", "Such as CNY."),
        "ask": named(
            "安装时询问",
            "Ask",
            map_of(_QUESTION),
            "安装者决定的参数；公式里写 settings.代号。",
            "What the installer decides; settings.<id> in formulas.",
        ),
        "needs": named("依赖的应用", "Needs", map_of(LABEL), '例如 {应用代号: ">=1"}。', 'Such as {app: ">=1"}.'),
        "home": named("首页", "Home", list_of(_HOME), "每个角色首先看到什么。", "What each role finds first."),
        "menu": named("菜单", "Menu", list_of({"type": "string"}), "按顺序写表单或视图的代号。", "Forms and views, in order."),
    },
    "app",
    "version",
    "name",
)
