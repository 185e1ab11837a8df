"""Roles as the Genesys API changes and grants them, felt by tokens that are in use; and the metadata that OAuth libraries read."""
import secrets

import pytest
import requests

from harness.client import Client

CLIENTS = "/api/v2/oauth/clients"
ROLES = "/api/v2/authorization/roles"
NUMBERS = "/api/v2/telephony/phone/numbers"
EDGES = "/api/v2/telephony/providers/edges"
USER = "user-agent-48291"
METADATA = "/.well-known/oauth-authorization-server"


def policy(entity: str, *actions: str) -> dict:
    return {"domain": "telephony", "entityName": entity, "actionSet": list(actions)}


@pytest.fixture(scope="module")
def admin(server) -> Client:
    return server.client().log_in()


@pytest.fixture
def role(admin):
    made = admin.post(ROLES, {"name": f"clerk {secrets.token_hex(4)}", "description": "Numbers", "permissionPolicies": [policy("phoneNumber", "view")]}, 200)
    yield made
    for user in admin.get(f"{ROLES}/{made['id']}/users")["entities"]:
        admin.put(f"{ROLES}/{made['id']}/users/remove", [user["id"]])


@pytest.fixture
def holder(server, admin, role) -> Client:
    """Logged in once: its token is in use while the role changes."""
    body = {"name": "Holder", "authorizedGrantType": "CLIENT-CREDENTIALS", "roleIds": [role["id"]], "scope": ["telephony"]}
    made = admin.post(CLIENTS, body, 200)
    return Client(server.base_url, made["id"], made["secret"]).log_in()


