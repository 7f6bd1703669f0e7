"""`texts`: a translation; below each kind, the same words in the same places as in the template."""

from dougong.lang.kinds.parts import ANYTHING, map_of, mapping, named, one_of

SCHEMA = mapping(
    {
        "texts": named("语言", "Language", one_of("zh", "en")),
        "app": named("应用", "App", map_of(ANYTHING)),
        **{kind: named("译文", "Words", map_of(map_of(ANYTHING))) for kind in ("form", "workflow", "automation", "view", "role")},
    },
    "texts",
)
