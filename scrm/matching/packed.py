"""The comparable forms of a contact as JSON, so that a name is parsed when it is keyed and not at each comparison.

Which forms there are, and of what types, is read from `ContactView`: whatever it computes at first use and keeps.
What depends on links is left out, because links change without the contact.
"""

import dataclasses
from collections.abc import Callable, Iterable
from functools import cached_property
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints
from zlib import crc32

from scrm.matching.views import ContactView

MADE = 2  # to be raised when a form says something else than before
_OF_LINKS = frozenset({"confirmed_ids"})

Unpack = Callable[[Any], Any]


def pack(view: ContactView) -> dict[str, Any]:
    """All comparable forms of a contact, and the shape they are in."""
    return {"shape": SHAPE} | {name: _pack(getattr(view, name)) for name in _UNPACKED}


def is_readable(packed: dict[str, Any]) -> bool:
    """Whether forms were packed in the shape of this release; others are computed anew until the contact is keyed."""
    return packed.get("shape") == SHAPE


def with_forms(fields: dict[str, Any], packed: dict[str, Any]) -> ContactView:
    """Make a contact of all its fields and of the forms that `pack` made of an equal one, without its constructor."""
    view: ContactView = object.__new__(ContactView)
    view.__dict__.update(fields)
    put_forms(view, packed)
    return view


def put_forms(view: ContactView, packed: dict[str, Any]) -> None:
    """Give a contact the forms that `pack` made of an equal one; a form that is missing is computed when needed."""
    known = view.__dict__
    for name, value in packed.items():
        if (unpack := _UNPACKED.get(name)) is not None:
            known[name] = unpack(value)


def _kept(cls: type) -> dict[str, Any]:
    """Name and type of everything a class computes at first use."""
    found = {name: value for name, value in vars(cls).items() if isinstance(value, cached_property)}
    return {name: get_type_hints(value.func)["return"] for name, value in found.items()}


def _columns(cls: type) -> dict[str, Any]:
    """Name and type of a value's fields and kept forms."""
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)} | _kept(cls)


def _pack(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return [_pack(getattr(value, name)) for name in _columns(type(value))]
    if isinstance(value, frozenset):
        return sorted(_pack(item) for item in value)
    if isinstance(value, tuple):
        return [_pack(item) for item in value]
    return value


def _unpacker(hint: Any) -> Unpack | None:
    """How a value of this type is read; None where JSON has it as it is."""
    origin, arguments = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object_reader(hint)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return tuple
    if origin in {tuple, frozenset}:
        return _collection_reader(origin, _unpacker(arguments[0]))
    if NoneType in arguments:
        inner = next(_unpacker(argument) for argument in arguments if argument is not NoneType)
        return None if inner is None else lambda value: None if value is None else inner(value)
    return None


def _collection_reader(kind: Callable[[Iterable[Any]], Any], inner: Unpack | None) -> Unpack:
    return kind if inner is None else lambda values: kind(map(inner, values))


def _object_reader(cls: type) -> Unpack:
    """Fill a value's fields without its constructor, which would cost more than all the rest."""
    columns = _columns(cls)
    names = tuple(columns)
    special = [(place, read) for place, hint in enumerate(columns.values()) if (read := _unpacker(hint)) is not None]

    def read_object(values: list[Any]) -> Any:
        made: Any = object.__new__(cls)
        for place, read in special:
            values[place] = read(values[place])
        made.__dict__.update(zip(names, values, strict=True))
        return made

    return read_object


def _same(value: Any) -> Any:
    return value


_UNPACKED: dict[str, Unpack] = {
    name: _unpacker(hint) or _same for name, hint in _kept(ContactView).items() if name not in _OF_LINKS
}


def _shape(hint: Any) -> str:
    """A type as text, with the columns of every value in it."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return f"({', '.join(f'{name}: {_shape(inner)}' for name, inner in _columns(hint).items())})"
    arguments = get_args(hint)
    return f"{get_origin(hint)}[{', '.join(map(_shape, arguments))}]" if arguments else str(hint)


SHAPE = crc32(f"{MADE} {[(name, _shape(_kept(ContactView)[name])) for name in sorted(_UNPACKED)]}".encode())
