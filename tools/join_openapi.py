#!/usr/bin/env python3
"""Joins the API's fragments (src/api/openapi/*.yaml) into one OpenAPI 3.1 document, and fails on what is wrong with them.

    join_openapi.py FRAGMENT_FOLDER OUT_FOLDER

OUT_FOLDER gets openapi.json, the pages of FRAGMENT_FOLDER/docs, and api/openapi/openapi_id.hpp, whose digest tells a compiler
cache (which doesn't follow #embed) that they changed. Same input, same bytes. The fragments' notation is described in
CONTRIBUTING.md, "Adding a route"; what every operation has in common is added here, so that it is said once.
"""
import copy
import hashlib
import json
import pathlib
import re
import sys

import yaml

METHODS = ("get", "post", "put", "patch", "delete")
OPERATION_KEYS = {"id", "summary", "description", "scopes", "refusal", "access", "style", "query", "headers", "body", "optional_body", "form",
                  "answers", "errors", "deprecated", "schemes"}
PATH_SCHEMA = {"divisionId": "DivisionId", "scopeId": "ScopeId"}  # path parameters that are no plain ids
ERROR_SCHEMA = {"genesys": "ErrorBody", "oauth": "OAuthError", "detail": "DetailError"}
ERROR_TEXT = {
    400: "The request breaks a rule: the message names the field and the rule. Nothing has changed.",
    401: "No valid credential.",
    403: "The credential lacks what this needs.",
    404: "There is no such thing, or it is another organization's.",
    405: "The path exists with other methods: see Allow.",
    406: "Only application/json is served.",
    409: "The present state forbids it: already there, in use, not ready, or another version.",
    412: "If-Match names another version than the present one.",
    413: "The body is too large.",
    414: "The path and query are too long.",
    415: "The body must be application/json.",
    422: "The Idempotency-Key was used with another body.",
    429: "Too many requests: wait as Retry-After says.",
    500: "A fault of the server; the contextId finds it in the log.",
    502: "A carrier or another server in between failed.",
    503: "Overloaded, stopping, or the store can't write: nothing has changed, try again.",
    504: "A carrier or another server in between did not answer in time.",
}
problems: list[str] = []


