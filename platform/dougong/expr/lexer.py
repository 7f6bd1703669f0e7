"""Formula text to Jinja tokens. A token's `lineno` is its offset in the text: Jinja hands it on to its nodes.

Typical slips (`=`, `且`, `≥`, full-width quotes, `10%`) are noted with the right spelling and read as meant,
so that one slip doesn't hide the next problem.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from jinja2.lexer import Token

from dougong.expr.numbers import decimal_text

Report = Callable[..., None]
"""report(code, start, end, suggestion='', **args)"""

TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<wide_string>[“”][^“”]*[“”]|[‘’][^‘’]*[‘’]|「[^」]*」|＂[^＂]*＂|＇[^＇]*＇)
  | (?P<grouped>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9,]))
  | (?P<percent>[0-9]+(?:\.[0-9]+)?\s*[%％](?!\s*[\w('"]))
  | (?P<date>(?:19|20)[0-9]{2}(?:-[0-9]{2}-[0-9]{2}|/[0-9]{1,2}/[0-9]{1,2})(?![0-9]))
  | (?P<duration>[0-9]+\s*(?:(?:m|h|d|w)\b|分钟|个?小时|天|日|周|个?工作日))
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
  | (?P<join>并且|而且|且|或者|或|非(?=[\w(（]))
  | (?P<name>(?:(?!并且|而且|且|或者|或)[^\W０-９])+(?:(?!并且|而且|且|或者|或)\w)*)
  | (?P<operator>===|!==|==|!=|<>|=<|=>|<=|>=|&&|\|\||\*\*|//|[-+*/%~|.,()\[\]{}:<>=!&^])
  | (?P<wide>[０-９]+(?:[.．][０-９]+)?|[≥≤≠×÷])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

OPERATORS = {
    "==": "eq", "!=": "ne", "<": "lt", "<=": "lteq", ">": "gt", ">=": "gteq", "+": "add", "-": "sub", "*": "mul", "/": "div",
    "%": "mod", "**": "pow", "//": "floordiv", "~": "tilde", "|": "pipe", ".": "dot", ",": "comma", ":": "colon",
    "(": "lparen", ")": "rparen", "[": "lbracket", "]": "rbracket", "{": "lbrace", "}": "rbrace",
}  # fmt: skip

OPERATOR_SLIPS = {
    "=": "==", "===": "==", "!==": "!=", "<>": "!=", "=<": "<=", "=>": ">=", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/",
    "&&": "and", "||": "or", "&": "and", "!": "not", "、": ",", "【": "[", "】": "]",
}  # fmt: skip

WORD_SLIPS = {
    "并且": "and", "而且": "and", "且": "and", "AND": "and", "And": "and", "或者": "or", "或": "or", "OR": "or", "Or": "or",
    "非": "not", "NOT": "not", "Not": "not", "IN": "in", "In": "in", "IS": "is", "IF": "if", "If": "if", "包含": "contains",
    "等于": "==", "不等于": "!=", "大于": ">", "小于": "<", "大于等于": ">=", "小于等于": "<=", "不小于": ">=", "不大于": "<=", "超过": ">",
    "为空": "is empty", "不为空": "is not empty", "like": "contains", "LIKE": "contains", "属于": "in",
    "TRUE": "true", "True": "true", "是": "true", "真": "true", "FALSE": "false", "False": "false", "否": "false", "假": "false",
}  # fmt: skip

NOTHING_WORDS = frozenset({"null", "NULL", "Null", "nil", "None", "NONE", "undefined", "空"})
DURATIONS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks", "分钟": "minutes", "小时": "hours", "天": "days", "日": "days",
             "周": "weeks", "工作日": "workdays"}  # fmt: skip
ESCAPES = {"n": "\n", "t": "\t"}


@dataclass
class Lexer:
    """One pass over one formula. `ends` maps a token's start to its end, for underlining."""

    source: str
    report: Report
    tokens: list[Token] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    hopeless: bool = False  # what was reported leaves nothing that could be read on

    def run(self) -> list[Token]:
        for match in TOKEN.finditer(self.source):
            kind = match.lastgroup or "other"
            if kind != "space":
                getattr(self, "_name" if kind == "join" else "_" + kind)(match[0], match.start(), match.end())
        self._put("eof", "", len(self.source), len(self.source))
        return self.tokens

    def following(self, start: int) -> tuple[int, int]:
        """Start and end of the token after the one at `start`."""
        after = next((t.lineno for t in self.tokens if t.lineno > start), start)
        return after, self.ends.get(after, after)

    def _put(self, type_: str, value: object, start: int, end: int) -> None:
        self.tokens.append(Token(start, type_, value))  # type: ignore[arg-type]  # Jinja types it str and passes numbers
        self.ends[start] = end

    def _slip(self, start: int, end: int, right: str) -> None:
        self.report("expr-spelling", start, end, suggestion=right, found=self.source[start:end], right=right)

    def _string(self, text: str, start: int, end: int) -> None:
        if self.tokens and self.tokens[-1].type == "string":
            self.report("expr-two-texts", start, end)
            return
        body = re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), text[1:-1], flags=re.DOTALL)
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in body):
            self.report("expr-character", start, end, found="\\x")
            body = ""
        self._put("string", unicodedata.normalize("NFC", body), start, end)

    def _wide_string(self, text: str, start: int, end: int) -> None:
        self._slip(start, end, f"'{text[1:-1]}'")
        self._string(f"'{text[1:-1]}'", start, end)

    def _number(self, text: str, start: int, end: int) -> None:
        if "." in text:
            self._put("float", decimal_text(text), start, end)
        else:
            self._put("integer", int(text) if len(text) < 20 else 10**19, start, end)

    def _grouped(self, text: str, start: int, end: int) -> None:
        """`1,000` is a slip, `left(x,100)` is not: inside a call or list only a group of zeros gives it away."""
        plain = text.replace(",", "")
        if any(t.type in ("lparen", "lbracket") for t in self.tokens) and ",0" not in text:
            for part in re.finditer(r"[0-9.]+|,", text):
                at = start + part.start()
                (self._operator if part[0] == "," else self._number)(part[0], at, start + part.end())
            return
        self._slip(start, end, plain)
        self._number(plain, start, end)

    def _percent(self, text: str, start: int, end: int) -> None:
        right = format((decimal_text(re.sub(r"[\s%％]", "", text)) / 100).normalize(), "f")
        self._slip(start, end, right)
        self._number(right, start, end)

    def _duration(self, text: str, start: int, end: int) -> None:
        digits = re.match("[0-9]+", text)
        assert digits is not None  # the token's own pattern
        unit = DURATIONS[text[digits.end() :].strip().removeprefix("个")]
        self._slip(start, end, f"{unit}({digits[0]})")
        for type_, value in (("name", unit), ("lparen", "("), ("integer", int(digits[0][:19])), ("rparen", ")")):
            self._put(type_, value, start, end)

    def _date(self, text: str, start: int, end: int) -> None:
        year, month, day = re.split("[-/]", text)
        right = f"{year}-{month:0>2}-{day:0>2}"
        self._slip(start, end, f"'{right}'")
        self._put("string", right, start, end)

    def _name(self, text: str, start: int, end: int) -> None:
        after_dot = bool(self.tokens) and self.tokens[-1].type == "dot"
        if not after_dot and (right := WORD_SLIPS.get(text)):
            self._slip(start, end, right)
            text = right
        if not after_dot and text in NOTHING_WORDS:
            if _asks(self.tokens):
                self._slip(start, end, "empty")
                text = "empty"
            else:
                self.report("expr-nothing", start, end, found=text)
                text = "none"
        if text in OPERATORS:
            self._put(OPERATORS[text], text, start, end)
        else:
            for word in text.split():
                self._put("name", word, start, end)

    def _operator(self, text: str, start: int, end: int) -> None:
        if text == "=" and not self.tokens:
            self.report("expr-leading-equals", start, end)
            return
        if right := OPERATOR_SLIPS.get(text):
            self._slip(start, end, right)
            text = right
        if text in ("and", "or", "not"):
            self._put("name", text, start, end)
        elif text in OPERATORS:
            self._put(OPERATORS[text], text, start, end)
        else:
            self.report("expr-character", start, end, found=text)

    def _wide(self, text: str, start: int, end: int) -> None:
        if text in OPERATOR_SLIPS:
            self._operator(text, start, end)
        else:
            right = unicodedata.normalize("NFKC", text)
            self._slip(start, end, right)
            self._number(right, start, end)

    def _other(self, text: str, start: int, end: int) -> None:
        narrow = unicodedata.normalize("NFKC", text)
        if text in OPERATOR_SLIPS:
            self._operator(text, start, end)
        elif narrow != text and narrow in (OPERATORS.keys() | OPERATOR_SLIPS.keys()):
            self._slip(start, end, OPERATOR_SLIPS.get(narrow, narrow))
            right = OPERATOR_SLIPS.get(narrow, narrow)
            self._put("name" if right.isalpha() else OPERATORS[right], right, start, end)
        elif text in "'\"“”‘’「」":
            self.report("expr-open-quote", start, len(self.source))
        elif not self.hopeless:
            self.hopeless = True
            self.report("expr-inline-if" if narrow == "?" else "expr-character", start, end, found=text)


def _asks(tokens: list[Token]) -> bool:
    """Whether `is` or `is not` stands last."""
    before = [t.value for t in tokens[-2:] if t.type == "name"]
    return before[-1:] == ["is"] or before == ["is", "not"]
