"""`view`: records of a form, shown in one way."""

from dougong.lang.kinds.parts import FIELD, FIELDS, FORM, FORMULA, ID, LABEL, list_of, mapping, named, one_of

SCHEMA = mapping(
    {
        "view": named("视图代号", "View id", ID),
        "name": named("名称", "Name", LABEL),
        "form": named("表单", "Form", FORM),
        "type": named("类型", "Type", one_of("list", "board", "calendar", "gallery", "map", "timeline", "pivot")),
        "columns": named("列", "Columns", FIELDS),
        "filter": named("筛选", "Filter", FORMULA, "只显示成立的记录。", "Only records for which this holds."),
        "sort": named("排序", "Sort", list_of(FIELD), "字段前加 - 表示从大到小。", "A field; with - before it, from the largest."),
    },
    "view",
    "name",
    "form",
)
