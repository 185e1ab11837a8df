"""Who may do what: tokens by every grant, their narrowing and their end, roles, API keys and limits; and what an attacker tries."""
import hashlib
import json
import secrets
import time
import urllib.parse

import pytest
import requests

from harness.client import Client
from harness.jwt import Key, assertion, b64, claims, unsigned, with_secret

JOHN = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
OTHER = "user-agent-48291"
EDGES = "/api/v2/telephony/providers/edges"
NUMBERS = "/api/v2/telephony/phone/numbers"
CLIENTS = "/api/v2/oauth/clients"
ROLES = "/api/v2/authorization/roles"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture(scope="module")
def admin(server) -> Client:
    return server.client().log_in()


def token_request(server, **form) -> requests.Response:
    return requests.post(f"{server.base_url}/oauth/token", data=form, timeout=10)


def with_token(server, token: str) -> Client:
    client = Client(server.base_url, "", "")
    client.token = token
    return client


def oauth_client(admin, **changes) -> dict:
    body = {"name": "Tests", "authorizedGrantType": "CLIENT-CREDENTIALS", "roleIds": [], "scope": ["user:read"]} | changes
    return admin.post(CLIENTS, body, 200)


def client_with(server, admin, permissions: list, scopes: list, **changes) -> Client:
    """A client whose only role holds these permissions."""
    policies = [{"domain": d, "entityName": e, "actionSet": [a]} for d, e, a in (p.split(":") for p in permissions)]
    role = admin.post(ROLES, {"name": f"role {secrets.token_hex(4)}", "permissionPolicies": policies}, 200)
    made = oauth_client(admin, roleIds=[role["id"]], scope=scopes, **changes)
    return Client(server.base_url, made["id"], made["secret"]).log_in()


def assert_missing(answer: requests.Response, permission: str) -> None:
    assert answer.status_code == 403, answer.text
    assert answer.json()["code"] == "missing.permissions" and permission in answer.json()["message"], answer.text


class TestScopes:
    def test_a_token_holds_what_was_asked_for(self, admin):
        answer = admin.request_token(scope="conversation:call:write user:read")
        assert answer.status_code == 200 and answer.json()["scope"] == "conversation:call:write user:read"

    @pytest.mark.parametrize("scope", ["nonsense", "telephony:edge:write nonsense", "user:read:me%20x"])
    def test_an_unknown_scope_is_invalid(self, admin, scope):
        answer = admin.request_token(scope=scope)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_scope", answer.text

    def test_a_scope_that_the_client_does_not_own_is_invalid(self, server, admin):
        made = oauth_client(admin, scope=["telephony"])
        client = Client(server.base_url, made["id"], made["secret"])
        assert client.request_token(scope="users").json()["error"] == "invalid_scope"
        assert client.request_token(scope="telephony:edge:write").status_code == 200  # the coarse one covers it

    def test_seed_1s_shapes_say_401_and_the_others_403(self, server):
        client = server.client(scope="user:read").log_in()
        answer = client.request("GET", EDGES)
        assert answer.status_code == 401 and 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert_missing(client.request("GET", NUMBERS), "scope")


