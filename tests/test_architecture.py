"""The rules of ARCHITECTURE.md that a machine can watch."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from dougong import problems

ROOT = Path(__file__).parent.parent
PLATFORM = ROOT / "platform"
PACKAGE = PLATFORM / "dougong"

GROUND = ("problems", "registry", "clock", "settings", "sqltypes", "resources", "pinyin", "vault")
ORDER = (
    "expr", "spec", "context", "fields", "lang", "store", "events", "jobs", "people", "files", "records",
    "notify", "documents", "reports", "workflow", "automation", "scenario", "seeding",
    "backups", "pruning", "stuck", "installed", "workplace", "runtime", "erasing", "staging", "lifecycle",
)  # fmt: skip
DOORS = ("web", "api", "cli", "worker")
HEIGHT = {part: 0 for part in GROUND} | {part: place for place, part in enumerate(ORDER, 1)} | {door: len(ORDER) + 1 for door in DOORS}
MAY_USE_LANG = ("installed", "runtime", "lifecycle", *DOORS)
OPENS_THE_DOORS = PACKAGE / "cli" / "serve.py"
"""The doors never import each other; this one file starts them in a process."""
SANITISED = {PACKAGE / "fields" / "rich_text.py", PACKAGE / "fields" / "draw.py"}
"""Where text becomes markup: one cleans it first, the other has it from an escaping template."""
FLASK = {"flask", "flask_wtf", "werkzeug", "wtforms"}
BAD_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "base_utils"}
BUSINESS = re.compile(r"customer|opportunity|salesperson|\blead(_|s?['\"])|客户|拜访|门店|商机|导购|线索", re.IGNORECASE)
MOST_LINES, MOST_FUNCTION, MOST_METHODS = 400, 50, 15

MODULES = sorted(PACKAGE.rglob("*.py"))
EVERY_MODULE = pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported below `node`."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from ((child.lineno, name.name) for name in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((child.lineno, f"{child.module}.{name.name}") for name in child.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def places(path: Path, found: Iterator[tuple[int, str]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in found]


@EVERY_MODULE
def test_a_part_imports_only_from_parts_below_it(path: Path) -> None:
    own = part_of(path)

    def wrong() -> Iterator[tuple[int, str]]:
        for line, name in imports(tree(path)):
            words = name.split(".")
            if words[0] != "dougong" or len(words) < 2 or words[1] == own or words[1] not in HEIGHT:
                continue
            other = words[1]
            if (own in GROUND and other in GROUND) or (path == OPENS_THE_DOORS and other in DOORS):
                continue
            if HEIGHT[other] >= HEIGHT[own] or (other == "lang" and own not in MAY_USE_LANG):
                yield line, name

    if own not in ("__init__",):
        assert own in HEIGHT, f"{own} has no place in the order of the parts"
        assert not places(path, wrong())


@EVERY_MODULE
def test_imports_are_absolute_and_stand_at_the_top(path: Path) -> None:
    relative = [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.level]
    inside = ((line, name) for function in functions(path) for line, name in imports(function) if name.startswith("dougong"))
    assert not relative
    assert not places(path, inside)


@EVERY_MODULE
def test_functions_modules_and_classes_stay_small(path: Path) -> None:
    def large() -> Iterator[tuple[int, str]]:
        lines = len(path.read_text("utf-8").splitlines())
        if lines > MOST_LINES:
            yield 1, f"{lines} lines"
        for function in functions(path):
            if (length := (function.end_lineno or 0) - function.lineno + 1) > MOST_FUNCTION:
                yield function.lineno, f"{function.name} has {length} lines"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                own = [n for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("__")]
                if len(own) > MOST_METHODS:
                    yield node.lineno, f"{node.name} has {len(own)} methods"

    assert not places(path, large())


@EVERY_MODULE
def test_nothing_is_evaluated_unpickled_or_handed_to_a_shell(path: Path) -> None:
    def dangerous() -> Iterator[tuple[int, str]]:
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            if name in ("eval", "exec", "__import__", "os.system", "os.popen") or name.startswith(("pickle.", "marshal.", "shelve.")):
                yield node.lineno, name
            if any(k.arg == "shell" and not (isinstance(k.value, ast.Constant) and k.value.value is False) for k in node.keywords):
                yield node.lineno, "shell"
            if name.split(".")[-1] == "Markup" and path not in SANITISED and not all(isinstance(a, ast.Constant) for a in node.args):
                yield node.lineno, "Markup of a value"
        yield from ((line, name) for line, name in imports(tree(path)) if name.split(".")[0] in ("pickle", "marshal", "shelve"))

    assert not places(path, dangerous())


@EVERY_MODULE
def test_flask_stays_in_the_doors_that_serve_pages_and_the_api(path: Path) -> None:
    found = ((line, name) for line, name in imports(tree(path)) if name.split(".")[0] in FLASK)
    assert part_of(path) in ("web", "api") or not places(path, found)


@pytest.mark.parametrize("library", ["rq", "redis"])
def test_a_transport_is_named_in_one_file(library: str) -> None:
    users = {str(path.relative_to(ROOT)) for path in MODULES for _, name in imports(tree(path)) if name.split(".")[0] == library}
    assert len(users) <= 1, users


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".js", ".html", "") and p.stem in BAD_NAMES]


def test_platform_itself_is_no_package() -> None:
    """It would hide the standard library's `platform` from everybody."""
    assert not (PLATFORM / "__init__.py").exists()
    assert [p.name for p in PLATFORM.iterdir() if not p.name.startswith((".", "__pycache__"))] == ["dougong"]


