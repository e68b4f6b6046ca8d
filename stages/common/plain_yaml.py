"""YAML as a file of settings needs it: plain values, no key twice, nothing that unfolds; errors name the line."""

from collections.abc import Hashable
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode

BYTES = 1_000_000  # that a file may have
DEPTH = 20  # of lists and mappings within each other


class NotPlain(ValueError):
    """The bytes are no plain YAML; the text says why, and where."""


def parse(data: bytes) -> Any:
    """What the bytes of a file say; raises NotPlain."""
    if len(data) > BYTES:
        raise NotPlain(f"it has {len(data)} bytes, more than {BYTES}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise NotPlain(f"it is not UTF-8 (line {line}): save it in that encoding") from error
    try:
        return yaml.load(text, PlainLoader)
    except yaml.YAMLError as error:
        raise NotPlain(str(error)) from error


class PlainLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which builds no objects, with limits to what a short text may become."""

    def __init__(self, text: str):
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Lists and mappings to a depth of DEPTH; an alias could stand for a billion of them, or for itself."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise ConstructorError(None, None, "aliases (*name) are not allowed here: write the value out", mark)
        self._depth += 1
        if self._depth > DEPTH:
            mark = self.peek_event().start_mark
            raise ConstructorError(None, None, f"lists or mappings lie more than {DEPTH} deep in each other", mark)
        node = super().compose_node(parent, index)  # pyright: ignore[reportArgumentType] (the types say less than the code)
        self._depth -= 1
        return node

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Raises ConstructorError for a key that is there twice: the later one would silently win."""
        seen: dict[str, Node] = {}
        for key, _ in node.value:
            if isinstance(key, ScalarNode):
                if key.value in seen:
                    told = f"{key.value!r} is there twice, first in line {seen[key.value].start_mark.line + 1}"
                    raise ConstructorError(None, None, f"{told}: keep one of the two", key.start_mark)
                seen[key.value] = key
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        """Raises ConstructorError for what looks like a number or a date and is none that Python has."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise ConstructorError(None, None, f"the value cannot be used ({error})", node.start_mark) from error