class TestPermissions:
    def test_a_client_without_roles_may_do_nothing_with_its_scopes(self, server, admin):
        made = oauth_client(admin, scope=["telephony"])
        client = Client(server.base_url, made["id"], made["secret"]).log_in()
        assert_missing(client.request("GET", EDGES), "telephony:plugin:all")

    def test_seed_0s_permissions(self, server, admin):
        client = client_with(server, admin, ["telephony:phoneNumber:view"], ["telephony"])
        assert client.get(NUMBERS)["total"] >= 3
        assert_missing(client.request("PUT", f"{NUMBERS}/number-main-line", {}), "telephony:phoneNumber:edit")
        assert_missing(client.request("GET", EDGES), "telephony:edge:view")

    def test_telephony_plugin_all_is_every_telephony_route(self, server, admin):
        client = client_with(server, admin, ["telephony:plugin:all"], ["telephony", "users"])
        for path in (EDGES, NUMBERS, f"{EDGES}/sites", "/api/v2/stations", f"/api/v2/telephony/users/{JOHN}/settings"):
            client.get(path)
        assert_missing(client.request("GET", "/api/v2/users"), "directory:user:view")

    def test_a_change_of_a_role_is_felt_at_once(self, server, admin):
        client = client_with(server, admin, ["telephony:phoneNumber:view"], ["telephony"])
        role = admin.get(f"{CLIENTS}/{client.client_id}")["roleIds"][0]
        path = f"/api/v2/authorization/subjects/{client.client_id}/divisions/*/roles/{role}"
        client.get(NUMBERS)
        admin.delete(path)
        assert_missing(client.request("GET", NUMBERS), "telephony:phoneNumber:view")
        admin.post(path, None, 204)
        client.get(NUMBERS)

    def test_nobody_grants_more_than_they_hold(self, server, admin):
        client = client_with(server, admin, ["authorization:role:add", "authorization:grant:add", "oauth:client:add", "oauth:client:edit"],
                             ["authorization", "oauth", "telephony"])
        everything = {"name": "x", "permissionPolicies": [{"domain": "*", "entityName": "*", "actionSet": ["*"]}]}
        assert_missing(client.request("POST", ROLES, everything), "*:*:*")
        own = f"/api/v2/authorization/subjects/{client.client_id}/divisions/*/roles/role-administrator"
        assert_missing(client.request("POST", own), "*:*:*")
        body = {"name": "x", "authorizedGrantType": "CLIENT-CREDENTIALS", "scope": ["telephony"], "roleIds": ["role-administrator"]}
        assert_missing(client.request("POST", CLIENTS, body), "*:*:*")
        assert_missing(client.request("POST", CLIENTS, body | {"roleIds": [], "scope": ["users"]}), "users")
        assert_missing(client.request("POST", f"{CLIENTS}/{admin.client_id}/secret"), "*:*:*")


class TestRoles:
    def test_the_example_organization_has_its_roles(self, admin):
        roles = {role["id"]: role for role in admin.get(ROLES)["entities"]}
        assert {"role-administrator", "role-telephony-manager", "role-agent"} <= roles.keys()
        assert "telephony:plugin:all" in roles["role-telephony-manager"]["permissions"]
        catalogue = {d["domain"]: d for d in admin.get("/api/v2/authorization/permissions?pageSize=100")["entities"]}
        actions = {p["action"] for p in catalogue["telephony"]["permissionMap"]["phoneNumber"]}
        assert actions == {"view", "edit", "useAsCallerId"}

    def test_a_role_is_made_changed_granted_and_removed(self, admin):
        body = {"name": "Number clerk", "permissionPolicies": [{"domain": "telephony", "entityName": "phoneNumber", "actionSet": ["view"]}]}
        role = admin.post(ROLES, body, 200)
        changed = admin.put(f"{ROLES}/{role['id']}", body | {"description": "Numbers", "version": role["version"]})
        assert changed["description"] == "Numbers" and changed["version"] == role["version"] + 1
        assert admin.put(f"{ROLES}/{role['id']}/users/add", [OTHER]) == [OTHER]
        assert [user["id"] for user in admin.get(f"{ROLES}/{role['id']}/users")["entities"]] == [OTHER]
        subject = admin.get(f"/api/v2/authorization/subjects/{OTHER}")
        assert {grant["role"]["id"] for grant in subject["grants"]} == {"role-agent", role["id"]}
        assert admin.request("DELETE", f"{ROLES}/{role['id']}").status_code == 409
        roles = admin.put(f"/api/v2/users/{OTHER}/roles", ["role-agent"])["roles"]
        assert [each["id"] for each in roles] == ["role-agent"]
        admin.delete(f"{ROLES}/{role['id']}")
        assert admin.request("GET", f"{ROLES}/{role['id']}").status_code == 404

    @pytest.mark.parametrize("policy", [{"domain": "telephony", "entityName": "phoneNumbers", "actionSet": ["view"]},
                                        {"domain": "telephony", "entityName": "phoneNumber", "actionSet": []}, {"domain": "telephony"}])
    def test_a_policy_must_make_sense(self, admin, policy):
        answer = admin.request("POST", ROLES, {"name": "x", "permissionPolicies": [policy]})
        assert answer.status_code == 400, answer.text

    def test_a_built_in_role_does_not_change(self, admin):
        assert admin.request("DELETE", f"{ROLES}/role-agent").status_code == 409
        assert admin.request("PUT", f"{ROLES}/role-agent", {"name": "x"}).status_code == 409


