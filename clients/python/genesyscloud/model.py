"""Model: the base of every generated class. Attributes are snake case, JSON names are the API's; what is None is not sent."""
from __future__ import annotations

from typing import Any, ClassVar


class Model:
    #: attribute -> (JSON name, type of the value: a Model, [Model], or None for plain JSON)
    fields: ClassVar[dict[str, tuple[str, Any]]] = {}

    def __init__(self, **values: Any):
        unknown = set(values) - set(self.fields)
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        for attribute in self.fields:
            setattr(self, attribute, values.get(attribute))

    def to_dict(self) -> dict:
        return {name: to_json(value) for attribute, (name, _) in self.fields.items()
                if (value := getattr(self, attribute)) is not None}

    @classmethod
    def from_dict(cls, data: dict) -> Model:
        return cls(**{attribute: from_json(kind, data[name]) for attribute, (name, kind) in cls.fields.items() if name in data})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    def __repr__(self) -> str:
        shown = ", ".join(f"{a}={getattr(self, a)!r}" for a in self.fields if getattr(self, a) is not None)
        return f"{type(self).__name__}({shown})"


def to_json(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, list):
        return [to_json(each) for each in value]
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    return value


def from_json(kind: Any, value: Any) -> Any:
    if isinstance(kind, str):  # a class that stands further down in models
        from genesyscloud import models
        kind = getattr(models, kind)
    if isinstance(kind, list):
        return [from_json(kind[0], each) for each in value] if isinstance(value, list) else value
    if isinstance(kind, type) and issubclass(kind, Model) and isinstance(value, dict):
        return kind.from_dict(value)
    return value
