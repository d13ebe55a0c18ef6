"""The reference: a page a resource, made from the docstrings, the operations and the facts.

`Reference(language).pages()` returns the Markdown of each page, which tools/build_site.py writes
into the site.
A method has its signature, with links to its types; what it does; its arguments; its errors; the
request it makes with the limits; a call from the service's own examples; a link to the service's
page. A class has every field. Names that begin with an underscore are not shown.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property
from pathlib import Path
from textwrap import indent
from typing import Any, Final

import attrs
import griffe
from call_examples import examples
from operation_table import limits_of, summary
from reference_words import RESOURCES, WORDS
from signatures import code, names_in, signature, type_of

import easemob_async
from easemob_async import EasemobClient, distributed, shared, webhooks
from easemob_async.emulator import Emulator
from easemob_async.resources import operations

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests import facts_reader as facts

SERVICE: Final = "https://doc.easemob.com"
PUSH_PAGES: Final = ("push_by_tag", "push_send_notification")
"""The service's pages about instant push, which stand beside those of the REST API."""
HOMES: Final = {
    "client": "client",
    "config": "client",
    "emulator": "emulator",
    "errors": "errors",
    "events": "events",
    "fanout": "fanout",
    "message_search": "messages",
    "outcomes": "answers",
    "pages": "answers",
    "places": "answers",
    "plans": "quotas",
    "push_notifications": "push",
    "quota_account": "quotas",
    "quotas": "quotas",
    "received": "messages",
    "report": "fanout",
    "streams": "messages",
    "user_tokens": "tokens",
    "downloads": "files",
    "webhooks": "webhooks",
}
"""The page of a module's classes, where it is not the resource of that name."""
ELSEWHERE: Final = {"Outcome": "fanout", "OutcomeStatus": "fanout", "FanoutReport": "fanout"}
SOURCE: Final = re.compile(r"\n*Source: [^\n]*(\n(?! *\n)[^\n]+)*")
"""Where a docstring says what it follows; a reader gets a link instead."""
INSIDE: Final = ("to_wire", "to_ext")
"""Methods that the library calls itself."""
PACKAGES: Final = ("webhooks", "distributed", "shared", "emulator")
"""The packages whose names are public beside those of the whole library."""
FIRST: Final = (
    "EasemobClient",
    "EasemobError",
    "Quotas",
    "WebhookReceiver",
    "FanoutJob",
    "JobQueue",
)
"""What a page begins with; other classes stand in the order of their source."""
LONGEST_VALUE: Final = 400
"""Longer values are lists of what stands elsewhere on the page."""
EVENTS: Final = "easemob_async.webhooks.events."
COMMON: Final = ("client", "errors", "quotas", "answers")
BESIDE: Final = ("fanout", "distributed", "shared", "webhooks", "events", "emulator")


def resources() -> Mapping[str, object]:
    """Return the resources of a client by their names."""
    client = EasemobClient("acme#shop", token="...")  # noqa: S106
    names = [n for n, v in vars(EasemobClient).items() if isinstance(v, cached_property)]
    return {name: getattr(client, name) for name in sorted(names)}


def public() -> Mapping[str, Any]:
    """Return everything public that is no resource, by its name."""
    found = {name: getattr(easemob_async, name) for name in easemob_async.__all__}
    for package in (webhooks, distributed, shared):
        found |= {name: getattr(package, name) for name in package.__all__}
    found |= {"Emulator": Emulator}
    del found["__version__"]
    return found