class TestOAuthClients:
    def test_a_secret_is_shown_once_and_rotated(self, server, admin):
        made = oauth_client(admin)
        assert len(made["secret"]) == 43
        assert "secret" not in admin.get(f"{CLIENTS}/{made['id']}")
        assert made["secret"] not in json.dumps(admin.get(f"{CLIENTS}?pageSize=100"))
        new = admin.post(f"{CLIENTS}/{made['id']}/secret", None, 200)["secret"]
        assert Client(server.base_url, made["id"], made["secret"]).request_token().status_code == 401
        assert Client(server.base_url, made["id"], new).request_token().status_code == 200

    def test_its_tokens_end_with_it(self, server, admin):
        made = oauth_client(admin)
        client = Client(server.base_url, made["id"], made["secret"]).log_in()
        client.get("/api/v2/tokens/me")
        admin.delete(f"{CLIENTS}/{made['id']}")
        assert client.request("GET", "/api/v2/tokens/me").status_code == 401

    @pytest.mark.parametrize("change", [
        {"authorizedGrantType": "PASSWORD"}, {"scope": ["nonsense"]}, {"roleIds": ["nowhere"]}, {"accessTokenValiditySeconds": 10},
        {"authorizedGrantType": "CODE"}, {"authorizedGrantType": "CODE", "registeredRedirectUri": ["http://example.com/cb"]},
        {"authorizedGrantType": "CODE", "registeredRedirectUri": ["javascript:alert(1)"]},
        {"authorizedGrantType": "CODE", "registeredRedirectUri": ["https://example.com/#x"]},
        {"publicClient": True}, {"authorizedGrantType": "JWT-BEARER"}, {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}}])
    def test_what_makes_no_sense_is_refused(self, admin, change):
        body = {"name": "x", "authorizedGrantType": "CLIENT-CREDENTIALS", "scope": ["user:read"]} | change
        answer = admin.request("POST", CLIENTS, body)
        assert answer.status_code == 400 and answer.json()["details"], answer.text

    def test_scopes_are_listed(self, admin):
        names = {scope["id"] for scope in admin.get("/api/v2/oauth/scopes?pageSize=100")["entities"]}
        assert {"telephony:edge:write", "conversation:call:write", "user:read:me", "telephony:readonly"} <= names


class TestRevocation:
    def test_a_token_ends_itself(self, server):
        client = server.client().log_in()
        info = client.get("/api/v2/tokens/me")
        assert info["OAuthClient"]["id"] == client.client_id and "user:read" in info["authorizedScope"]
        client.delete("/api/v2/tokens/me", 200)
        assert client.request("GET", "/api/v2/tokens/me").status_code == 401

    def test_rfc_7009(self, server, admin):
        client = server.client().log_in()
        made = oauth_client(admin)
        url = f"{server.base_url}/oauth/revoke"
        # Another client learns nothing and ends nothing.
        assert requests.post(url, data={"token": client.token}, auth=(made["id"], made["secret"]), timeout=10).status_code == 200
        client.get("/api/v2/tokens/me")
        assert requests.post(url, data={"token": client.token}, auth=(client.client_id, "wrong"), timeout=10).status_code == 401
        own = (client.client_id, client.client_secret)
        assert requests.post(url, data={"token": client.token}, auth=own, timeout=10).status_code == 200
        assert client.request("GET", "/api/v2/tokens/me").status_code == 401
        assert requests.post(url, data={"token": "unknown"}, auth=own, timeout=10).status_code == 200

    def test_a_revoked_token_stays_revoked_over_a_kill(self, start_server):
        server = start_server()
        client = server.client().log_in()
        kept = server.client().log_in()
        client.delete("/api/v2/tokens/me", 200)
        server.kill()
        server.start()
        assert client.request("GET", "/api/v2/tokens/me").status_code == 401
        kept.get("/api/v2/tokens/me")


@pytest.fixture(scope="module")
def signer(admin, tmp_path_factory):
    """A client that signs for users, and its keys by algorithm."""
    folder = tmp_path_factory.mktemp("keys")
    keys = {algorithm: Key(folder, algorithm, f"{algorithm}-1") for algorithm in ("RS256", "ES256", "EdDSA")}
    scopes = ["conversation:call:write", "user:read:me", "users"]
    client = oauth_client(admin, scope=scopes, jwks={"keys": [key.jwk() for key in keys.values()]})
    return client, keys


