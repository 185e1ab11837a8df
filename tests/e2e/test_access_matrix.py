"""Who may use which route: every operation of the served document × every scope × every permission that it names × every kind of
credential, against the running server. The document takes the permissions from the router; nothing is listed here but what a coarse
scope stands for."""
import base64
import concurrent.futures
import itertools
import secrets
import threading

import pytest
import requests

from harness.client import Client

METHODS = ("get", "post", "put", "patch", "delete")
ROLES = "/api/v2/authorization/roles"
CLIENTS = "/api/v2/oauth/clients"
# Which scopes stand for others, apart from `x` for `x:readonly`: said once more, so that a change is a decision (docs/identity.md).
STANDS_FOR = {
    "telephony": {"telephony:edge:read", "telephony:edge:write", "telephony:phone-number:edit", "telephony:phone-number:view",
                  "telephony:sipprofile:read", "telephony:user-settings:edit", "telephony:web-r-t-c:view"},
    "telephony:readonly": {"telephony:edge:read", "telephony:phone-number:view", "telephony:sipprofile:read", "telephony:web-r-t-c:view"},
    "conversations": {"conversation:call:write"},
    "integrations": {"webhook:write"},
    "analytics": {"analytics:events:query"},
    "analytics:readonly": {"analytics:events:query"},
    "audits:readonly": {"analytics:events:query"},
    "users": {"user:read", "user:read:me", "user-basic-info"},
    "users:readonly": {"user:read", "user:read:me", "user-basic-info"},
}


def opens(held: str, wanted: str) -> bool:
    return wanted in (held, f"{held}:readonly") or wanted in STANDS_FOR.get(held, ())


class Operation:
    def __init__(self, method: str, path: str, described: dict):
        self.method = method.upper()
        self.path = path
        self.schemes = {scheme for one in described["security"] for scheme in one}
        self.scopes = tuple(sorted({scope for one in described["security"] for granted in one.values() for scope in granted}))
        self.permissions = tuple(described.get("x-inin-requires-permissions", {}).get("permissions", ()))
        self.refuses_scope_with_401 = described.get("x-dialplane-scope-refusal") == "insufficient_scope"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def ends_its_credential(self) -> bool:
        return str(self) == "DELETE /api/v2/tokens/me"

    def concrete(self) -> str:
        """With ids that nothing has: asking changes nothing."""
        return "/".join("nobody" if part.startswith("{") else part for part in self.path.split("/"))


class Access:
    """Credentials made through the API: for any set of permissions and any set of scopes, each once."""

    def __init__(self, server):
        self.server = server
        self.admin = server.client().log_in()
        self.scopes = frozenset(scope["id"] for scope in self.admin.get("/api/v2/oauth/scopes?pageSize=100")["entities"])
        domains = self.admin.get("/api/v2/authorization/permissions?pageSize=100")["entities"]
        self.permissions = frozenset(f"{each['domain']}:{each['entityType']}:{each['action']}" for domain in domains
                                     for listed in domain["permissionMap"].values() for each in listed)
        self.own_scopes = self.admin.get("/api/v2/tokens/me")["authorizedScope"]
        self.clients: dict[frozenset, Client] = {}
        self.tokens: dict[tuple, str] = {}
        self.local = threading.local()

    def role(self, permissions: frozenset) -> str:
        policies: dict[tuple, list] = {}
        for permission in sorted(permissions):
            domain, entity, action = permission.split(":")
            policies.setdefault((domain, entity), []).append(action)
        body = {"name": f"matrix {secrets.token_hex(6)}", "permissionPolicies": [
            {"domain": domain, "entityName": entity, "actionSet": actions} for (domain, entity), actions in policies.items()]}
        return self.admin.post(ROLES, body, 200)["id"]

    def client(self, permissions: frozenset) -> Client:
        """An application with every scope, whose only role holds these."""
        made = self.admin.post(CLIENTS, {"name": "Matrix", "authorizedGrantType": "CLIENT-CREDENTIALS", "scope": self.own_scopes,
                                         "roleIds": [self.role(permissions)]}, 200)
        return Client(self.server.base_url, made["id"], made["secret"])

    def request_token(self, permissions: frozenset | None, scopes: frozenset) -> str:
        client = self.admin if permissions is None else self.clients[permissions]
        answer = client.request_token(**({"scope": " ".join(sorted(scopes))} if scopes else {}))
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def prepare(self, wanted: set) -> dict:
        """A token for each (permissions, scopes). No permissions: an administrator's. No scopes: all of them. Many at once, since each
        waits for the disk."""
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            roles = list({permissions for permissions, _ in wanted if permissions is not None} - self.clients.keys())
            self.clients |= dict(zip(roles, pool.map(self.client, roles)))
            missing = list(wanted - self.tokens.keys())
            self.tokens |= dict(zip(missing, pool.map(lambda each: self.request_token(*each), missing)))
        return self.tokens

    def key(self, permissions: frozenset | None, scopes) -> str:
        roles = ["role-administrator"] if permissions is None else [self.role(permissions)]
        return self.admin.post("/api/v2/apikeys", {"name": "Matrix", "scope": sorted(scopes), "roleIds": roles})["key"]

    def ask(self, operation: Operation, headers: dict) -> requests.Response:
        if not hasattr(self.local, "session"):
            self.local.session = requests.Session()
        body = {} if operation.method in ("POST", "PUT", "PATCH") else None
        with self.local.session.request(operation.method, self.server.base_url + operation.concrete(), json=body, headers=headers,
                                        timeout=30, stream=True) as answer:
            if answer.headers.get("Content-Type", "") != "text/event-stream":  # which has no end
                answer.content  # noqa: B018 - read before the connection goes back
            return answer

    def prove(self, rows: list) -> int:
        """Rows of (operation, headers, judge, what is held). Every row that is judged wrong is told, not the first alone."""
        def one(row):
            operation, headers, judge, held = row
            answer = self.ask(operation, headers)
            complaint = judge(operation, answer)
            return complaint and f"{operation} with {held}: {complaint}: {answer.status_code} {answer.text[:300] if answer.content else ''}"
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            wrong = [found for found in pool.map(one, rows) if found]
        assert not wrong, f"{len(wrong)} of {len(rows)}:\n" + "\n".join(wrong[:40])
        return len(rows)


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


