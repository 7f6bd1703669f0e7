"""`data`: records that come with the app."""

from dougong.lang.kinds.parts import ANYTHING, FIELD, FORM, YES_NO, list_of, map_of, mapping, named

SCHEMA = mapping(
    {
        "data": named("表单", "Form", FORM, "这些记录属于哪个表单。", "The form these records belong to."),
        "sample": named("演示数据", "Sample", YES_NO, "只在演示时装入。", "Only for a demo."),
        "key": named("识别字段", "Key", FIELD, "升级时按它找回同一条记录。", "By which a row is found again at an upgrade."),
        "rows": named("记录", "Rows", list_of(map_of(ANYTHING))),
        "file": named("文件", "File", {"type": "string"}, "data 文件夹里的 CSV。", "A CSV in the folder data."),
    },
    "data",
)