class TestJwtBearer:
    @pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
    def test_an_assertion_becomes_a_token_of_its_subject(self, server, signer, algorithm):
        client, keys = signer
        sent = assertion(keys[algorithm], claims(client["id"], JOHN, f"{server.base_url}/oauth/token"))
        answer = token_request(server, grant_type=JWT_BEARER, assertion=sent)
        assert answer.status_code == 200, answer.text
        me = with_token(server, answer.json()["access_token"]).get("/api/v2/users/me?expand=authorization")
        assert me["id"] == JOHN and [role["id"] for role in me["authorization"]["roles"]] == ["role-agent"]
        again = token_request(server, grant_type=JWT_BEARER, assertion=sent)
        assert again.status_code == 400 and again.json()["error"] == "invalid_grant", again.text

    def test_from_must_be_the_subject(self, server, signer):
        client, keys = signer
        sent = assertion(keys["EdDSA"], claims(client["id"], JOHN, server.base_url))
        token = token_request(server, grant_type=JWT_BEARER, assertion=sent).json()["access_token"]
        john = with_token(server, token)
        body = {"from": {"id": OTHER, "phoneNumber": "+15551248291"}, "to": {"phoneNumber": "+14155550110"}, "type": "pstn"}
        refused = john.request("POST", "/api/v2/conversations/calls", body)
        assert refused.status_code == 403, refused.text
        john.hang_up(john.place_call(server.agent, "+14155550110")["id"])

    def test_the_token_goes_by_the_users_role(self, server, signer):
        client, keys = signer
        sent = assertion(keys["ES256"], claims(client["id"], JOHN, server.base_url))
        john = with_token(server, token_request(server, grant_type=JWT_BEARER, assertion=sent).json()["access_token"])
        john.get("/api/v2/users")
        assert_missing(john.request("POST", "/api/v2/users", {"name": "x"}), "directory:user:add")

    def test_user_read_me_is_needed(self, server, admin, signer):
        _, keys = signer
        client = oauth_client(admin, scope=["conversation:call:write"], jwks={"keys": [keys["ES256"].jwk()]})
        sent = assertion(keys["ES256"], claims(client["id"], JOHN, server.base_url))
        answer = token_request(server, grant_type=JWT_BEARER, assertion=sent)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_scope", answer.text

    @pytest.mark.parametrize("change", [
        {"aud": "https://elsewhere.example"}, {"aud": []}, {"aud": None}, {"aud": 7}, {"exp": None}, {"exp": "soon"},
        {"exp": 1e30}, {"exp": 99999999999999999999}, {"exp": -1}, {"jti": None}, {"jti": ""}, {"jti": "x" * 600},
        {"sub": "nobody"}, {"sub": None}, {"iss": "nobody"}, {"iss": "../../etc/passwd"}, {"sub": "' OR 1=1 --"}])
    def test_wrong_claims(self, server, signer, change):
        client, keys = signer
        sent = assertion(keys["EdDSA"], claims(client["id"], JOHN, server.base_url, **change))
        self.refused(server, sent)

    @pytest.mark.parametrize("times", [{"exp": -1}, {"exp": -3600}, {"exp": 3600}, {"exp": 60, "nbf": 50}, {"exp": 60, "iat": 50}])
    def test_wrong_times(self, server, signer, times):
        client, keys = signer
        shifted = {name: int(time.time()) + shift for name, shift in times.items()}
        self.refused(server, assertion(keys["EdDSA"], claims(client["id"], JOHN, server.base_url, **shifted)))

    @pytest.mark.parametrize("header", [
        {"alg": "none"}, {"alg": "HS256"}, {"alg": "RS256"}, {"alg": "ES384"}, {"kid": "../../dev/null"}, {"kid": "' OR 1=1 --"},
        {"kid": "http://127.0.0.1:9/jwks"}, {"jku": "http://127.0.0.1:9/jwks"}, {"x5u": "http://127.0.0.1:9/x"}, {"jwk": {"kty": "oct", "k": "AA"}},
        {"crit": ["exp"]}, {"zip": "DEF"}, {"typ": "at+jwt"}, {"alg": ["EdDSA"]}, {"alg": None}, {"b64": False}])
    def test_wrong_headers(self, server, signer, header):
        client, keys = signer
        self.refused(server, assertion(keys["EdDSA"], claims(client["id"], JOHN, server.base_url), **header))

    @pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "RS256"])
    def test_no_signature(self, server, signer, algorithm):
        client, _ = signer
        self.refused(server, unsigned(claims(client["id"], JOHN, server.base_url), algorithm))

    def test_confusions(self, server, admin, signer, tmp_path):
        client, keys = signer
        good = claims(client["id"], JOHN, server.base_url)
        for key in keys.values():
            self.refused(server, with_secret(good, key.public_der, key.kid))
        self.refused(server, assertion(Key(tmp_path, "RS256", "RS256-1"), good))  # a stranger's key under our kid
        self.refused(server, assertion(keys["RS256"], good, kid="ES256-1", alg="ES256"))
        head, payload, _ = assertion(keys["ES256"], good).split(".")
        self.refused(server, f"{head}.{payload}.{b64(bytes(64))}")  # r = s = 0
        self.refused(server, f"{head}.{payload}.")
        self.refused(server, f"{head}.{payload}")
        self.refused(server, "a" * 1_000_000)
        # Another client's key does not sign for this one.
        other = oauth_client(admin, scope=["user:read:me"], jwks={"keys": [Key(tmp_path, "EdDSA", "EdDSA-1").jwk()]})
        self.refused(server, assertion(keys["EdDSA"], claims(other["id"], JOHN, server.base_url)))

    def test_duplicate_claims(self, server, signer):
        client, keys = signer
        good = json.dumps(claims(client["id"], OTHER, server.base_url))
        self.refused(server, assertion(keys["EdDSA"], good[:-1] + f', "sub": "{JOHN}"' + "}"))
        self.refused(server, assertion(keys["EdDSA"], good[:-1] + f', "s\\u0075b": "{JOHN}"' + "}"))

    def test_an_assertion_is_no_access_token(self, server, signer):
        client, keys = signer
        sent = assertion(keys["EdDSA"], claims(client["id"], JOHN, server.base_url))
        assert with_token(server, sent).request("GET", "/api/v2/users/me").status_code == 401

    def test_a_jti_is_spent_over_a_kill(self, start_server, tmp_path):
        server = start_server()
        key = Key(tmp_path, "ES256")
        made = oauth_client(server.client(), scope=["user:read:me"], jwks={"keys": [key.jwk()]})
        sent = assertion(key, claims(made["id"], JOHN, "http://our.test", exp=int(time.time()) + 290))
        assert token_request(server, grant_type=JWT_BEARER, assertion=sent).status_code == 400
        server.stop()
        server.settings["issuer"] = "http://our.test"
        server.start()
        token = token_request(server, grant_type=JWT_BEARER, assertion=sent).json()["access_token"]
        server.kill()
        server.start()
        again = token_request(server, grant_type=JWT_BEARER, assertion=sent)
        assert again.status_code == 400 and "jti" in again.json()["error_description"], again.text
        assert with_token(server, token).get("/api/v2/users/me")["id"] == JOHN

    @staticmethod
    def refused(server, sent: str) -> None:
        answer = token_request(server, grant_type=JWT_BEARER, assertion=sent)
        assert answer.status_code in (400, 413) and "access_token" not in answer.text, answer.text
        if answer.status_code == 400:
            assert answer.json()["error"] == "invalid_grant", answer.text


