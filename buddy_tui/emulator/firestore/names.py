"""Firestore: names of databases, documents and fields, their rules and their order."""

import re
from dataclasses import dataclass

import grpc

from buddy_tui.emulator.names import Problem

# The longest id and the longest field name, in bytes.
_LONGEST = 1500
# How many collections may lie in each other.
_DEEPEST = 100

_DATABASE = re.compile(r"projects/([^/]+)/databases/([^/]+)")
_RESERVED = re.compile(r"__.+__", re.DOTALL)
# Ids that Datastore made as numbers; Firestore sorts them first, as numbers.
_NUMERIC = re.compile(r"__id(-?\d+)__")
_SIMPLE = r"[a-zA-Z_][a-zA-Z_0-9]*"
_QUOTED = r"`(?:[^`\\]|(?:\\.))+`"
_PART = re.compile(f"{_SIMPLE}|{_QUOTED}")

FieldPath = tuple[str, ...]
NAME: FieldPath = ("__name__",)


@dataclass(frozen=True, slots=True)
class Place:
    """What a resource name tells: `database` is `projects/P/databases/D`, `path` what follows `/documents/`."""

    database: str
    path: str


def invalid(message: str) -> Problem:
    """Return the Problem of a request that cannot be meant."""
    return Problem(grpc.StatusCode.INVALID_ARGUMENT, message)


def database(name: str) -> str:
    """Return the database of a resource name: `projects/P/databases/D`. Others are an INVALID_ARGUMENT."""
    found = _DATABASE.match(name)
    if found is None:
        raise invalid(f'Database name "{name}" lacks "projects" at index 0.')
    return found[0]


def place(name: str) -> Place:
    """Read the name of a document, or the root of all (an empty path)."""
    root = f"{database(name)}/documents"
    if name != root and not name.startswith(f"{root}/"):
        raise invalid(f'Document name "{name}" lacks "/documents" at index {len(root) - 10}.')
    return Place(root.removesuffix("/documents"), name[len(root) + 1 :])


def document(name: str, home: str = "") -> str:
    """Return the path of a document, such as `sessions/ab12`; it must be in the database `home` where one is told."""
    found = place(name)
    if home and found.database != home:
        raise invalid(f'Document name "{name}" is not in the database "{home}".')
    ids = found.path.split("/")
    if name.endswith("/"):
        raise invalid(f'Document name "{name}" has invalid trailing "/".')
    if len(ids) % 2:
        raise invalid(f'Document name "{name}" lacks "/" at index {len(name)}.')
    for one in ids:
        _check_id(name, one)
    return found.path


def parent(name: str) -> Place:
    """Read the parent of a collection: a document, or the root of all."""
    found = place(name)
    if found.path:
        document(name)
    return found


def check_collection(collection: str) -> None:
    """Raise INVALID_ARGUMENT where a collection cannot be called that."""
    if "/" in collection:
        raise invalid(f'Collection id "{collection}" is invalid because it contains "/".')
    _check_id(collection, collection, "Collection")


def _check_id(name: str, one: str, kind: str = "Resource") -> None:
    if one in {"", ".", ".."}:
        raise invalid(f'Document name "{name}" contains a resource id "{one}".')
    if _RESERVED.fullmatch(one) and not _NUMERIC.fullmatch(one):
        raise invalid(f'{kind} id "{one}" is invalid because it is reserved.')


def check_new(path: str) -> None:
    """Raise INVALID_ARGUMENT where a document of this path can be asked for, but cannot be made."""
    ids = path.split("/")
    if len(ids) > 2 * _DEEPEST:
        raise invalid(f"Key path is too long. Cannot exceed {_DEEPEST} elements.")
    if any(len(one.encode()) > _LONGEST for one in ids):
        raise invalid(f"The key path element name is longer than {_LONGEST} bytes.")


def order_key(path: str) -> tuple[tuple[int, int, bytes], ...]:
    """Return what sorts paths: id by id, numeric ids first, then by the bytes of UTF-8."""
    return tuple(
        (0, int(number[1]), b"") if (number := _NUMERIC.fullmatch(one)) else (1, 0, one.encode())
        for one in path.split("/")
    )


def field_path(text: str) -> FieldPath:
    """Read `a.b` or `` a.`odd name` `` as names of nested fields. Anything else is an INVALID_ARGUMENT."""
    parts, at = [], 0
    while part := _PART.match(text, at):
        parts.append(_unquoted(part[0]))
        at = part.end()
        if at == len(text):
            return _unreserved(tuple(parts))
        if text[at] != ".":
            break
        at += 1
    raise invalid(
        f'Invalid property path "{text}". Unquoted property paths must match regex ({_SIMPLE}), '
        f"and quoted property paths must match regex ({_QUOTED})"
    )


def _unreserved(path: FieldPath) -> FieldPath:
    for name in path:
        if _RESERVED.fullmatch(name) and path != NAME:
            raise invalid(f"Invalid reserved name in field path {name}")
    return path


def _unquoted(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part[1:-1]) if part[0] == "`" else part


def check_field(name: str) -> None:
    """Raise INVALID_ARGUMENT where a field cannot be called that."""
    if not name:
        raise invalid("The property.name is the empty string.")
    if _RESERVED.fullmatch(name):
        raise invalid(f"field name {name} is reserved")
    if len(name.encode()) > _LONGEST:
        raise invalid(f"The property.name is longer than {_LONGEST} bytes.")
