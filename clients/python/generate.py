#!/usr/bin/env python3
"""Makes the package `genesyscloud` from the OpenAPI document: models.py, one NAME_api.py per tag, __init__.py; the rest of the
package is copied as it stands.

    generate.py OUT [--document openapi.json]      OUT/genesyscloud is what a program imports

Without --document the document is joined from src/api/openapi of the repository it stands in (needs python3-yaml)."""
import argparse
import json
import keyword
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
RUNTIME = HERE / "genesyscloud"
MADE = "# Made by clients/python/generate.py from the OpenAPI document.\n"


def snake(name: str) -> str:
    out = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)).lower().strip("_")
    return f"{out}_" if keyword.iskeyword(out) or out in ("self", "fields") else out


def camel(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", text))


def local(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


class Models:
    """Every object schema as a class; an object inside another is named after both."""

    def __init__(self, schemas: dict):
        self.schemas = schemas
        self.classes: dict[str, dict] = {}
        for name in sorted(schemas):
            self.kind(schemas[name], camel(name))

    def is_object(self, schema: dict) -> bool:
        return bool(schema.get("properties") or schema.get("allOf"))

    def properties(self, schema: dict) -> dict:
        found: dict = {}
        for part in schema.get("allOf", []):
            found |= self.properties(self.schemas[local(part["$ref"])] if "$ref" in part else part)
        return found | schema.get("properties", {})

    def kind(self, schema, name: str):
        """What a value of this schema is in Python: a class's name, [kind], or None for plain JSON."""
        if not isinstance(schema, dict):
            return None
        if "$ref" in schema:
            target = self.schemas[local(schema["$ref"])]
            return camel(local(schema["$ref"])) if self.is_object(target) else self.kind(target, name)
        if self.is_object(schema):
            if name not in self.classes:
                self.classes[name] = {}
                self.classes[name] = {field: self.kind(value, name + camel(field)) for field, value in self.properties(schema).items()}
            return name
        if schema.get("type") == "array":
            inside = self.kind(schema.get("items"), f"{name}Item")
            return [inside] if inside else None
        objects = [kind for kind in (self.kind(each, name) for each in schema.get("oneOf", []) + schema.get("anyOf", [])) if kind]
        return objects[0] if len(objects) == 1 else None

    def source(self) -> str:
        out = [MADE, '"""The objects of the API. Every attribute is optional here; the server says which it needs."""\n',
               "from genesyscloud.model import Model\n"]
        for name in sorted(self.classes):
            out.append(f"\n\nclass {name}(Model):\n    fields = {{\n")
            out += [f"        {snake(field)!r}: ({field!r}, {kind!r}),\n" for field, kind in self.classes[name].items()]
            out.append("    }\n")
        return "".join(out)


def success(operation: dict):
    for status, answer in sorted(operation["responses"].items()):
        if status.startswith("2"):
            return answer.get("content", {}).get("application/json", {}).get("schema")
    return None


def method_source(path: str, method: str, operation: dict, models: Models, parameters: dict) -> str:
    wanted = [parameters[local(p["$ref"])] if "$ref" in p else p for p in operation.get("parameters", [])]
    in_path = re.findall(r"{(\w+)}", path)
    named: dict = {}  # the first of two names that are one in snake case (edgeGroupId, edgeGroup.id)
    for each in wanted:
        named.setdefault(snake(each["name"]), each)
    query = [p["name"] for p in named.values() if p["in"] == "query"]
    headers = [p["name"] for p in named.values() if p["in"] == "header"]
    body = "application/json" in operation.get("requestBody", {}).get("content", {})
    schema = success(operation)
    kind = models.kind(schema, camel(operation["operationId"]) + "Answer") if schema else None
    signature = ["self"] + [snake(p) for p in in_path] + (["body"] if body else [])
    signature += [f"{snake(name)}=None" for name in query + headers]
    text = [operation.get("summary", "") + "."]
    if operation.get("description"):
        text.append(operation["description"])
    text.append(f"{method.upper()} {path}")
    given = lambda names: "{" + ", ".join(f"{name!r}: {snake(name)}" for name in names) + "}"
    extra = f"{{name: value for name, value in {given(headers)}.items() if value is not None}}" if headers else "None"
    documentation = "\n\n        ".join(line.replace("\\", "\\\\").replace('"""', "'''") for line in text)
    return (f"\n    def {snake(operation['operationId'])}({', '.join(signature)}):\n"
            f'        """{documentation}\n        """\n'
            f"        return self.api_client.call_api({method.upper()!r}, {path!r}, {given(in_path)},\n"
            f"                                        {given(query)}, {'body' if body else 'None'}, {kind!r}, {extra})\n")


def api_source(name: str, tag: str, operations: list, models: Models, parameters: dict) -> str:
    methods = "".join(method_source(*operation, models, parameters) for operation in operations)
    return (f'{MADE}"""{tag}."""\nfrom __future__ import annotations\n\nfrom genesyscloud.api_client import ApiClient\n\n\n'
            f"class {name}:\n    def __init__(self, api_client: ApiClient | None = None):\n"
            f"        self.api_client = api_client or ApiClient()\n{methods}")


def generate(document: dict, out: pathlib.Path) -> None:
    package = out / "genesyscloud"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(RUNTIME, package, ignore=shutil.ignore_patterns("__pycache__"))
    models = Models(document["components"]["schemas"])
    by_tag: dict[str, list] = {}
    for path, item in sorted(document["paths"].items()):
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append((path, method, operation))
    exports = ["from genesyscloud.api_client import ApiClient\n", "from genesyscloud.configuration import Configuration\n"]
    for tag, operations in sorted(by_tag.items()):
        name = f"{camel(tag)}Api"
        module = snake(name)
        (package / f"{module}.py").write_text(api_source(name, tag, operations, models, document["components"]["parameters"]))
        exports.append(f"from genesyscloud.{module} import {name}\n")
    (package / "models.py").write_text(models.source())
    exports.append("from genesyscloud import models, rest\n")
    (package / "__init__.py").write_text(f'{MADE}"""A client of the telephony API of Dialplane and Genesys Cloud."""\n' + "".join(exports)
                                         + f"\n__version__ = {version()!r}\n")
    (package / "py.typed").touch()


def version() -> str:
    return re.search(r'^version = "(.+)"', (HERE / "pyproject.toml").read_text(), re.MULTILINE).group(1)


def joined() -> dict:
    root = HERE.parents[1]
    sys.path.insert(0, str(root / "tools"))
    import join_openapi
    document = join_openapi.join(root / "src/api/openapi")
    if join_openapi.problems:
        sys.exit("\n".join(join_openapi.problems))
    return document


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--document", type=pathlib.Path)
    arguments = parser.parse_args()
    generate(json.loads(arguments.document.read_text()) if arguments.document else joined(), arguments.out)


if __name__ == "__main__":
    main()
