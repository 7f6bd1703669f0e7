"""What people write who know the thing by another name: in Chinese, or from another tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dougong.problems import suggest

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    # field types
    "text": ("文本", "文字", "单行文本", "string", "str", "varchar"), "long_text": ("长文本", "多行文本", "textarea", "multiline"),
    "integer": ("整数", "数字", "数值", "number", "int"), "decimal": ("小数", "float", "double"), "money": ("金额", "currency", "price"),
    "percent": ("百分比", "percentage"), "yes_no": ("是否", "布尔", "boolean", "bool", "checkbox"), "date": ("日期",),
    "choice": ("单选", "下拉", "选项", "select", "dropdown", "enum", "radio"), "choices": ("多选", "multiselect", "multi_select"),
    "datetime": ("日期时间", "timestamp"), "time": ("时间",), "phone": ("手机", "电话", "mobile"), "email": ("邮箱", "邮件地址", "mail"),
    "user": ("人员", "用户", "person", "member"), "image": ("图片", "照片", "photo", "picture"), "file": ("文件", "附件", "attachment"),
    "link": ("关联", "引用", "relation", "reference", "ref"), "lines": ("明细", "子表", "table", "subform"), "formula": ("公式", "计算"),
    "serial": ("编号", "自动编号", "autonumber", "sequence"), "team": ("部门", "团队", "department"), "location": ("定位", "位置", "gps"),
    # keys
    "on": ("何时", "触发", "when", "trigger"), "do": ("动作", "执行", "actions", "then", "steps"),
    "if": ("条件", "如果", "condition", "where"),
    "name": ("名称", "名字", "label"), "type": ("类型",), "required": ("必填",), "options": ("选项", "choices", "values"),
    "default": ("默认", "默认值"), "unique": ("唯一",), "fields": ("字段", "columns"), "title": ("标题",), "help": ("说明", "hint"),
    "only": ("仅限", "filter", "condition"), "may": ("可以", "权限", "rights"), "message": ("提示", "提示语"), "stages": ("阶段",),
    "entry": ("进入",), "exit": ("离开",), "to": ("指向", "form", "target"),
    # how often, what one may
    "hour": ("每小时", "hourly"), "day": ("每天", "每日", "daily"),
    "workday": ("每个工作日", "工作日", "weekdays"), "week": ("每周", "weekly"),
    "month": ("每月", "monthly"), "see": ("查看", "看", "read", "view"), "add": ("新建", "新增", "create"),
    "edit": ("修改", "编辑", "write", "update"),
    "delete": ("删除", "remove"), "import": ("导入",), "export": ("导出",), "refuse": ("拒绝",), "warn": ("提醒", "警告"),
    # triggers and actions
    "created": ("新建", "新增", "create"), "changed": ("改动", "修改", "updated", "update", "edited"), "deleted": ("删除",),
    "inactive": ("无进展", "停滞", "idle", "stalled"), "every": ("定时", "每", "schedule"), "notify": ("通知", "消息", "message", "send"),
    "popup": ("弹窗", "alert"), "set": ("设置", "填写", "update"), "create": ("新建", "新增", "add"), "wait": ("等待", "delay", "sleep"),
    "move": ("移动",), "assign": ("分配", "指派"),
}  # fmt: skip
PEOPLE: Mapping[str, str] = dict.fromkeys(("主管", "上级", "经理", "manager", "supervisor", "boss"), "owner.manager") | dict.fromkeys(
    ("负责人", "本人", "拥有者", "owners"), "owner"
)


def likely(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or ''."""
    ids = list(known)
    asked = word.lower()
    return next((id for id in ids if asked in SYNONYMS.get(id, ())), "") or suggest(word, ids)