class Reference:
    """What is shown, and on which page."""

    def __init__(self, language: str) -> None:
        self.words = WORDS[language]
        self.language = language
        self.package = griffe.load("easemob_async", docstring_parser="google")
        self.resources = resources()
        self.public = public()
        self.operations = operations()
        self.examples = examples()
        self.paths = {self._object(name).path: name for name in self.public}
        self.links = dict(self._links())

    def pages(self) -> Mapping[str, str]:
        """Return the text of each page by its name, without ``.md``."""
        texts = {}
        for name in (*self.resources, *COMMON, *BESIDE):
            if name not in texts:
                texts[name] = "\n\n".join(self._page(name)) + "\n"
        return texts

    def menu(self) -> Sequence[Mapping[str, object]]:
        """Return the menu of the pages."""
        resources = [name for name in self.resources if name not in BESIDE]
        groups = {"common": COMMON, "resources": resources, "beside": BESIDE}
        return [
            {self.words[group]: [{self.title(name): f"reference/{name}.md"} for name in names]}
            for group, names in groups.items()
        ]

    def overview(self) -> str:
        """Return the table of the resources."""
        rows = []
        for name in self.resources:
            declared = self._find(f"easemob_async.client.EasemobClient.{name}")
            english = next(iter(self._docstring(declared)))
            text = RESOURCES[name] if self.language == "zh" else english
            methods = sum(path.partition(".")[0] == name for path in self.operations)
            rows.append([f"[`client.{name}`](reference/{name}.md)", str(methods or ""), text])
        words = self.words
        return table([words["resource"], words["methods"], words["meaning"]], rows) + "\n"

    def with_links(self, text: str) -> str:
        """Return the table of operations with a link to each method."""
        return re.sub(
            r"^\| `(([\w]+)[\w.]+)` \|",
            r"| [`\1`](reference/\2.md#\1) |",
            text,
            flags=re.MULTILINE,
        )

    def title(self, page: str) -> str:
        """Return the title of a page in the menu."""
        return self.words[page] if page in (*COMMON, *BESIDE) else f"client.{page}"

    def home(self, name: str) -> str:
        """Return the page of a public name."""
        if name in ELSEWHERE:
            return ELSEWHERE[name]
        path = self._object(name).path.removesuffix(f".{name}")
        if path.startswith(EVENTS.rstrip(".")) and not path.endswith("pre_delivery"):
            return "events"
        parts = path.split(".")
        if parts[1] in ("distributed", "shared"):
            return parts[1]
        for part in reversed(parts):
            if part in self.resources or part in HOMES:
                return HOMES.get(part, part)
        raise LookupError(f"{name}: HOMES does not tell the page of {path}")

    def _object(self, name: str) -> griffe.Object:
        """Return what is known of a public name from the source."""
        for package in (self.package, *(self.package[inner] for inner in PACKAGES)):
            if name in package.members:
                found = package.members[name]
                if isinstance(found, griffe.Alias):
                    found = found.final_target
                assert isinstance(found, griffe.Object)
                return found
        raise LookupError(name)

    def _find(self, path: str) -> griffe.Object:
        found = self.package[path.removeprefix("easemob_async.")]
        assert isinstance(found, griffe.Object), path
        return found

    def _links(self) -> Iterator[tuple[str, str]]:
        """Yield what can be linked to, and where it is."""
        for name in self.public:
            yield name, f"{self.home(name)}.md#{name}"
        for name, resource in self.resources.items():
            yield f"client.{name}", f"{name}.md"
            for path, part in self._parts(name, resource):
                for method, _ in self._members(type(part)):
                    yield f"{path}.{method}", f"{name}.md#{path}.{method}"
                    yield f"client.{path}.{method}", f"{name}.md#{path}.{method}"

    def _linked_names(self, *annotations: object) -> Mapping[str, str]:
        """Return where the names in annotations lead, as far as they are public."""
        found = names_in(*annotations)
        return {
            name: self.links[self.paths[path]] for name, path in found.items() if path in self.paths
        }

    def _signature(self, name: str, function: griffe.Function, real: object) -> str:
        annotations = [parameter.annotation for parameter in function.parameters]
        return signature(name, function, real, self._linked_names(*annotations, function.returns))

    def _parts(self, name: str, resource: object) -> Iterator[tuple[str, object]]:
        """Yield a resource and the resources in it, each with its path."""
        yield name, resource
        for inner in dir(type(resource)):
            value = inspect.getattr_static(type(resource), inner)
            if not inner.startswith("_") and isinstance(value, property | cached_property):
                part = getattr(resource, inner)
                if type(part).__module__.startswith("easemob_async.resources"):
                    yield from self._parts(f"{name}.{inner}", part)
        for inner, part in vars(resource).items():
            if not inner.startswith("_"):
                yield from self._parts(f"{name}.{inner}", part)

    def _members(self, cls: type) -> Iterator[tuple[str, griffe.Object]]:
        """Yield the public methods and properties of a class, as their source has them."""
        seen = set(INSIDE)
        for owner in cls.__mro__:
            if not owner.__module__.startswith("easemob_async"):
                continue
            source = self._find(f"{owner.__module__}.{owner.__qualname__}")
            for name, member in source.members.items():
                if name.startswith("_") or name in seen or not isinstance(member, griffe.Object):
                    continue
                seen.add(name)
                static = inspect.getattr_static(cls, name, None)
                is_resource = isinstance(static, cached_property) and cls is EasemobClient
                called = member.is_function or "property" in member.labels
                if called and not is_resource and member.docstring:
                    yield name, member

    # ---------------------------------------------------------------- pages

    def _page(self, page: str) -> Iterator[str]:
        yield f"# {self.title(page)}"
        if self.words["own"]:
            yield self.words["own"]
        named = [name for name in self.public if self.home(name) == page]
        if page in self.resources:
            for path, part in self._parts(page, self.resources[page]):
                yield from self._resource(path, part)
            if named:
                yield f"## {self.words['types']}"
        elif page in ("errors", "distributed", "shared"):
            yield from self._docstring(self._find(f"easemob_async.{page}"))
        elif page == "emulator":
            yield from self._fixtures()
        for name in sorted(named, key=self._order):
            yield from self._described(name)

    def _order(self, name: str) -> tuple[bool, str, int]:
        found = self._object(name)
        return name not in FIRST, str(found.filepath), found.lineno or 0

    def _resource(self, path: str, part: object) -> Iterator[str]:
        inner = "." in path
        if inner:
            yield f"## {path.partition('.')[2]} {{ #{path} }}"
        cls = type(part)
        yield from self._docstring(self._find(f"{cls.__module__}.{cls.__qualname__}"))
        for name, member in self._members(cls):
            if isinstance(member, griffe.Function):
                yield f"{'###' if inner else '##'} {name} {{ #{path}.{name} }}"
                yield from self._method(member, f"{path}.{name}", cls)

    def _method(self, method: griffe.Function, path: str, cls: type) -> Iterator[str]:
        real = inspect.getattr_static(cls, method.name)
        real = getattr(real, "__func__", real)
        name = f"client.{path}" if path in self.operations or path[0].islower() else path
        yield self._signature(name, method, real)
        text, *tables = self._docstring(method)
        if self.language == "zh" and path in self.operations:
            yield summary(path, self.language)
        yield text
        if path in self.examples:
            yield f"```python\n{self.examples[path]}\n```"
        yield from tables
        operation, pages = self.operations.get(path), self._service_pages(method, path)
        if operation is None and pages:
            yield table([self.words["page"]], [[pages]])
        elif operation is not None:
            request = f"{operation.method} `{operation.path.replace('{*', '{')}`"
            limits, words = limits_of(operation, self.language), self.words
            yield table(
                [words["request"], words["limits"], words["retries"], words["page"]],
                [[request, limits, words[operation.repeat], pages]],
            )
            yield from self._refusals(path)

    def _refusals(self, path: str) -> Iterator[str]:
        """Yield the errors that the service's page lists, folded up."""
        words = self.words
        rows = [
            [str(row.get("status") or ""), f"`{row.get('error')}`", cell(row.get("when") or "")]
            for row in facts.operations().get(path, {}).get("errors") or []
        ]
        if rows:
            text = table([words["status"], words["error"], words["when"]], rows)
            yield f'??? note "{words["service errors"]}"\n\n' + indent(text, "    ")

    def _service_pages(self, method: griffe.Function, path: str) -> str:
        """Return links to the pages of the service that the docstring names for a method."""
        text = " ".join(method.docstring.value.split()) if method.docstring else ""
        wanted = re.escape(path) if path in self.operations else r"[\w.]+"
        pages = dict.fromkeys(re.findall(rf"{wanted} \((\w+)\.md", text.partition("Source: ")[2]))
        return ", ".join(f"[{self.words['read']}]({address(page)})" for page in pages)

    def _described(self, name: str) -> Iterator[str]:
        """Yield the description of a public class, function or value."""
        value, source = self.public[name], self._object(name)
        yield f"### {name} {{ #{name} }}"
        if isinstance(source, griffe.Function):
            yield self._signature(name, source, value)
            yield from self._docstring(source)
        elif isinstance(source, griffe.Class):
            yield from self._class(name, value, source)
        else:
            assert isinstance(source, griffe.Attribute)
            if len(str(source.value)) < LONGEST_VALUE:
                yield code(f"{name} = {source.value}", self._linked_names(source.value))
            yield from self._docstring(source)

    def _class(self, name: str, cls: type, source: griffe.Class) -> Iterator[str]:
        bases = [base.__name__ for base in cls.__bases__ if base.__name__ in self.links]
        if bases:
            yield f"{self.words['based']} {', '.join(f'[`{b}`]({self.links[b]})' for b in bases)}."
        init = source.members.get("__init__")
        is_error = issubclass(cls, Exception)
        if isinstance(init, griffe.Function) and not attrs.has(cls) and not is_error:
            yield self._signature(name, init, vars(cls)["__init__"])
        yield from self._docstring(source)
        if issubclass(cls, Enum):
            rows = [
                [f"`{member}`", f"`{cls[member].value!r}`", self._text(found)]
                for member, found in source.members.items()
                if member in cls.__members__ and isinstance(found, griffe.Object)
            ]
            yield table([self.words["field"], self.words["value"], self.words["meaning"]], rows)
        else:
            yield from self._fields(cls, source)
        for method, member in self._members(cls):
            if isinstance(member, griffe.Function) and self._is_shown_with(member, source):
                yield f"#### {method} {{ #{name}.{method} }}"
                yield from self._method(member, f"{name}.{method}", cls)

    def _is_shown_with(self, member: griffe.Object, source: griffe.Class) -> bool:
        """Check that a member is its class's own, or of a base class that is not shown itself."""
        return member.parent is source or (
            member.parent is not None and member.parent.name not in self.public
        )

    def _fields(self, cls: type, source: griffe.Class) -> Iterator[str]:
        """Yield the table of the fields that a class declares itself, and of its properties."""
        defaults = {f.name: f.default for f in attrs.fields(cls)} if attrs.has(cls) else {}
        rows = []
        for field, found in self._attributes(source):
            default = ""
            if attrs.has(cls) and field in defaults:
                default = shown(defaults[field], self.words["required"])
            rows.append(
                [
                    f"`{field}`",
                    type_of(found, self._linked_names(found.annotation)),
                    default,
                    self._text(found),
                ]
            )
        words = self.words
        if any(row[2] for row in rows):
            head = [words["field"], words["type"], words["default"], words["meaning"]]
            yield table(head, rows)
        elif rows:
            head = [words["field"], words["type"], words["meaning"]]
            yield table(head, [[row[0], row[1], row[3]] for row in rows])

    def _attributes(self, source: griffe.Class) -> Iterator[tuple[str, griffe.Attribute]]:
        init = source.members.get("__init__")
        inside = init.members if isinstance(init, griffe.Function) else {}
        for field, found in [*source.members.items(), *inside.items()]:
            public = not field.startswith("_") and isinstance(found, griffe.Attribute)
            if public and isinstance(found, griffe.Attribute) and found.docstring:
                yield field, found

    def _fixtures(self) -> Iterator[str]:
        module = self._find("easemob_async.pytest_plugin")
        assert module.docstring
        yield self._linked(module.docstring.value)

    # ---------------------------------------------------------------- texts

    def _text(self, found: griffe.Object) -> str:
        """Return a docstring as one line, for a table."""
        return cell(self._linked(found.docstring.value)) if found.docstring else ""

    def _docstring(self, found: griffe.Object) -> Iterator[str]:
        """Yield the sections of a docstring."""
        if not found.docstring:
            return
        text = SOURCE.sub("", found.docstring.value)
        for section in griffe.Docstring(text, parent=found).parse("google"):
            yield from self._section(section)

    def _section(self, section: griffe.DocstringSection) -> Iterator[str]:
        words = self.words
        match section:
            case griffe.DocstringSectionText():
                yield self._linked(
                    re.sub(r"\n*Source: [^\n]*(\n(?! *\n)[^\n]+)*", "", section.value)
                )
            case griffe.DocstringSectionParameters():
                rows = [[f"`{item.name}`", self._line(item.description)] for item in section.value]
                yield table([words["argument"], words["meaning"]], rows)
            case griffe.DocstringSectionRaises():
                rows = [
                    [self._linked(f"`{item.annotation}`"), self._line(item.description)]
                    for item in section.value
                ]
                yield table([words["error"], words["when"]], rows)
            case griffe.DocstringSectionReturns() | griffe.DocstringSectionYields():
                kind = (
                    "returns" if isinstance(section, griffe.DocstringSectionReturns) else "yields"
                )
                text = " ".join(self._line(item.description) for item in section.value)
                yield f"**{words[kind]}:** {text}"
            case griffe.DocstringSectionAdmonition():
                assert section.title == "Common arguments"
                yield f"**{words['common arguments']}**"
                parts = re.split(r"^(\w+): ", section.value.contents, flags=re.MULTILINE)[1:]
                rows = [
                    [f"`{name}`", self._line(text)]
                    for name, text in zip(parts[::2], parts[1::2], strict=True)
                ]
                yield table([words["argument"], words["meaning"]], rows)
            case griffe.DocstringSectionExamples():
                yield self._linked("\n".join(text for _, text in section.value))
            case _:
                raise NotImplementedError(section.kind)

    def _line(self, text: str) -> str:
        return cell(self._linked(text))

    def _linked(self, text: str) -> str:
        """Return a docstring's text as Markdown, with links where it names what is public."""

        def link(found: re.Match[str]) -> str:
            name = found[1]
            target = self.links.get(name) or self.links.get(name.partition(".")[0], "")
            return f"[`{name}`]({target})" if target else f"`{name}`"

        text = re.sub(r"(?<!`)`([\w.]+)`(?!`)", link, text)
        text = re.sub(r"``([^`]+)``", r"`\1`", text)
        return re.sub(r"::\n\n((?: {4}.*\n?|\n)+)", fenced, text)


def address(page: str) -> str:
    """Return the address of a page of the service's documentation."""
    folder = "push" if page in PUSH_PAGES else "document/server-side"
    return f"{SERVICE}/{folder}/{page}.html"


def fenced(found: re.Match[str]) -> str:
    """Return an indented block of a docstring as a block of Python."""
    lines = [line.removeprefix("    ") for line in found[1].rstrip().split("\n")]
    return ":\n\n```python\n" + "\n".join(lines) + "\n```\n\n"


def cell(text: str) -> str:
    """Return a text as one line, for a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(default: object, required: str) -> str:
    """Return the default of a field, as a cell."""
    if default is attrs.NOTHING:
        return required
    if isinstance(default, Enum):
        return f"`{type(default).__name__}.{default.name}`"
    if type(default).__name__ == "Factory":
        factory = getattr(default, "factory", None)
        return f"`{factory()!r}`" if factory in (list, dict, tuple, set) else ""
    return f"`{default!r}`"


if __name__ == "__main__":
    for name, text in Reference("en").pages().items():
        print(name, len(text))
