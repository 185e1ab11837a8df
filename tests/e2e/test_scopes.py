"""Every route × what the caller holds, made from the document: no token, a token without the scope, a token with it."""
import pytest
import requests

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Operations with every scope are really carried out: on a server of its own."""
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("scopes")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def operations(own) -> list[tuple[str, str, dict]]:
    paths = requests.get(f"{own.base_url}/openapi.json", timeout=10).json()["paths"]
    return [(method.upper(), path, item[method]) for path, item in paths.items() for method in METHODS if method in item]


def scopes_of(operation: dict) -> list[str]:
    return sorted({scope for one in operation["security"] for granted in one.values() for scope in granted})


def concrete(path: str) -> str:
    """With ids that nothing has, so that nothing is changed by asking."""
    return "/".join("nobody" if part.startswith("{") else part for part in path.split("/"))


def ask(own, token: str, method: str, path: str) -> requests.Response:
    head = {"Authorization": f"Bearer {token}"} if token else {}
    body = {} if method in ("POST", "PUT", "PATCH") else None
    with requests.request(method, own.base_url + concrete(path), json=body, headers=head, timeout=10, stream=True) as answer:
        if answer.headers.get("Content-Type", "") != "text/event-stream":  # which has no end
            answer.content  # noqa: B018 - read before the connection goes back
        return answer


def protected(operations):
    return [one for one in operations if one[2]["security"]]


def test_without_a_token_every_protected_route_refuses(own, operations):
    assert len(protected(operations)) > 50
    for method, path, _ in protected(operations):
        answer = ask(own, "", method, path)
        assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_without_the_scope_gets_the_refusal_that_is_documented(own, operations):
    mine = own.client().request_token().json()["scope"].split()
    tokens: dict[str, str] = {}
    for method, path, operation in protected(operations):
        wanted = scopes_of(operation)
        if not wanted:
            continue
        # A coarse scope holds its read-only form.
        other = next(scope for scope in mine if scope not in wanted and f"{scope}:readonly" not in wanted)
        if other not in tokens:
            tokens[other] = own.client().request_token(scope=other).json()["access_token"]
        answer = ask(own, tokens[other], method, path)
        if operation.get("x-dialplane-scope-refusal") == "insufficient_scope":
            assert answer.status_code == 401, f"{method} {path} with {other}: {answer.status_code}"
            assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        else:
            assert answer.status_code == 403, f"{method} {path} with {other}: {answer.status_code} {answer.text}"
            assert answer.json().get("code", "missing.permissions") == "missing.permissions"  # the configs family has no codes


def test_each_single_scope_that_is_documented_opens_its_route(own, operations):
    """One of the scopes is enough. What the route then says to an empty body or an unknown id is not a question of scopes."""
    mine = set(own.client().request_token().json()["scope"].split())
    tokens: dict[str, str] = {}
    tried = 0
    for method, path, operation in protected(operations):
        for scope in scopes_of(operation):
            if scope not in mine:
                continue
            if scope not in tokens:
                tokens[scope] = own.client().request_token(scope=scope).json()["access_token"]
            answer = ask(own, tokens[scope], method, path)
            assert answer.status_code != 401, f"{method} {path} with {scope}: {answer.text}"
            if answer.status_code == 403:
                assert answer.json().get("code") != "missing.permissions", f"{method} {path} with {scope}: {answer.text}"
            tried += 1
    assert tried > 50
