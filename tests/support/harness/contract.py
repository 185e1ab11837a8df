"""Every answer that any test sees, held against the document that its server serves: the status is documented, the media type is, the
body matches the schema, and an object of ours has no field that the schema doesn't name. What doesn't match fails the test.

`watch(base_url)` is called when a server is ready; from then on every request that `requests` makes to it is checked, whoever
makes it."""
import json
import urllib.parse

import jsonschema
import requests

# What the server answers before it knows the operation: no such path, not with this method, a request that is no HTTP or too large.
BEFORE_ROUTING = {400, 404, 405, 408, 413, 414, 431}


class ContractBroken(AssertionError):
    pass


def strict(node):
    """The schema with `additionalProperties: false` wherever an object names its properties and says nothing of others. The served
    document leaves that open, so that clients tolerate what a later version adds; a test doesn't."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {key: strict(value) for key, value in node.items()}
    if isinstance(out.get("properties"), dict):
        out.setdefault("additionalProperties", False)
    return out


class Contract:
    def __init__(self, document: dict):
        self.document = document
        self.components = strict(document["components"])
        self.paths = [(path.strip("/").split("/"), path, item) for path, item in document["paths"].items()]
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}

    def find(self, method: str, path: str):
        """`(template, operation)` as the router would choose: literal segments beat parameters, from the left. None: no such."""
        segments = path.strip("/").split("/")
        best = None
        for template, name, item in self.paths:
            if len(template) != len(segments):
                continue
            if all(part == given or part.startswith("{") for part, given in zip(template, segments)):
                rank = [part.startswith("{") for part in template]
                if best is None or rank < best[0]:
                    best = (rank, name, item)
        operation = best and best[2].get("get" if method == "HEAD" else method.lower())
        return (best[1], operation) if operation else None

    def response_of(self, operation: dict, status: int):
        found = operation["responses"].get(str(status))
        if found and "$ref" in found:
            found = self.document["components"]["responses"][found["$ref"].rsplit("/", 1)[1]]
        return found

    def validator(self, schema: dict) -> jsonschema.Draft202012Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = jsonschema.Draft202012Validator(strict(schema) | {"components": self.components})
        return self._validators[key]

    def check_body(self, what: str, schema: dict, body) -> None:
        for problem in self.validator(schema).iter_errors(body):
            where = "/".join(str(part) for part in problem.absolute_path) or "the body"
            raise ContractBroken(f"{what}: {where}: {problem.message[:600]}")

    def check(self, method: str, path: str, status: int, media_type: str, content) -> None:
        """`content` is a callable, so that a stream isn't read for nothing."""
        if method == "OPTIONS":
            return
        what = f"{method} {path} {status}"
        found = self.find(method, path)
        if found is None:
            if status not in BEFORE_ROUTING:
                raise ContractBroken(f"{what}: the document has no such operation")
            return
        template, operation = found
        response = self.response_of(operation, status)
        if response is None:
            raise ContractBroken(f"{what}: {template} doesn't document this status, only {', '.join(operation['responses'])}")
        described = response.get("content")
        if method == "HEAD" or (not described and not media_type):
            return
        if not described or media_type not in described:
            raise ContractBroken(f"{what}: answered as {media_type or 'nothing'}, documented is {', '.join(described or ['no body'])}")
        if media_type == "application/json":
            self.check_body(what, described[media_type]["schema"], json.loads(content()))


_watched: dict[str, Contract] = {}  # "host:port" of a running server
_OUTSIDE = ("/ui", "/ws/sip")  # the console's files and SIP over WebSocket are no part of the API


def watch(base_url: str) -> None:
    answer = requests.get(f"{base_url}/openapi.json", timeout=10)
    assert answer.status_code == 200, f"no document: {answer.status_code}"
    _watched[urllib.parse.urlsplit(base_url).netloc] = Contract(answer.json())


def forget(base_url: str) -> None:
    """For measurements."""
    _watched.pop(urllib.parse.urlsplit(base_url).netloc, None)


def of(base_url: str) -> Contract:
    return _watched[urllib.parse.urlsplit(base_url).netloc]


def check_answer(answer: requests.Response, streamed: bool = False) -> None:
    request = answer.request
    parts = urllib.parse.urlsplit(request.url)
    contract = _watched.get(parts.netloc)
    path = parts.path or "/"
    if contract is None or path == "/" or path.startswith(_OUTSIDE):
        return
    media_type = answer.headers.get("Content-Type", "").split(";")[0].strip()
    if streamed and media_type == "text/event-stream":
        contract.check(request.method, path, answer.status_code, media_type, lambda: "")
        return
    contract.check(request.method, path, answer.status_code, media_type, lambda: answer.content)


_send = requests.Session.send


def _checked_send(self, request, **options):
    answer = _send(self, request, **options)
    check_answer(answer, bool(options.get("stream")))
    return answer


requests.Session.send = _checked_send