# -- what an answer must be: empty when it is --------------------------------------------------------------------------------------
def unauthenticated(_operation, answer) -> str:
    challenge = answer.headers.get("WWW-Authenticate", "")
    return "" if answer.status_code == 401 and challenge.startswith("Bearer") and "insufficient_scope" not in challenge else "not a plain 401"


def lacks_scope(operation, answer) -> str:
    if operation.refuses_scope_with_401:
        challenge = answer.headers.get("WWW-Authenticate", "")
        right = answer.status_code == 401 and 'error="insufficient_scope"' in challenge and all(scope in challenge for scope in operation.scopes)
        return "" if right else "not a 401 insufficient_scope"
    body = answer.json() if answer.status_code == 403 else {}
    text = body.get("message", body.get("detail", ""))
    named = all(scope in text for scope in operation.scopes)
    return "" if answer.status_code == 403 and named and body.get("code", "missing.permissions") == "missing.permissions" else "not a 403"


def lacks_permission(operation, answer) -> str:
    body = answer.json() if answer.status_code == 403 else {}
    text = body.get("message", body.get("detail", ""))
    named = all(permission in text for permission in operation.permissions)
    right = answer.status_code == 403 and named and body.get("code", "missing.permissions") == "missing.permissions"
    return "" if right else "not a 403 that names the permission"


def admitted(_operation, answer) -> str:
    return "" if answer.status_code not in (401, 403) and answer.status_code < 500 else "refused or failed"


@pytest.fixture(scope="module")
def access(tmp_path_factory):
    """A server of its own: an operation that is admitted is carried out."""
    from harness.server import Server

    server = Server(tmp_path_factory.mktemp("matrix")).start()
    yield Access(server)
    server.stop()


@pytest.fixture(scope="module")
def operations(access) -> list[Operation]:
    paths = requests.get(f"{access.server.base_url}/openapi.json", timeout=10).json()["paths"]
    found = [Operation(method, path, item[method]) for path, item in paths.items() for method in METHODS if method in item]
    protected = [operation for operation in found if operation.schemes]
    assert len(protected) > 200
    return sorted(protected, key=lambda operation: operation.ends_its_credential)


def test_the_document_names_only_scopes_and_permissions_that_exist(access, operations):
    for operation in operations:
        assert set(operation.scopes) <= access.scopes, operation
        assert set(operation.permissions) <= access.permissions, operation
    # A route that asks for neither is open to any credential: those are few, and known.
    open_to_all = {operation.path for operation in operations if not operation.scopes and not operation.permissions}
    assert open_to_all <= {path for path in open_to_all if path.startswith(("/api/v2/notifications/", "/api/v2/tokens/me", "/api/v2/organizations/me",
                                                                             "/api/v2/sandbox/numbers", "/api/v2/oauth/scopes"))}, open_to_all


def test_without_a_credential_no_route_opens(access, operations):
    rows = [(operation, headers, unauthenticated, held) for operation in operations for headers, held in (
        ({}, "nothing"), (bearer("guessed"), "a wrong token"), ({"Cookie": "__Host-dialplane=guessed"}, "a wrong cookie"))
            if held != "a wrong cookie" or operation.method == "GET"]
    assert access.prove(rows) > 500


def test_every_scope_but_those_named_does_not_open_a_route(access, operations):
    """Administrators lack nothing but the scope."""
    def held(operation):
        return None, frozenset(scope for scope in access.scopes if not any(opens(scope, wanted) for wanted in operation.scopes))
    asked = [operation for operation in operations if operation.scopes]
    tokens = access.prepare({held(operation) for operation in asked})
    rows = [(each, bearer(tokens[held(each)]), lacks_scope, f"every scope but {each.scopes}") for each in asked]
    assert access.prove(rows) > 180