def reference(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def as_schema(value) -> dict:
    """A schema's name, `[Name]` for an array of it, or a schema."""
    if isinstance(value, str):
        return reference(value)
    if isinstance(value, list):
        return {"type": "array", "items": as_schema(value[0])}
    return value


# -- schemas ----------------------------------------------------------------------------------------------------------
LISTING = {
    "pageSize": {"type": "integer"}, "pageNumber": {"type": "integer"}, "total": {"type": "integer"}, "pageCount": {"type": "integer"},
    "selfUri": {"type": "string"}, "firstUri": {"type": "string"}, "lastUri": {"type": "string"}, "nextUri": {"type": "string"},
    "previousUri": {"type": "string"}}


def listing(item) -> dict:
    return {"type": "object", "description": "One page of a list.",
            "properties": {"entities": {"type": "array", "items": as_schema(item)}} | copy.deepcopy(LISTING),
            "required": ["entities", "pageSize", "pageNumber", "total", "pageCount", "selfUri", "firstUri", "lastUri"]}


def expand(name: str, schema: dict, schemas: dict, within: tuple = ()) -> dict:
    """`extends: Other` merges the other's properties and required fields in; `listing: Item` is the list envelope."""
    if name in within:
        problems.append(f"schema {name} extends itself")
        return schema
    if "listing" in schema:
        return listing(schema["listing"])
    if "extends" not in schema:
        return schema
    base_name = schema["extends"]
    if base_name not in schemas:
        problems.append(f"schema {name} extends {base_name}, which is nowhere")
        return schema
    base = copy.deepcopy(expand(base_name, schemas[base_name], schemas, within + (name,)))
    base.pop("description", None)
    own = {key: value for key, value in schema.items() if key != "extends"}
    merged = base | own
    merged["properties"] = base.get("properties", {}) | own.get("properties", {})
    required = base.get("required", []) + [item for item in own.get("required", []) if item not in base.get("required", [])]
    if required:
        merged["required"] = required
    return merged


def shorthand(node):
    """`type: Name` with a capital is a reference, and `items: Name` is one of an array."""
    if isinstance(node, list):
        return [shorthand(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key == "properties" and isinstance(value, dict):
            out[key] = {name: as_property(item) for name, item in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, str):
            out[key] = as_property(value)
        else:
            out[key] = shorthand(value)
    return out


def as_property(value):
    """`name: string`, `name: Reference`, `name: [string]`, or a schema."""
    if isinstance(value, str):
        return reference(value) if value[:1].isupper() else {"type": value}
    if isinstance(value, list):
        return {"type": "array", "items": as_property(value[0])}
    return shorthand(value)


# -- operations -------------------------------------------------------------------------------------------------------
def answer(status: int, value) -> dict:
    if value is None:
        return {"description": "Done; no content."}
    if isinstance(value, dict) and "description" in value and ("schema" in value or "content" in value):
        out = {"description": value["description"]}
        out["content"] = value.get("content") or {"application/json": {"schema": shorthand(as_schema(value["schema"]))}}
        return out
    if isinstance(value, dict) and set(value) == {"description"}:
        return dict(value)
    text = {200: "The answer.", 201: "Created.", 202: "Accepted: what follows is asynchronous."}.get(status, "The answer.")
    return {"description": text, "content": {"application/json": {"schema": shorthand(as_schema(value))}}}


def error(status: int, style: str) -> dict:
    return {"$ref": f"#/components/responses/{style}{status}"}


def is_keyed(method: str, operation: dict) -> bool:
    """Does it honour Idempotency-Key?"""
    return method == "post" and operation.get("access") != "open"


def error_statuses(path: str, method: str, operation: dict, style: str) -> list[int]:
    """What can go wrong with any operation like this one, and what the fragment adds."""
    invalid = 422 if style == "detail" else 400
    out = {500, 503} | set(operation.get("errors") or [])
    if operation.get("access") != "open":
        out |= {401, 403, 406, 429}
    if "{" in path:
        out |= {404, 414}
    if operation.get("query") or operation.get("body") or operation.get("form"):
        out |= {invalid, 400, 414}
    if operation.get("body") or operation.get("optional_body"):
        out |= {invalid, 400, 413, 415}
    if is_keyed(method, operation):
        out |= {400, 409, 422}
    if method in ("put", "patch"):
        out |= {409, 412}
    if method == "delete" and operation.get("access") != "open":
        out |= {400, 409, 412}
    return sorted(out)


def security(operation: dict, style: str) -> list:
    """Any one of the scopes, by an access token or a console session (which holds scopes, too); the telephony-configs family, whose
    style is `detail`, takes API keys besides."""
    if operation.get("access") == "open":
        return []
    scopes = operation.get("scopes") or []
    schemes = ["oauth", "console"] + (["apiKey"] if style == "detail" else [])
    return [{scheme: [scope]} for scope in scopes for scheme in schemes] or [{scheme: []} for scheme in schemes]


def parameters(path: str, method: str, operation: dict, named: dict, where: str) -> list:
    out = [{"name": name, "in": "path", "required": True, "schema": reference(PATH_SCHEMA.get(name, "Id"))}
           for name in re.findall(r"{(\w+)}", path)]
    for item in operation.get("query") or []:
        if isinstance(item, dict):
            out.append({"in": "query"} | shorthand(item))
        elif item in named:
            out.append({"$ref": f"#/components/parameters/{item}"})
        else:
            problems.append(f"{where}: there is no shared parameter {item}")
    for item in operation.get("headers") or []:
        out.append({"$ref": f"#/components/parameters/{item}"} if isinstance(item, str) else {"in": "header"} | shorthand(item))
    if is_keyed(method, operation):
        out.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if method in ("put", "patch", "delete") and operation.get("access") != "open":
        out.append({"$ref": "#/components/parameters/IfMatch"})
    return out


def join_operation(path: str, method: str, operation: dict, tag: str, style: str, named: dict) -> dict:
    where = f"{method.upper()} {path}"
    for key in sorted(set(operation) - OPERATION_KEYS):
        problems.append(f"{where}: unknown key {key}")
    for key in ("id", "summary", "answers"):
        if key not in operation:
            problems.append(f"{where}: {key} is missing")
    style = operation.get("style", style)
    out = {"operationId": operation.get("id"), "tags": [tag], "summary": operation.get("summary")}
    if "description" in operation:
        out["description"] = operation["description"]
    if operation.get("deprecated"):
        out["deprecated"] = True
    out["parameters"] = parameters(path, method, operation, named, where)
    if "body" in operation:
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": shorthand(as_schema(operation["body"]))}}}
    if "optional_body" in operation:
        out["requestBody"] = {"required": False, "content": {"application/json": {"schema": shorthand(as_schema(operation["optional_body"]))}}}
    if "form" in operation:
        out["requestBody"] = {"required": True, "content": {
            "application/x-www-form-urlencoded": {"schema": shorthand(as_schema(operation["form"]))}}}
    out["responses"] = {str(status): answer(int(status), value) for status, value in (operation.get("answers") or {}).items()}
    if method == "get" and operation.get("access") != "open" and "{" in path:
        out["responses"].setdefault("304", {"description": "The ETag in If-None-Match is the present one."})
    for status in error_statuses(path, method, operation, style):
        out["responses"].setdefault(str(status), error(status, style))
    out["security"] = security(operation, style)
    if operation.get("refusal"):
        out["x-dialplane-scope-refusal"] = operation["refusal"]
    return out


def unique(into: dict, additions: dict, kind: str, source: str) -> None:
    for name, value in additions.items():
        if name in into:
            problems.append(f"{source}: {kind} {name} is described twice")
        into[name] = value


def references(node, found: set) -> set:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            found.add(node["$ref"])
        for value in node.values():
            references(value, found)
    elif isinstance(node, list):
        for value in node:
            references(value, found)
    return found


def check(document: dict) -> None:
    ids: dict = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            identifier = operation["operationId"]
            if identifier in ids:
                problems.append(f"{method.upper()} {path}: the id {identifier} is also that of {ids[identifier]}")
            ids[identifier] = f"{method.upper()} {path}"
    used = references(document, set())
    for target in sorted(used):
        _, *steps = target.split("/")
        node = document
        for step in steps:
            node = node.get(step) if isinstance(node, dict) else None
        if node is None:
            problems.append(f"{target} is referred to and is nowhere")
    for kind in ("schemas", "parameters"):
        for name in document["components"][kind]:
            if f"#/components/{kind}/{name}" not in used:
                problems.append(f"{kind[:-1]} {name} is used by nothing")


def all_paths(fragment: dict) -> list[tuple[str, dict]]:
    """The fragment's paths, and the same once more under `also_under`'s prefix, with a suffix to the ids."""
    paths = list((fragment.get("paths") or {}).items())
    again = fragment.get("also_under")
    if not again:
        return paths
    return paths + [(again["prefix"] + path, {method: operation | {"id": operation["id"] + again["suffix"]} for method, operation in
                                              operations.items()}) for path, operations in paths]


def join(folder: pathlib.Path) -> dict:
    common = yaml.safe_load((folder / "common.yaml").read_text())
    document = {"openapi": "3.1.0", "info": common["info"], "servers": [{"url": "/"}], "tags": [], "paths": {},
                "components": {"schemas": {}, "parameters": common["parameters"], "responses": {},
                               "securitySchemes": common["securitySchemes"]}}
    schemas = dict(common["schemas"])
    fragments = [(path.name, yaml.safe_load(path.read_text())) for path in sorted(folder.glob("*.yaml")) if path.name != "common.yaml"]
    tags: dict[str, list[str]] = {}
    for name, fragment in fragments:
        unique(schemas, fragment.get("schemas") or {}, "schema", name)
        tags.setdefault(fragment["tag"], []).extend([fragment["description"]] if "description" in fragment else [])
        for path, operations in all_paths(fragment):
            joined = {method: join_operation(path, method, operations[method], fragment["tag"], fragment.get("style", "genesys"),
                                             common["parameters"]) for method in METHODS if method in operations}
            for method in sorted(set(operations) - set(METHODS)):
                problems.append(f"{path}: {method} is no method")
            unique(document["paths"].setdefault(path, {}), joined, f"{path}:", name)
    problems.extend(f"tag {tag}: one of its fragments describes it, not {len(said)}" for tag, said in tags.items() if len(said) != 1)
    document["tags"] = [{"name": tag, "description": said[0]} for tag, said in tags.items() if said]
    for name in sorted(schemas):
        document["components"]["schemas"][name] = shorthand(expand(name, schemas[name], schemas))
    for style, schema in ERROR_SCHEMA.items():
        for status, text in ERROR_TEXT.items():
            document["components"]["responses"][f"{style}{status}"] = {
                "description": text, "content": {"application/json": {"schema": reference(schema)}}}
        # The connection refuses what is too large before it has read it, and so before anybody knows whose style is wanted.
        for status in (400, 413, 414):
            document["components"]["responses"][f"{style}{status}"]["content"]["text/plain"] = {"schema": {"type": "string"}}
    used = references(document["paths"], set())
    document["components"]["responses"] = {
        name: value for name, value in document["components"]["responses"].items() if f"#/components/responses/{name}" in used}
    scopes = sorted({scope for item in document["paths"].values() for operation in item.values() for one in operation["security"]
                     for granted in one.values() for scope in granted})
    for flow in document["components"]["securitySchemes"]["oauth"]["flows"].values():
        flow["scopes"] = {scope: "" for scope in scopes}
    # What others only extend is said in full there.
    bases = {schema["extends"] for schema in schemas.values() if "extends" in schema}
    used = references(document, set())
    for name in bases:
        if f"#/components/schemas/{name}" not in used:
            document["components"]["schemas"].pop(name, None)
    check(document)
    return document


def write(path: pathlib.Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main() -> int:
    source, out = (pathlib.Path(argument) for argument in sys.argv[1:3])
    document = join(source)
    for problem in problems:
        print(f"openapi: {problem}", file=sys.stderr)
    if problems:
        return 1
    files = {"openapi.json": json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()}
    files |= {page.name: page.read_bytes() for page in sorted((source / "docs").iterdir())}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(files[name])
        write(out / name, files[name])
    write(out / "api/openapi/openapi_id.hpp", (
        "#pragma once\n// Made by tools/join_openapi.py.\n#include <string_view>\n"
        "namespace dp::api {\ninline constexpr std::string_view kOpenApiId =\n"
        f'    "{digest.hexdigest()[:32]}";\n}}\n').encode())
    print(f"openapi: {sum(len(item) for item in document['paths'].values())} operations, "
          f"{len(document['components']['schemas'])} schemas, {len(files['openapi.json']) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
