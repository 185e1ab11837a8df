"""Every operation of the document that takes a body or a query, with each field and parameter wrong in turn: the answer is a
documented one below 500 (the contract check sees to the first), a refusal names what is wrong, and the connection stays. Bodies begin
as what the API itself shows, so that one thing is wrong at a time."""
import copy
import os
import random
import time

import pytest
import requests

SECONDS = 60
SEED = int(os.environ.get("DIALPLANE_SEED", "1"))  # another one for another walk
# Ends or limits the session that asks.
LEFT_OUT = {"/api/v2/events/stream", "/oauth/authorize", "/login", "/logout", "/oauth/token"}


def deep(levels: int):
    out: object = "x"
    for _ in range(levels):
        out = {"a": [out]}
    return out


WRONG_VALUES = [None, "", "x" * 70_000, "\u0000", "\u202e‮🦆", 0, -1, 2 ** 63, -2 ** 63 - 1, 1e308, 0.5, True, [], {}, [None], [[]], {"a": 1}, deep(8),
                ["x"] * 5000, "../../etc/passwd", "' OR 1=1 --", "+1", "\r\nX: y"]
WRONG_QUERIES = ["", "0", "-1", "x", "9" * 40, "%00", "%ff", "*" * 300, "a" * 3000, "1e3", "+5", "%F0%9F%A6%86"]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("bodies")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(own):
    return own.client().log_in()


@pytest.fixture(scope="module")
def document(own) -> dict:
    return requests.get(f"{own.base_url}/openapi.json", timeout=10).json()


def resolved(document: dict, schema: dict) -> dict:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def example(document: dict, schema: dict, depth: int = 0):
    """Something of that shape."""
    schema = resolved(document, schema)
    if depth > 6:
        return None
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return example(document, schema[choice][0], depth + 1)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: example(document, field, depth + 1) for name, field in schema.get("properties", {}).items()
                if not field.get("readOnly")}
    if kind == "array":
        return [example(document, schema.get("items", {}), depth + 1)]
    return {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True}.get(kind, "example")


def shown(client, document: dict, path: str, method: str):
    """What the API shows of such a thing: `(path with a real id, body)`, or nothing."""
    parts = path.split("/")
    collection = "/".join(parts[:-1]) if parts[-1].startswith("{") else path
    if "{" in collection or "get" not in document["paths"].get(collection, {}):
        return None
    listed = client.request("GET", f"{collection}?pageSize=1")
    entities = listed.json().get("entities") if listed.status_code == 200 else None
    if not entities:
        return None
    body = {name: value for name, value in entities[0].items() if name not in ("version", "state")}
    if method == "post":
        body.pop("id", None)
        return collection, body
    return f"{collection}/{body['id']}", body


def spots(body, path=()):
    """Every place in the body."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield path + (name,)
            yield from spots(value, path + (name,))
    elif isinstance(body, list) and body:
        yield path + (0,)
        yield from spots(body[0], path + (0,))


def mutants(body, dice: random.Random):
    """`(changed body, where)`"""
    if isinstance(body, dict):
        yield body | {"noSuchField": deep(4)}, ("noSuchField",)
        yield {**body, "x" * 5000: 1}, ("x",)
    for spot in spots(body):
        for value in dice.sample(WRONG_VALUES, 4):
            changed = copy.deepcopy(body)
            target = changed
            for step in spot[:-1]:
                target = target[step]
            target[spot[-1]] = value
            yield changed, spot
    for whole in (None, [], "x", 1, {}, deep(60)):
        yield whole, ()


def check(answer: requests.Response, what: str, expect_field: bool) -> None:
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:500]}"
    if answer.status_code != 400:
        return
    if not answer.headers["Content-Type"].startswith("application/json"):
        return  # refused by the connection, before anybody knew what was asked for; or a page for people
    body = answer.json()
    text = body.get("message") or body.get("detail") or body.get("error")
    assert text, f"{what}: {answer.text[:500]}"
    if expect_field and "details" in body and body["code"] != "not.a.user" and "entityId" not in body:  # who asks; what exists
        assert body["details"] and body["details"][0]["fieldName"], f"{what}: no field is named: {answer.text[:500]}"


def operations(document: dict):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path not in LEFT_OUT and not path.startswith("/ws/"):
                yield path, method, operation


def concrete(path: str) -> str:
    return "/".join("nobody" if part.startswith("{") else part for part in path.split("/"))


def test_every_field_of_every_body(client, document):
    print("DIALPLANE_SEED", SEED)
    dice, deadline, tried = random.Random(SEED), time.monotonic() + SECONDS, 0
    jobs = []
    for path, method, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if not content:
            continue
        target, body = shown(client, document, path, method) or (concrete(path), example(document, content["schema"]))
        jobs += [(method.upper(), target, mutant, spot) for mutant, spot in mutants(body, dice)]
    dice.shuffle(jobs)
    for method, target, mutant, spot in jobs:
        if time.monotonic() > deadline:
            break
        answer = client.request(method, target, mutant)
        check(answer, f"seed {SEED}: {method} {target} with {'.'.join(map(str, spot))}: {str(mutant)[:300]}", bool(spot) and isinstance(mutant, dict))
        tried += 1
    print(tried, "of", len(jobs), "bodies")
    assert tried > 300
    assert client.request("GET", "/health").status_code == 200


def test_every_query_parameter(client, document):
    dice, tried = random.Random(SEED), 0
    for path, method, operation in operations(document):
        named = [document["components"]["parameters"][item["$ref"].rsplit("/", 1)[1]] if "$ref" in item else item
                 for item in operation["parameters"]]
        for name in [item["name"] for item in named if item["in"] == "query"]:
            for value in dice.sample(WRONG_QUERIES, 5):
                answer = client.request(method.upper(), f"{concrete(path)}?{name}={value}")
                check(answer, f"{method.upper()} {path}?{name}={value[:50]}", False)
                tried += 1
    assert tried > 50


@pytest.mark.parametrize("part", ["%00", "%2e%2e", "%ff%fe", "a" * 5000, "..;", "%F0%9F%A6%86", "nobody%0d%0aX:y"])
def test_every_path_parameter(client, document, part):
    for path, method, operation in operations(document):
        if "{" not in path:
            continue
        target = "/".join(part if each.startswith("{") else each for each in path.split("/"))
        body = {} if "requestBody" in operation else None
        answer = client.request(method.upper(), target, body)
        assert 400 <= answer.status_code < 500 or method == "get", f"{method.upper()} {target[:100]}: {answer.status_code}"
        assert answer.status_code < 500, f"{method.upper()} {target[:100]}: {answer.text[:300]}"
