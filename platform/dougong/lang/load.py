"""Files → documents with positions. YAML 1.2 core, bounded, nothing that executes or multiplies (THREATS S4, S26)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import yaml

from dougong.lang.slips import explain, in_key, in_scalar
from dougong.lang.source import Document, Path
from dougong.problems import Mark, Problem, Problems

MAX_FILE = 1_000_000  # bytes
MAX_TOTAL = 8_000_000
MAX_FILES = 2_000
MAX_DEPTH = 64
MAX_NODES = 150_000

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,17})\.\d{1,17}")
_CONSTANTS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | dict.fromkeys(("true", "True", "TRUE"), True)
_CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_folder(path: FilePath) -> Mapping[str, str]:
    """The template at `path` (a folder, or one file): relative path → text. Symbolic links, hidden and other files are left out."""
    if not path.exists():
        raise Problems([Problem("template-not-found", {"path": str(path)})])
    found = [path] if path.is_file() else sorted(_template_files(path))
    if len(found) > MAX_FILES:
        raise Problems([Problem("template-too-large", {"limit": f"{MAX_FILES}"})])
    sources: dict[str, str] = {}
    problems: list[Problem] = []
    for file in found:
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        try:
            if file.stat().st_size > MAX_FILE:
                problems.append(Problem("source-too-large", {"limit": MAX_FILE}, Mark(name, 1, 1)))
                continue
            sources[name] = file.read_text("utf-8-sig")
        except UnicodeDecodeError:
            problems.append(Problem("not-utf8", mark=Mark(name, 1, 1)))
        except OSError as error:
            problems.append(Problem("file-unreadable", {"why": error.strerror or ""}, Mark(name, 1, 1)))
    if problems:
        raise Problems(problems)
    return sources


def _template_files(folder: FilePath) -> Iterator[FilePath]:
    for entry in folder.iterdir():
        if entry.is_symlink() or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _template_files(entry)
        elif entry.suffix in (".yaml", ".yml") or (entry.parent.name, entry.suffix) in (("documents", ".html"), ("data", ".csv")):
            yield entry


def load(sources: Mapping[str, str]) -> tuple[list[Document], list[Problem]]:
    """All documents of all YAML files, and what kept others from being read."""
    documents: list[Document] = []
    problems: list[Problem] = []
    if sum(map(len, sources.values())) > MAX_TOTAL or len(sources) > MAX_FILES:
        return [], [Problem("template-too-large", {"limit": MAX_TOTAL})]
    for file, text in sources.items():
        if file.endswith((".yaml", ".yml")):
            found, wrong = _load_file(file, text.removeprefix("\ufeff"))
            documents += found
            problems += wrong
    return documents, problems


def _load_file(file: str, text: str) -> tuple[list[Document], list[Problem]]:
    if len(text) > MAX_FILE:
        return [], [Problem("source-too-large", {"limit": MAX_FILE}, Mark(file, 1, 1))]
    if bad := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        return [], [Problem("not-printable", {"character": f"U+{ord(bad[0]):04X}"}, Mark(file, line, column))]
    builder = _Builder(file, text)
    try:
        return builder.documents(), builder.problems
    except yaml.MarkedYAMLError as error:
        # what was found before may be the cause of what the parser stumbled over
        return [], builder.problems or [explain(file, text.split("\n"), error)]
    except _Stop as stop:
        return [], [*builder.problems, stop.problem]


class _Stop(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Builder:
    """Events → values and marks, so that aliases, tags and depth are seen before anything is built."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.events = yaml.parse(text, Loader=_Loader)
        self.problems: list[Problem] = []
        self.nodes = 0
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}

    def documents(self) -> list[Document]:
        out = []
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.values, self.keys = {}, {}
                first = next(self.events)
                content = self.value(first, (), 0)
                if document := self.document(content, first):
                    out.append(document)
        return out

    def document(self, content: Any, event: Any) -> Document | None:
        if content is None:
            return None  # only comments
        if not isinstance(content, dict) or not content:
            if not self.problems:
                self.problems.append(Problem("not-a-mapping", mark=self.mark(event)))
            return None
        return Document(self.file, next(iter(content)), content, self.values, self.keys)

    def mark(self, event: Any) -> Mark:
        """Where the words begin: after the quote, on the first line of a block."""
        line, column = event.start_mark.line, event.start_mark.column
        end = (
            event.end_mark.column
            if event.end_mark.line == line
            else len(self.lines[line].rstrip("\r"))
            if line < len(self.lines)
            else column
        )
        style = getattr(event, "style", None)
        if style in ("'", '"'):
            column += 1
            end -= event.end_mark.line == line
        elif style in ("|", ">") and line + 1 < len(self.lines):
            line += 1
            text = self.lines[line]
            column, end = len(text) - len(text.lstrip()), len(text.rstrip("\r"))
        return Mark(self.file, line + 1, column + 1, max(1, end - column))

    def value(self, event: Any, path: Path, depth: int) -> Any:
        self.refuse(event, depth)
        mark = self.mark(event)
        self.values[path] = mark
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, path, mark)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self.value(inner, (*path, len(items)), depth + 1))
            return items
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(event, path, depth)
        return None  # an alias, already reported

    def mapping(self, start: Any, path: Path, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.key_not_text(event, start, path, depth)
                continue
            self.refuse(event, depth)
            mark, key = self.mark(event), event.value
            if slip := in_key(self.file, key, mark):
                self.problems.append(slip)
            elif key in out:
                first = self.keys[(*path, key)].line
                self.problems.append(Problem("duplicate-key", {"key": key, "line": first}, mark))
            self.keys[(*path, key)] = mark
            out[key] = self.value(next(self.events), (*path, key), depth + 1)
        return out

    def key_not_text(self, event: Any, start: Any, path: Path, depth: int) -> None:
        """`{{ name }}` without quotes is a mapping with a mapping as its key; `*a:` an alias as a key."""
        line = self.lines[start.start_mark.line][start.start_mark.column :]
        if line.startswith("{{"):
            words = line[: line.find("}}") + 2]
            mark = Mark(self.file, start.start_mark.line + 1, start.start_mark.column + 1, len(words))
            self.problems.append(Problem("braces-unquoted", mark=mark, suggestion=f'"{words}"'))
        elif not isinstance(event, yaml.AliasEvent):
            self.problems.append(Problem("key-not-text", mark=self.mark(event)))
        self.value(event, (*path, "?"), depth + 1)
        self.value(next(self.events), (*path, "?"), depth + 1)

    def scalar(self, event: Any, path: Path, mark: Mark) -> Any:
        text: str = event.value
        if event.style:  # quoted or a block
            return text
        line = self.lines[event.end_mark.line] if event.end_mark.line < len(self.lines) else ""
        if slip := in_scalar(self.file, text, mark, line, event.end_mark.column, item=not path or isinstance(path[-1], int)):
            self.problems.append(slip)
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return Decimal(text) if _DECIMAL.fullmatch(text) else text

    def refuse(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise _Stop(Problem("too-deep", {"limit": MAX_DEPTH}, self.mark(event)))
        if self.nodes > MAX_NODES:
            raise _Stop(Problem("source-too-large", {"limit": MAX_FILE}, self.mark(event)))
        if isinstance(event, yaml.AliasEvent):
            self.problems.append(Problem("alias-refused", {"word": f"*{event.anchor}"}, self.mark(event), suggestion=f'"*{event.anchor}"'))
        elif event.anchor is not None:
            self.problems.append(Problem("anchor-refused", {"word": f"&{event.anchor}"}, self.mark(event)))
        elif event.tag is not None:
            self.problems.append(Problem("tag-refused", {"word": event.tag}, self.mark(event)))
        elif isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style:
            self.problems.append(Problem("merge-refused", mark=self.mark(event)))