class Application:
    """Another application with a browser in front of it, on loopback."""

    def __init__(self, server, admin, **changes):
        self.server = server
        body = {"authorizedGrantType": "CODE", "publicClient": True, "registeredRedirectUri": [CALLBACK],
                "scope": ["conversation:call:write", "user:read:me", "users"]} | changes
        self.client = oauth_client(admin, **body)
        self.verifier = b64(secrets.token_bytes(32))
        self.browser = requests.Session()

    def question(self, **changes) -> dict:
        challenge = b64(hashlib.sha256(self.verifier.encode()).digest())
        asked = {"response_type": "code", "client_id": self.client["id"], "redirect_uri": CALLBACK, "state": "s-1",
                 "code_challenge": challenge, "code_challenge_method": "S256"} | changes
        return {name: value for name, value in asked.items() if value is not None}

    def ask(self, **changes) -> requests.Response:
        return self.browser.get(f"{self.server.base_url}/oauth/authorize", params=self.question(**changes) | {"continue": "1"},
                                allow_redirects=False, timeout=10)

    def answer(self, decision: str = "allow", origin: str | None = None, password: str | None = None, **changes) -> requests.Response:
        run = self.server.first_run["console"]
        form = self.question(**changes) | {"decision": decision, "user": run["user"], "password": password or run["password"]}
        return self.browser.post(f"{self.server.base_url}/oauth/authorize", data=form, allow_redirects=False, timeout=30,
                                 headers={"Origin": self.server.base_url if origin is None else origin})

    def code(self, **changes) -> str:
        answer = self.answer(**changes)
        assert answer.status_code == 303, answer.text
        back = urllib.parse.urlsplit(answer.headers["Location"])
        values = dict(urllib.parse.parse_qsl(back.query))
        assert answer.headers["Location"].startswith(CALLBACK) and values["state"] == "s-1" and values["iss"] == self.server.base_url
        return values["code"]

    def exchange(self, code: str, **changes) -> requests.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": self.client["id"],
                "code_verifier": self.verifier} | changes
        return token_request(self.server, **form)

    def refresh(self, token: str, **changes) -> requests.Response:
        return token_request(self.server, grant_type="refresh_token", refresh_token=token, client_id=self.client["id"], **changes)


