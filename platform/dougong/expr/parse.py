"""Formula text → raw tree. Jinja2 parses; only the node types named here go on, everything else is refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from dougong.expr.lexer import Lexer, Report

MAX_LENGTH = 4000
MAX_DEPTH = 64
MAX_BRACKETS = 24  # Jinja spends some fifteen Python frames on each
MAX_NODES = 1000

ENVIRONMENT = Environment()


@dataclass(frozen=True)
class Raw:
    """What was written, before names and types. `start` and `end` are offsets in the formula's text."""

    op: str
    start: int
    end: int
    args: tuple[Raw, ...] = ()
    value: Any = None


class Refusal(Exception):
    """Stops the parser; the problem has been reported."""


REFUSED: dict[type[nodes.Node], str] = {
    nodes.Filter: "expr-filter",
    nodes.Concat: "expr-tilde",
    nodes.Getitem: "expr-subscript",
    nodes.Slice: "expr-subscript",
    nodes.Dict: "expr-dict",
    nodes.Tuple: "expr-tuple",
    nodes.Pow: "expr-power",
    nodes.FloorDiv: "expr-floor-division",
    nodes.Mod: "expr-modulo",
    nodes.CondExpr: "expr-inline-if",
}

COMPARISONS = {"eq": "eq", "ne": "ne", "lt": "lt", "lteq": "le", "gt": "gt", "gteq": "ge", "in": "in", "notin": "not_in",
               "contains": "contains", "not_contains": "not_contains"}  # fmt: skip
BINARY: dict[type[nodes.Node], str] = {
    nodes.Add: "add", nodes.Sub: "sub", nodes.Mul: "mul", nodes.Div: "div", nodes.And: "and", nodes.Or: "or",
}  # fmt: skip
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "else", "contains"})


class _Parser(Parser):
    """Jinja's parser over our own tokens, with one operator more: `contains`."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(ENVIRONMENT, "", state="variable")
        self.stream = TokenStream(iter(tokens), None, None)

    def parse_compare(self) -> nodes.Expr:
        start = self.stream.current.lineno
        left = self.parse_math1()
        operands = []
        while operator := self._comparison():
            operands.append(nodes.Operand(operator, self.parse_math1()))
        return nodes.Compare(left, operands, lineno=start) if operands else left

    def _comparison(self) -> str:
        current = self.stream.current
        if current.type in COMPARISONS:
            next(self.stream)
            return current.type
        for word in ("in", "contains"):
            if self.stream.skip_if(f"name:{word}"):
                return word
            if current.test("name:not") and self.stream.look().test(f"name:{word}"):
                self.stream.skip(2)
                return "notin" if word == "in" else "not_contains"
        return ""


def parse(source: str, report: Report) -> Raw | None:
    """The raw tree, or None where problems were reported that leave none."""
    if len(source) > MAX_LENGTH:
        report("expr-too-long", 0, 1, limit=MAX_LENGTH)
        return None
    if braced := re.fullmatch(r"\s*\{\{\s*(.*?)\s*\}\}\s*", source, re.DOTALL):
        report("expr-braces", 0, len(source), suggestion=braced[1])
        return None
    lexer = Lexer(source, report)
    tokens = lexer.run()
    if lexer.hopeless:
        return None
    if tokens[0].test("name:if") and len(tokens) > 1 and tokens[1].type != "lparen":
        report("expr-inline-if", 0, len(source))
        return None
    if len(tokens) == 1:
        report("expr-nothing-written", 0, max(len(source), 1))
        return None
    if (at := _too_deep(tokens)) is not None:
        report("expr-too-deep", at, at + 1, limit=MAX_BRACKETS)
        return None
    try:
        parser = _Parser(tokens)
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError("", parser.stream.current.lineno)
        return _Reader(lexer, report).read(tree, 0)
    except TemplateSyntaxError as error:
        _report_syntax(error.lineno, source, lexer, report)
    except Refusal:
        pass
    return None


def _report_syntax(at: int, source: str, lexer: Lexer, report: Report) -> None:
    end = lexer.ends.get(at, at + 1)
    if at >= len(source):
        report("expr-unfinished", max(len(source) - 1, 0), len(source))
    else:
        report("expr-syntax", at, end, found=source[at:end])


def _too_deep(tokens: list[Token]) -> int | None:
    """Where brackets or prefix operators nest deeper than the parser's stack should go."""
    depth = run = 0
    for token in tokens:
        depth += (token.type in ("lparen", "lbracket", "lbrace")) - (token.type in ("rparen", "rbracket", "rbrace"))
        run = run + 1 if token.type in ("sub", "add", "pow") or token.test("name:not") else 0
        if depth > MAX_BRACKETS or run > MAX_BRACKETS:
            return token.lineno
    return None