def test_the_top_level_is_as_agreed() -> None:
    agreed = {"platform", "app_templates", "schemas", "tests", "examples", "pyproject.toml", "README.md"}
    assert {p.name for p in ROOT.iterdir() if not p.name.startswith(".")} <= agreed


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for line in project["dependencies"]}
    sellers = packages_distributions()
    used = {name.split(".")[0] for path in MODULES for _, name in imports(tree(path))} - set(sys.stdlib_module_names) - {"dougong"}
    undeclared = {name for name in used if not {d.lower().replace("_", "-") for d in sellers.get(name, [name])} & declared}
    # Parts of Flask that are imported by their own names.
    assert not undeclared - {"werkzeug", "wtforms", "markupsafe", "click", "itsdangerous"}


# --- words ---


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a module but its docstrings."""
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body and isinstance(node.body[0], ast.Expr)
    }
    bare = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents | bare:
            yield node.lineno, node.value


@EVERY_MODULE
def test_the_code_knows_no_business(path: Path) -> None:
    def named() -> Iterator[tuple[int, str]]:
        for line, text in strings(path):
            if BUSINESS.search(text):
                yield line, text
        for node in ast.walk(tree(path)):
            for name in (getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "arg", ""), getattr(node, "name", "")):
                if isinstance(name, str) and BUSINESS.search(name):
                    yield getattr(node, "lineno", 0), name

    assert not places(path, named())


def test_pages_sentences_and_scripts_know_no_business() -> None:
    kinds = (".html", ".js", ".css", ".po", ".yaml", ".txt")
    pages = [p for p in PACKAGE.rglob("*") if p.suffix in kinds and "dist" not in p.parts]
    found = [place for p in pages for place in places(p, enumerate_matches(p))]
    assert pages
    assert not found


def enumerate_matches(path: Path) -> Iterator[tuple[int, str]]:
    for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        if BUSINESS.search(text):
            yield line, text.strip()


def test_no_page_trusts_text_as_markup() -> None:
    pages = {p: p.read_text("utf-8").splitlines() for p in PACKAGE.rglob("*.html")}
    unsafe = re.compile(r"\|\s*safe\b|autoescape\s+false|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|<style|javascript:", re.IGNORECASE)
    assert pages
    found = [(p, n, line.strip()) for p, lines in pages.items() for n, line in enumerate(lines, 1) if unsafe.search(line)]
    assert not found


# --- problems and their sentences ---


def catalogue() -> dict[str, dict[str, str]]:
    pages = [yaml.safe_load(page.read_text("utf-8")) for page in (PACKAGE / "sentences").glob("*.yaml")]
    return {code: texts for page in pages for code, texts in page.items()}


def raised(path: Path) -> Iterator[tuple[int, str]]:
    """The codes given to Problem(…) and Refused(…), also by a conditional expression."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("Problem", "Refused"):
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "code")]
            plain = [value for value in given if isinstance(value, ast.Constant | ast.IfExp)]
            texts = [c.value for value in plain for c in ast.walk(value) if isinstance(c, ast.Constant)]
            yield from ((node.lineno, text) for text in texts if isinstance(text, str))


@EVERY_MODULE
def test_every_problem_has_its_sentence(path: Path) -> None:
    assert not places(path, ((line, code) for line, code in raised(path) if code not in problems.codes()))


def test_every_sentence_stands_in_both_languages_and_is_used() -> None:
    sentences = catalogue()
    spoken = {text for path in MODULES for _, text in strings(path)}
    spoken |= {text for page in PACKAGE.rglob("*.html") for text in re.findall(r"['\"]([a-z0-9-]+)['\"]", page.read_text("utf-8"))}
    begun = tuple(text for text in spoken if text.endswith("-") and len(text) > 2)  # f"kind-{kind}"
    assert sentences
    assert not [code for code, texts in sentences.items() if not texts.get("zh") or not texts.get("en")]
    assert not [code for code in sentences if code not in spoken and not code.startswith(begun)]