def patch(admin, role: dict, body: dict, status: int = 200, **headers) -> dict:
    answer = admin.request("PATCH", f"{ROLES}/{role['id']}", body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def may(client: Client, path: str) -> bool:
    answer = client.request("GET", path)
    assert answer.status_code in (200, 403), answer.text
    return answer.status_code == 200


class TestPatch:
    def test_what_it_does_not_name_stays(self, admin, role):
        changed = patch(admin, role, {"description": "Lines"})
        assert (changed["name"], changed["description"], changed["version"]) == (role["name"], "Lines", role["version"] + 1)
        assert changed["permissionPolicies"] == role["permissionPolicies"]
        assert patch(admin, role, {"description": None})["description"] == ""
        assert patch(admin, role, {"roleNeedsUpdate": False})["name"] == role["name"]
        assert admin.get(f"{ROLES}/{role['id']}")["permissionPolicies"] == role["permissionPolicies"]

    def test_a_token_in_use_feels_it_with_its_next_request(self, admin, role, holder):
        assert may(holder, NUMBERS) and not may(holder, EDGES)
        patch(admin, role, {"permissionPolicies": [policy("edge", "view")]})
        assert may(holder, EDGES) and not may(holder, NUMBERS)
        admin.put(f"{ROLES}/{role['id']}", {"name": role["name"], "permissionPolicies": [policy("phoneNumber", "view")]})
        assert may(holder, NUMBERS) and not may(holder, EDGES)

    def test_another_version_is_refused(self, admin, role):
        patch(admin, role, {"description": "Lines"})
        patch(admin, role, {"description": "Old"}, 412, **{"If-Match": f'"{role["version"]}"'})
        patch(admin, role, {"description": "Old", "version": role["version"]}, 409)
        assert admin.request("DELETE", f"{ROLES}/{role['id']}", headers={"If-Match": f'"{role["version"]}"'}).status_code == 412

    @pytest.mark.parametrize("body", [{"name": ""}, {"name": None}, {"name": 7}, {"permissionPolicies": "all"},
                                      {"permissionPolicies": [{"domain": "telephony", "entityName": "phoneNumbers", "actionSet": ["view"]}]}])
    def test_what_makes_no_sense_changes_nothing(self, admin, role, body):
        patch(admin, role, body, 400)
        assert admin.get(f"{ROLES}/{role['id']}") == role

    def test_neither_a_built_in_role_nor_beyond_ones_own(self, server, admin, role):
        patch(admin, {"id": "role-agent"}, {"description": "x"}, 409)
        patch(admin, {"id": "nobody"}, {"description": "x"}, 404)
        editor = admin.post(ROLES, {"name": f"editor {secrets.token_hex(4)}", "permissionPolicies": [
            {"domain": "authorization", "entityName": "role", "actionSet": ["edit"]}, policy("phoneNumber", "view")]}, 200)
        made = admin.post(CLIENTS, {"name": "Editor", "authorizedGrantType": "CLIENT-CREDENTIALS", "roleIds": [editor["id"]], "scope": ["authorization"]}, 200)
        client = Client(server.base_url, made["id"], made["secret"]).log_in()
        answer = client.request("PATCH", f"{ROLES}/{role['id']}", {"permissionPolicies": [policy("edge", "edit")]})
        assert answer.status_code == 403 and "telephony:edge:edit" in answer.json()["message"], answer.text
        assert client.request("PATCH", f"{ROLES}/{role['id']}", {"description": "mine"}).status_code == 200


class TestGrants:
    def test_users_come_and_go(self, admin, role):
        path = f"{ROLES}/{role['id']}/users"
        assert admin.put(f"{path}/add", [USER]) == [USER]
        assert [user["id"] for user in admin.get(path)["entities"]] == [USER]
        assert admin.get(f"{ROLES}/{role['id']}")["userCount"] == 1
        assert admin.put(f"{path}/remove", [USER]) == [USER]
        assert admin.get(path)["total"] == 0
        assert admin.request("PUT", f"{path}/add", ["nobody"]).status_code == 404
        assert admin.request("PUT", f"{path}/add", {"id": USER}).status_code == 400

    def test_many_subjects_at_once(self, admin, role, holder):
        path = f"{ROLES}/{role['id']}"
        admin.post(path, {"subjectIds": [USER], "divisionIds": ["*"]}, 204)
        assert [user["id"] for user in admin.get(f"{path}/users")["entities"]] == [USER]
        home = admin.get("/api/v2/authorization/divisions/home")["id"]
        other = admin.post(CLIENTS, {"name": "Other", "authorizedGrantType": "CLIENT-CREDENTIALS", "roleIds": [], "scope": ["telephony"]}, 200)
        client = Client(admin.base_url, other["id"], other["secret"]).log_in()
        assert not may(client, NUMBERS)
        admin.post(f"{path}?subjectType=PC_OAUTH_CLIENT", {"subjectIds": [other["id"]], "divisionIds": [home]}, 204)
        assert may(client, NUMBERS)

    @pytest.mark.parametrize("query, change, status", [
        ("?subjectType=PC_GROUP", {}, 400), ("?subjectType=PC_OAUTH_CLIENT", {}, 404), ("", {"subjectIds": ["nobody"]}, 404),
        ("", {"subjectIds": None}, 400), ("", {"divisionIds": None}, 400), ("", {"divisionIds": ["elsewhere"]}, 400)])
    def test_subjects_and_divisions_must_exist(self, admin, role, query, change, status):
        body = {"subjectIds": [USER], "divisionIds": ["*"]} | change
        answer = admin.request("POST", f"{ROLES}/{role['id']}{query}", body)
        assert answer.status_code == status, answer.text
        assert admin.get(f"{ROLES}/{role['id']}/users")["total"] == 0


class TestMetadata:
    def test_what_it_names_is_there(self, server):
        answer = requests.get(server.base_url + METADATA, timeout=10)
        found = answer.json()
        assert answer.status_code == 200 and found["issuer"] == server.base_url  # RFC 8414 section 3.3
        for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint"):
            assert found[name].startswith(server.base_url + "/oauth/")
            assert requests.get(found[name], timeout=10).status_code in (400, 405)
        assert requests.get(found["service_documentation"], timeout=10).status_code == 200

    def test_a_client_that_knows_nothing_else_gets_a_token(self, server):
        found = requests.get(server.base_url + METADATA, timeout=10).json()
        assert {"authorization_code", "client_credentials", "refresh_token"} < set(found["grant_types_supported"])
        run = server.first_run["oauth"]
        for method in found["token_endpoint_auth_methods_supported"]:
            form, pair = {"grant_type": "client_credentials", "scope": "user:read"}, (run["clientId"], run["clientSecret"])
            if method == "client_secret_basic":
                answer = requests.post(found["token_endpoint"], data=form, auth=pair, timeout=10)
            elif method == "client_secret_post":
                answer = requests.post(found["token_endpoint"], data=form | dict(zip(("client_id", "client_secret"), pair)), timeout=10)
            else:
                continue
            assert answer.status_code == 200, f"{method}: {answer.text}"
        assert set(found["scopes_supported"]) == {scope["id"] for scope in server.client().get("/api/v2/oauth/scopes?pageSize=100")["entities"]}

    def test_a_server_with_a_name_answers_by_it(self, start_server):
        server = start_server(issuer="https://phone.example.com/")
        found = requests.get(server.base_url + METADATA, timeout=10).json()
        assert found["issuer"] == "https://phone.example.com/" and found["token_endpoint"] == "https://phone.example.com/oauth/token"