def test_every_permission_but_those_named_does_not_open_a_route(access, operations):
    """A role with everything else, and a token with every scope."""
    def held(operation):
        return access.permissions - set(operation.permissions), frozenset()
    asked = [operation for operation in operations if operation.permissions]
    tokens = access.prepare({held(operation) for operation in asked})
    rows = [(each, bearer(tokens[held(each)]), lacks_permission, f"every permission but {each.permissions}") for each in asked]
    assert access.prove(rows) > 180


def test_each_scope_with_each_permission_opens_the_route(access, operations):
    """One of each is enough; what the route then says to an empty body or an unknown id is no question of access."""
    asked = [(operation, (frozenset({permission} - {""}), frozenset({scope} - {""}))) for operation in operations
             for scope, permission in itertools.product(operation.scopes or ("",), operation.permissions or ("",))]
    tokens = access.prepare({held for _, held in asked})
    rows = [(operation, bearer(tokens[held]), admitted, f"{set(held[1]) or 'any scope'} and {set(held[0]) or 'no permission'}")
            for operation, held in asked]
    assert access.prove([row for row in rows if not row[0].ends_its_credential]) > 500
    access.prove([row for row in rows if row[0].ends_its_credential])


class FromAddress(requests.adapters.HTTPAdapter):
    """So many token requests are more than one address may make in a minute."""

    def __init__(self, address: str):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *words, **options):
        super().init_poolmanager(*words, **options, source_address=(self.address, 0))


def test_a_coarse_scope_holds_what_it_stands_for_and_nothing_else(access):
    """By the token endpoint, which narrows: `scope` must be covered by what the client owns."""
    for n, held in enumerate(sorted(set(STANDS_FOR) | {"routing", "oauth:readonly", "user:read"})):
        made = access.admin.post(CLIENTS, {"name": "Narrow", "authorizedGrantType": "CLIENT-CREDENTIALS", "scope": [held], "roleIds": []}, 200)
        session, form = requests.Session(), {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["secret"]}
        session.mount("http://", FromAddress(f"127.0.0.{n + 2}"))
        def status(wanted):
            return session.post(f"{access.server.base_url}/oauth/token", data=form | {"scope": wanted}, timeout=30).status_code
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = dict(zip(access.scopes, pool.map(status, access.scopes)))
        assert set(answers.values()) == {200, 400}, answers
        assert {wanted for wanted, status in answers.items() if status == 200} == {wanted for wanted in access.scopes if opens(held, wanted)}, held


def test_an_api_key_opens_its_family_alone_by_the_same_rules(access, operations):
    family = [operation for operation in operations if "apiKey" in operation.schemes]
    assert len(family) > 15
    everything, rows = access.key(None, access.own_scopes), []
    for operation in operations:
        judge = admitted if operation in family else unauthenticated
        rows.append((operation, {"X-API-Key": everything}, judge, "an API key that may do everything"))
    for scopes in {operation.scopes for operation in family}:
        key = access.key(None, {scope for scope in access.own_scopes if not any(opens(scope, wanted) for wanted in scopes)})
        rows += [(each, {"X-API-Key": key}, lacks_scope, "a key without the scope") for each in family if each.scopes == scopes]
    for permissions in {operation.permissions for operation in family}:
        key = access.key(access.permissions - set(permissions), access.own_scopes)
        rows += [(each, {"X-API-Key": key}, lacks_permission, "a key without the permission") for each in family
                 if each.permissions == permissions]
    access.prove(rows)


def test_a_console_session_opens_every_route_from_its_own_page_only(access, operations):
    run, url = access.server.first_run["console"], access.server.base_url
    login = requests.post(f"{url}/login", json={"user": run["user"], "password": run["password"]}, headers={"Origin": url}, timeout=30)
    own = {"Cookie": login.headers["Set-Cookie"].split(";")[0], "Origin": url, "X-Dialplane-Console": "1"}

    def forged(_operation, answer) -> str:
        return "" if answer.status_code == 403 else "not a 403"
    unsafe = [operation for operation in operations if operation.method != "GET"]
    access.prove([(operation, own | {"Origin": "http://evil.example"}, forged, "another page's Origin") for operation in unsafe])
    access.prove([(operation, {name: value for name, value in own.items() if name != "X-Dialplane-Console"}, forged, "a form of ours")
                  for operation in unsafe])
    rows = [(operation, own, admitted, "the administrator's session") for operation in operations]
    access.prove([row for row in rows if not row[0].ends_its_credential])
    access.prove([row for row in rows if row[0].ends_its_credential])


def test_a_secret_in_the_wrong_place_is_no_credential(access):
    """Basic authentication, a token in the query, a client's id: none of them is a token."""
    pair = base64.b64encode(f"{access.admin.client_id}:{access.admin.client_secret}".encode()).decode()
    for headers, query in (({"Authorization": f"Basic {pair}"}, ""), ({}, f"?access_token={access.admin.token}"),
                           (bearer(access.admin.client_secret), ""), ({"X-API-Key": access.admin.token}, "")):
        answer = requests.get(f"{access.server.base_url}/api/v2/users{query}", headers=headers, timeout=10)
        assert answer.status_code == 401, answer.text
