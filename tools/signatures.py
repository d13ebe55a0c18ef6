"""Signatures and types as HTML: wrapped, highlighted, each public name a link."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from enum import Enum
from html import escape
from typing import Any, Final

import griffe
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Token

WIDTH: Final = 80
PLAIN: Final = {"Id": "str", "Jid": "str", "Seconds": "datetime", "Minutes": "timedelta"}
"""Types that tell the decoder more than they tell a reader."""
_PRIVATE: Final = re.compile(r" \| _\w+|_\w+ \| ")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


def signature(name: str, function: griffe.Function, real: Any, links: Mapping[str, str]) -> str:
    """Return the signature of a function, one parameter a line where it is long."""
    given = inspect.signature(real).parameters
    parts, star = [], False
    for parameter in function.parameters:
        if parameter.name == "self" or parameter.name == "cls":
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and not star:
            star = True
            parts.append("*")
        if parameter.kind is griffe.ParameterKind.var_positional:
            star = True
        parts.append(_parameter(parameter, given.get(parameter.name)))
    if any(p.kind is griffe.ParameterKind.positional_only for p in function.parameters):
        last = sum(p.kind is griffe.ParameterKind.positional_only for p in function.parameters)
        parts.insert(last - (function.parameters[0].name == "self"), "/")
    # A class is called by its name, and returns an instance.
    returns = "" if name[:1].isupper() and "." not in name else f" -> {plain(function.returns)}"
    head = "async " if "async" in function.labels else ""
    text = f"{head}{name}({', '.join(parts)}){returns}"
    if len(text) > WIDTH:
        text = f"{head}{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){returns}"
    return code(text, links)


def _parameter(parameter: griffe.Parameter, real: inspect.Parameter | None) -> str:
    stars = {"variadic positional": "*", "variadic keyword": "**"}
    kind = parameter.kind.value if parameter.kind else ""
    text = stars.get(kind, "") + parameter.name
    if parameter.annotation is not None:
        text += f": {plain(parameter.annotation)}"
    if real is not None and real.default is not inspect.Parameter.empty:
        text += f" = {_default(real.default, str(parameter.default))}"
    return text


def _default(value: object, written: str) -> str:
    """Return a default; one that is private is only said to be there."""
    if value is None or type(value) in (bool, int, float, str, tuple):
        return repr(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return "..." if written.startswith("_") else written


def plain(annotation: object) -> str:
    """Return an annotation without what is private."""
    return _WORD.sub(lambda m: PLAIN.get(m[0], m[0]), _PRIVATE.sub("", str(annotation)))


def names_in(*annotations: object) -> Mapping[str, str]:
    """Return the names that annotations use, each with the path of what it means."""
    found = {}
    for annotation in annotations:
        if isinstance(annotation, griffe.Expr):
            for part in annotation.iterate(flat=True):
                if isinstance(part, griffe.ExprName):
                    found[part.name] = part.canonical_path
    return found


def type_of(found: griffe.Attribute, links: Mapping[str, str]) -> str:
    """Return the type of a field, as a cell of a table."""
    if found.annotation is None:
        return ""
    text = escape(plain(found.annotation), quote=False)
    linked = _WORD.sub(lambda m: _linked(m[0], m[0], links), text)
    return f"<code>{linked}</code>".replace("|", "&#124;")


def code(text: str, links: Mapping[str, str]) -> str:
    """Return Python as highlighted HTML, in which public names are links."""
    html = ""
    for kind, value in PythonLexer().get_tokens(text):
        content = escape(value, quote=False)
        if kind in Token.Name or kind in Token.Keyword:
            content = _linked(value, content, links)
        style = STANDARD_TYPES.get(kind, "")
        html += f'<span class="{style}">{content}</span>' if style else content
    return f'<div class="highlight signature"><pre><code>{html.rstrip()}</code></pre></div>'


def _linked(name: str, content: str, links: Mapping[str, str]) -> str:
    # In HTML, so not a link to the page's source.
    target = links[name].replace(".md", ".html") if name[:1].isupper() and name in links else None
    return f'<a href="{target}">{content}</a>' if target else content