class _Reader:
    """Jinja's nodes → Raw, by the whitelist."""

    def __init__(self, lexer: Lexer, report: Report) -> None:
        self.lexer, self.report = lexer, report
        self.count = 0

    def read(self, node: nodes.Node, depth: int) -> Raw:
        self.count += 1
        at = node.lineno
        if depth > MAX_DEPTH:
            self._refuse("expr-too-deep", at, limit=MAX_DEPTH)
        if self.count > MAX_NODES:
            self._refuse("expr-too-large", at, limit=MAX_NODES)
        match node:
            case nodes.Const():
                return Raw("const", at, self._end(at), value=node.value)
            case nodes.Name():
                return self._name(node)
            case nodes.Getattr():
                return self._attribute(node, depth)
            case nodes.Call():
                return self._call(node, depth)
            case nodes.Compare():
                args = (self.read(node.expr, depth + 1), *(self.read(o.expr, depth + 1) for o in node.ops))
                return self._over("compare", args, tuple(COMPARISONS[o.op] for o in node.ops))
            case nodes.Test():
                return self._test(node, depth)
            case nodes.And() | nodes.Or():
                return self._over(BINARY[type(node)], tuple(self.read(n, depth + 1) for n in _chain(node)))
            case nodes.Not() if isinstance(node.node, nodes.Test):
                inner = self._test(node.node, depth)
                return Raw("not_empty", inner.start, inner.end, inner.args)
            case nodes.Not() | nodes.Neg():
                inner = self.read(node.node, depth + 1)
                return Raw("not" if isinstance(node, nodes.Not) else "neg", min(at, inner.start), inner.end, (inner,))
            case nodes.Pos():
                return self.read(node.node, depth + 1)
            case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div():
                return self._over(BINARY[type(node)], (self.read(node.left, depth + 1), self.read(node.right, depth + 1)))
            case nodes.List():
                items = tuple(self.read(item, depth + 1) for item in node.items)
                return Raw("list", at, max([self._end(at), *(i.end + 1 for i in items)]), items)
        self._refuse(REFUSED.get(type(node), "expr-refused"), at)

    def _over(self, op: str, args: tuple[Raw, ...], value: Any = None) -> Raw:
        return Raw(op, args[0].start, args[-1].end, args, value)

    def _name(self, node: nodes.Name) -> Raw:
        at = node.lineno
        if node.name.startswith("_"):
            self._refuse("expr-forbidden-name", at, found=node.name)
        if node.name in KEYWORDS:
            self._refuse("expr-syntax", at, found=node.name)
        return Raw("name", at, self._end(at), value=node.name)

    def _attribute(self, node: nodes.Getattr, depth: int) -> Raw:
        owner = self.read(node.node, depth + 1)
        start, end = self.lexer.following(node.lineno)
        if node.attr.startswith("_"):
            self.report("expr-forbidden-name", start, end, found=node.attr)
            raise Refusal
        return Raw("attribute", owner.start, end, (owner,), (node.attr, start))

    def _call(self, node: nodes.Call, depth: int) -> Raw:
        if isinstance(node.node, nodes.Getattr):
            start, end = self.lexer.following(node.node.lineno)
            self.report("expr-method", start, end, found=node.node.attr)
            raise Refusal
        if not isinstance(node.node, nodes.Name):
            self._refuse("expr-refused", node.lineno)
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._refuse("expr-keyword-argument", node.lineno)
        name = self._name(node.node) if node.node.name != "contains" else Raw("name", node.node.lineno, 0, value="contains")
        args = tuple(self.read(arg, depth + 1) for arg in node.args)
        return Raw("call", name.start, max([a.end for a in args], default=name.start + len(name.value) + 1) + 1, args, name.value)

    def _test(self, node: nodes.Test, depth: int) -> Raw:
        inner = self.read(node.node, depth + 1)
        end = self._end(self.lexer.following(node.lineno)[0])
        if node.name != "empty" or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self.report("expr-test", node.lineno, end, found=node.name)
            raise Refusal
        return Raw("empty", inner.start, end, (inner,))

    def _end(self, start: int) -> int:
        return self.lexer.ends.get(start, start + 1)

    def _refuse(self, code: str, at: int, **args: Any) -> NoReturn:
        self.report(code, at, self._end(at), **args)
        raise Refusal


def _chain(node: nodes.And | nodes.Or) -> Iterator[nodes.Node]:
    """`a and b and c`, which Jinja nests to the left, as one row."""
    row: list[nodes.Node] = []
    inner: nodes.Node = node
    while isinstance(inner, type(node)):
        row.append(inner.right)
        inner = inner.left
    row.append(inner)
    return reversed(row)
