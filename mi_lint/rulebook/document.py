"""YAML with line numbers, so that a mistake in a rule file is reported where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import yaml

from mi_lint.rulebook.errors import RuleFileError

if TYPE_CHECKING:
    Loader = yaml.SafeLoader | yaml.CSafeLoader


class Mapping(dict[str, object]):
    """A YAML mapping that remembers its own line and the line of each key (counted from 1)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class Sequence(list[object]):
    """A YAML sequence that remembers the line of each item."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def read(path: str) -> Mapping:
    """Read and parse one rule file. Raises `RuleFileError` or `OSError`."""
    with open(path, "rb") as stream:
        content = stream.read()
    try:
        return parse(content.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        raise RuleFileError(path, content.count(b"\n", 0, error.start) + 1, "must be UTF-8 text") from None


def parse(text: str, file: str) -> Mapping:
    """Parse one rule file. Raises `RuleFileError` for anything but one mapping of plain values."""
    loader: Loader = yaml.CSafeLoader(text) if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise RuleFileError(file, 1, "the file is empty; it needs at least 'service' and 'secrets'")
        value = _convert(node, loader, file)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        raise RuleFileError(file, mark.line + 1 if mark else 1, f"not valid YAML: {reason}") from None
    except ValueError as error:  # such as a date that does not exist
        raise RuleFileError(file, 1, f"not valid YAML: {error}") from None
    except RecursionError:
        raise RuleFileError(file, 1, "nested too deeply, or an alias (*name) that stands inside of itself") from None
    finally:
        loader.dispose()
    if not isinstance(value, Mapping):
        raise RuleFileError(file, 1, "the file must hold one mapping with 'service' and 'secrets'")
    return value


def _convert(node: yaml.Node, loader: Loader, file: str) -> object:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, loader, file, line)
    if isinstance(node, yaml.SequenceNode):
        items = Sequence(line)
        for child in node.value:
            items.append(_convert(child, loader, file))
            items.lines.append(child.start_mark.line + 1)
        return items
    return loader.construct_object(node)


def _mapping(node: yaml.MappingNode, loader: Loader, file: str, line: int) -> Mapping:
    mapping = Mapping(line)
    own = [pair for pair in node.value if pair[0].tag != "tag:yaml.org,2002:merge"]
    if len(own) < len(node.value):
        # `<<: *name` takes over the keys of another mapping; what stands here itself wins.
        names = {key_node.value for key_node, _ in own}
        loader.flatten_mapping(node)
        own = [pair for pair in node.value[: -len(own) or None] if pair[0].value not in names] + own
    for key_node, value_node in own:
        key = loader.construct_object(key_node)
        key_line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise RuleFileError(file, key_line, f"keys must be text, not {key!r}")
        if key in mapping:
            raise RuleFileError(file, key_line, f"the key '{key}' stands here twice")
        mapping[key] = _convert(value_node, loader, file)
        mapping.lines[key] = key_line
    return mapping


def mappings(value: object) -> Iterator[Mapping]:
    """Yield the mappings of a sequence that has been checked to hold only mappings."""
    if isinstance(value, Sequence):
        for item in value:
            if isinstance(item, Mapping):
                yield item