@pytest.fixture(scope="module")
def application(server, admin):
    return Application(server, admin)


def assert_grant_refused(answer: requests.Response) -> None:
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant", answer.text


class TestAuthorizationCode:
    def test_from_the_page_to_a_token_of_the_user(self, server, application):
        page = application.ask()
        assert page.status_code == 200 and "Tests asks for access" in page.text and "password" in page.text
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        answer = application.exchange(application.code(scope="conversation:call:write user:read:me"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["scope"] == "conversation:call:write user:read:me"
        john = with_token(server, answer.json()["access_token"])
        assert john.get("/api/v2/users/me")["id"] == JOHN
        body = {"from": {"id": OTHER, "phoneNumber": "+15551248291"}, "to": {"phoneNumber": "+14155550110"}, "type": "pstn"}
        assert john.request("POST", "/api/v2/conversations/calls", body).status_code == 403

    def test_a_console_session_needs_no_password_but_a_consent(self, server, admin):
        application = Application(server, admin)
        run = server.first_run["console"]
        login = requests.post(f"{server.base_url}/login", json={"user": run["user"], "password": run["password"]}, timeout=30,
                              headers={"Origin": server.base_url})
        cookie = login.headers["Set-Cookie"].split(";")[0]
        application.browser.headers["Cookie"] = cookie
        page = application.ask()
        assert page.status_code == 200 and "password" not in page.text
        assert application.answer(origin="http://evil.example").status_code == 400
        assert application.exchange(application.code(user="", password="-")).status_code == 200

    def test_without_a_cookie_the_page_asks_itself_once_more(self, server, application):
        answer = requests.get(f"{server.base_url}/oauth/authorize", params=application.question(), timeout=10)
        assert answer.status_code == 200 and 'http-equiv="refresh"' in answer.text and "continue=1" in answer.text

    @pytest.mark.parametrize("change", [
        {"redirect_uri": "http://127.0.0.1:9/callback/"}, {"redirect_uri": "http://127.0.0.1:9/callback?x=1"},
        {"redirect_uri": "http://127.0.0.1:10/callback"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": None},
        {"redirect_uri": "http://127.0.0.1:9/callback@evil.example"}, {"client_id": "nobody"}, {"client_id": None}])
    def test_nobody_is_sent_to_a_stranger(self, application, change):
        for answer in (application.ask(**change), application.answer(**change)):
            assert answer.status_code == 400 and "Location" not in answer.headers, answer.text

    @pytest.mark.parametrize("change,error", [
        ({"code_challenge": None}, "invalid_request"), ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"), ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"), ({"scope": "nonsense"}, "invalid_scope"),
        ({"scope": "telephony"}, "invalid_scope")])
    def test_other_faults_go_back_to_the_application(self, application, change, error):
        for answer in (application.ask(**change), application.answer(**change)):
            assert answer.status_code == 303 and f"error={error}" in answer.headers["Location"], answer.headers
            assert "code=" not in answer.headers["Location"]

    def test_deny(self, application):
        assert "error=access_denied" in application.answer("deny").headers["Location"]

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
    def test_consent_from_elsewhere_is_none(self, application, origin):
        answer = application.answer(origin=origin)
        assert answer.status_code == 400 and "Location" not in answer.headers

    def test_a_wrong_password_shows_the_page_again(self, application):
        answer = application.answer(password="wrong")
        assert answer.status_code == 401 and "wrong" in answer.text and "Location" not in answer.headers

    def test_what_is_shown_is_escaped(self, server, admin):
        application = Application(server, admin, name="<script>alert(1)</script>")
        page = application.ask(state='"><img src=x onerror=alert(1)>')
        assert "<script>" not in page.text and "<img" not in page.text

    @pytest.mark.parametrize("change", [{"code_verifier": "x" * 43}, {"code_verifier": ""}, {"redirect_uri": "http://127.0.0.1:9/other"}])
    def test_a_mismatch_burns_the_code(self, application, change):
        code = application.code()
        assert_grant_refused(application.exchange(code, **change))
        assert_grant_refused(application.exchange(code))

    def test_another_clients_code(self, server, admin, application):
        other = Application(server, admin)
        assert_grant_refused(application.exchange(application.code(), client_id=other.client["id"]))

    def test_a_code_used_twice_takes_its_tokens_back(self, server, application):
        code = application.code()
        tokens = application.exchange(code).json()
        with_token(server, tokens["access_token"]).get("/api/v2/users/me")
        assert_grant_refused(application.exchange(code))
        assert with_token(server, tokens["access_token"]).request("GET", "/api/v2/users/me").status_code == 401
        assert_grant_refused(application.refresh(tokens["refresh_token"]))

    def test_refresh_tokens_rotate_and_notice_a_thief(self, server, application):
        first = application.exchange(application.code()).json()
        second = application.refresh(first["refresh_token"]).json()
        assert second["refresh_token"] != first["refresh_token"]
        narrow = application.refresh(second["refresh_token"], scope="user:read:me").json()
        assert narrow["scope"] == "user:read:me"
        assert with_token(server, narrow["access_token"]).get("/api/v2/users/me")["id"] == JOHN
        assert_grant_refused(application.refresh(first["refresh_token"]))
        for tokens in (first, second, narrow):
            assert with_token(server, tokens["access_token"]).request("GET", "/api/v2/users/me").status_code == 401
        assert_grant_refused(application.refresh(narrow["refresh_token"]))

    def test_a_confidential_client_needs_its_secret_too(self, server, admin):
        application = Application(server, admin, publicClient=False)
        code = application.code()
        assert application.exchange(code).json()["error"] == "invalid_client"
        assert application.exchange(code, client_secret=application.client["secret"]).status_code == 200

    def test_a_public_client_has_no_token_of_its_own(self, server, application):
        answer = token_request(server, grant_type="client_credentials", client_id=application.client["id"])
        assert answer.status_code == 400 and answer.json()["error"] == "unauthorized_client", answer.text

    def test_used_codes_and_rotated_tokens_are_remembered_over_a_kill(self, start_server):
        server = start_server()
        application = Application(server, server.client().log_in())
        first = application.exchange(application.code()).json()
        second = application.refresh(first["refresh_token"]).json()
        server.kill()
        server.start()
        with_token(server, second["access_token"]).get("/api/v2/users/me")
        assert_grant_refused(application.refresh(first["refresh_token"]))
        assert with_token(server, second["access_token"]).request("GET", "/api/v2/users/me").status_code == 401


class TestApiKeys:
    def test_a_key_is_shown_once_and_found_by_its_prefix(self, admin):
        made = admin.post("/api/v2/apikeys", {"name": "Bot", "scope": ["telephony"], "roleIds": ["role-telephony-manager"]})
        assert made["key"].startswith(made["prefix"]) and len(made["prefix"]) == 11
        read = admin.get(f"/api/v2/apikeys/{made['id']}")
        assert "key" not in read and read["prefix"] == made["prefix"]
        admin.put(f"/api/v2/apikeys/{made['id']}", read | {"state": "inactive"})
        admin.delete(f"/api/v2/apikeys/{made['id']}")
        assert admin.request("GET", f"/api/v2/apikeys/{made['id']}").status_code == 404

    def test_a_key_opens_its_family_and_nothing_else(self, server, admin):
        key = {"X-API-Key": server.first_run["apiKey"]}
        assert requests.get(f"{server.base_url}/organizations/telephony-configs", headers=key, timeout=10).status_code == 200
        weak = admin.post("/api/v2/apikeys", {"name": "Weak", "scope": ["telephony"], "roleIds": []})
        refused = requests.get(f"{server.base_url}/organizations/telephony-configs", headers={"X-API-Key": weak["key"]}, timeout=10)
        assert refused.status_code == 403 and "telephony:telephonyConfig:view" in refused.json()["detail"], refused.text
        admin.delete(f"/api/v2/apikeys/{weak['id']}")
        gone = requests.get(f"{server.base_url}/organizations/telephony-configs", headers={"X-API-Key": weak["key"]}, timeout=10)
        assert gone.status_code == 401
        answer = requests.get(f"{server.base_url}/api/v2/users", headers={"X-API-Key": server.first_run["apiKey"]}, timeout=10)
        assert answer.status_code == 401


class TestLimits:
    def test_every_answer_says_where_the_limit_stands(self, start_server):
        client = start_server(rate_limit=300).client().log_in()
        for path, status in (("/api/v2/users/me", 400), ("/api/v2/users", 200), ("/api/v2/users/nobody", 404)):
            answer = client.request("GET", path)
            assert answer.status_code == status and answer.headers["inin-ratelimit-allowed"] == "300"
            assert 0 <= int(answer.headers["inin-ratelimit-reset"]) <= 60

    def test_a_client_has_its_own_figure(self, server, admin):
        client = client_with(server, admin, ["directory:user:view"], ["users"], rateLimit={"requestsPerMinute": 3})
        codes = [client.request("GET", "/api/v2/users").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        body = admin.get(f"{CLIENTS}/{client.client_id}")
        admin.put(f"{CLIENTS}/{client.client_id}", body | {"rateLimit": {"requestsPerMinute": "unlimited"}})
        answer = client.request("GET", "/api/v2/users")
        assert answer.status_code == 200 and "inin-ratelimit-allowed" not in answer.headers

    def test_calls_have_a_limit_besides(self, server, admin):
        client = client_with(server, admin, ["conversation:call:add", "directory:user:view"], ["conversations", "users"],
                             rateLimit={"requestsPerMinute": 100, "callsPerMinute": 2})
        answers = [client.request("POST", "/api/v2/conversations/calls", {}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [400, 400, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60 and answers[-1].json()["code"] == "too.many.requests"
        client.get("/api/v2/users")

    def test_the_token_endpoint_has_its_own(self, start_server):
        client = start_server().client()
        answers = [client.request_token() for _ in range(121)]
        assert [answer.status_code for answer in answers[:120]] == [200] * 120
        assert answers[-1].status_code == 429 and 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        wrong = requests.post(f"{client.base_url}/oauth/token", data={"grant_type": "client_credentials", "client_id": "other"}, timeout=10)
        assert wrong.status_code == 401  # somebody else's bucket

    def test_guessing_tokens_costs_the_guesser(self, start_server):
        server = start_server(rate_limit=5)
        codes = [with_token(server, f"guess-{n}").request("GET", "/api/v2/users").status_code for n in range(7)]
        assert codes == [401] * 5 + [429] * 2
        server.client().log_in().get("/api/v2/users")


def test_no_secret_lies_in_the_data_folder(start_server, tmp_path):
    server = start_server()
    admin = server.client().log_in()
    application = Application(server, admin)
    tokens = application.exchange(application.code()).json()
    key = admin.post("/api/v2/apikeys", {"name": "Bot", "scope": [], "roleIds": []})["key"]
    made = oauth_client(admin)
    marked = [admin.token, tokens["access_token"], tokens["refresh_token"], key, made["secret"], application.verifier]
    server.stop()
    found = [(path, secret) for path in server.folder.rglob("*") if path.is_file() and path.name != "first-run.json"
             for secret in marked if secret.encode() in path.read_bytes()]
    assert not found
