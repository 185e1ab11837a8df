"""Events as a client is told them: seed 1's steps 5 and 6 as printed, webhooks at a real receiver, the stream, the audit trail."""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import threading
import time

import pytest
import requests

from harness.waiting import until

WEBHOOKS = "/api/v2/webhooks"
QUERY = "/api/v2/analytics/events/query"
EDGES = "/api/v2/telephony/providers/edges"

# seed 1, step 5
SEED_WEBHOOK = {"name": "Trunk-Status-Monitor", "description": "Receives edge registration and health events", "apiVersion": "v2",
                "eventType": ["telephony:edge:status:changed"], "filterCriteria": "",
                "targetUri": "https://your-monitoring-platform.com/webhooks/genesys-trunks", "headers": {"X-Genesys-Event": "true"}}


class Receiver:
    """A webhook target. `answer(request) -> status` decides; every request is kept."""

    Request = collections.namedtuple("Request", "path headers body event")

    def __init__(self, answer=lambda request: 204):
        self.requests: list = []
        self.answer = answer
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Receiver.Request(self.path, self.headers, body, json.loads(body))
                receiver.requests.append(request)
                status = receiver.answer(request)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def sequences(self) -> list[int]:
        return [request.event["sequence"] for request in list(self.requests)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def is_signed(request, secret: str) -> bool:
    """Standard Webhooks, written down from its specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.body])
    wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, given) for given in request.headers["webhook-signature"].split(" "))


def subscribe(api, url: str, **changes) -> dict:
    return api.post(WEBHOOKS, {"name": "test", "eventType": ["configuration.changed"], "filterCriteria": "resourceTypes:[edgegroup]",
                               "targetUri": url} | changes)


def make_group(api, name: str) -> str:
    """Something happens: one `configuration.changed` event about an edge group."""
    return api.post(f"{EDGES}/edgegroups", {"name": name})["id"]


def events(api, filter_: str, **changes) -> list[dict]:
    return api.post(QUERY, {"type": "events", "eventIds": None, "filter": filter_} | changes, 200)["events"]


@pytest.fixture
def client(server):
    return server.client().log_in()


class TestPages:
    """Logs are read by cursor; whoever counts pages instead gets the same entries."""

    @staticmethod
    def by_cursor(first, next_page) -> list[str]:
        ids, page = [], first()
        while True:
            ids += [entry["id"] for entry in page.get("events", page.get("entities"))]
            if "cursor" not in page:
                return ids
            page = next_page(page["cursor"])

    @pytest.mark.parametrize("where", [lambda n: {"pageSize": 3, "pageNumber": n}, lambda n: {"paging": {"pageSize": 3, "pageNumber": n}}])
    def test_events(self, client, where):
        groups = [make_group(client, f"paged-{number}") for number in range(7)]
        asked = {"filter": f"resourceIds:[{','.join(groups)}]"}
        every = self.by_cursor(lambda: client.post(QUERY, asked, 200), lambda cursor: client.post(QUERY, asked | {"cursor": cursor}, 200))
        assert len(every) == 7
        pages = [[event["id"] for event in client.post(QUERY, asked | where(number), 200)["events"]] for number in (1, 2, 3, 4)]
        assert pages == [every[:3], every[3:6], every[6:], []]
        refused = client.request("POST", QUERY, asked | {"pageSize": 1000, "pageNumber": 12})
        assert refused.status_code == 400 and refused.json()["details"][0]["fieldName"] == "pageNumber"

    @pytest.mark.parametrize("query", ["/api/v2/audits", "/api/v2/audits/query/realtime"])
    def test_audit_entries(self, client, query):
        group = make_group(client, "paged-audit")
        for name in ("a", "b", "c", "d"):
            client.put(f"{EDGES}/edgegroups/{group}", {"name": name})

        def page(parameters: str) -> dict:
            if query.endswith("realtime"):
                return client.post(f"{query}?{parameters}", {"interval": "2020-01-01T00:00:00Z/2099-01-01T00:00:00Z",
                                                             "filters": [{"property": "EntityId", "value": group}]}, 200)
            return client.get(f"{query}?entityId={group}&{parameters}")
        every = self.by_cursor(lambda: page("pageSize=2"), lambda cursor: page(f"pageSize=2&cursor={cursor}"))
        assert len(every) == 5 and every == sorted(every, key=int, reverse=True)
        pages = [[entry["id"] for entry in page(f"pageSize=2&pageNumber={number}")["entities"]] for number in (1, 2, 3, 4)]
        assert pages == [every[:2], every[2:4], every[4:], []]


class TestSeedOne:
    def test_a_trunks_audit_event_and_registration_outcome_can_be_queried_within_two_seconds(self, client, server):
        run = server.first_run
        trunk = client.post(EDGES, {
            "name": "Events-Trunk", "edgeGroupId": run["edgeGroupId"], "sipProfileId": run["sipProfileId"], "maxConcurrentSessions": 5,
            "codecs": ["G711u"], "registration": {"type": "REGISTER", "host": "sip.carrier.example.com", "port": 5060,
                                                  "username": "trunk_user_01", "password": "secure_trunk_password"},
            "healthProbe": {"enabled": True, "intervalSeconds": 30}})
        try:
            wanted = ("audit:edge:updated", "telephony:edge:registration:success", "telephony:edge:registration:failure")
            filter_ = f"resourceIds:[{trunk['id']}] AND eventTypes:[{','.join(wanted)}]"

            def look():
                found = events(client, filter_)
                return found if {"audit:edge:updated", "telephony:edge:registration:success"} <= {e["eventType"] for e in found} else None
            found = until(look, 10, "both events")
            assert all(event["resourceId"] == trunk["id"] and event["timestamp"] for event in found)
            registered = next(event for event in found if event["eventType"] == wanted[1])
            assert registered["registrationLatencyMs"] >= 1, "rounded up: what was measured is never nothing"
            aggregates = client.post("/api/v2/analytics/events/aggregates/query", {"filter": filter_}, 200)["results"]
            assert aggregates[0]["resourceId"] == trunk["id"]
            assert aggregates[0]["registrationLatencyMs"]["p50"] <= aggregates[0]["registrationLatencyMs"]["p99"]
        finally:
            client.delete(f"{EDGES}/{trunk['id']}")

    def test_the_printed_webhook_is_created_whatever_its_target(self, client):
        made = client.post(WEBHOOKS, SEED_WEBHOOK)
        for field, value in SEED_WEBHOOK.items():
            assert made[field] == value, field
        assert made["secret"].startswith("whsec_")
        read = client.get(f"{WEBHOOKS}/{made['id']}")
        assert read["secret"] != made["secret"] and read["enabled"]
        assert client.put(f"{WEBHOOKS}/{made['id']}", read)["version"] == read["version"], "nothing changed"
        client.delete(f"{WEBHOOKS}/{made['id']}")

    @pytest.mark.parametrize("path, body", [(WEBHOOKS, SEED_WEBHOOK), (QUERY, {"type": "events", "filter": ""})])
    def test_without_the_scope_it_is_401_insufficient_scope(self, server, path, body):
        poor = server.client(scope="user:read").log_in()
        answer = poor.request("POST", path, body)
        assert answer.status_code == 401 and answer.json()["code"] == "insufficient_scope", answer.text


class TestQuery:
    @pytest.mark.parametrize("filter_, says", [
        ("resourceIds:[", "position 14"), ("colour:red", "no field 'colour'"),
        ("eventTypes:[no:such]", "audit:edge:updated"), ("timestamp>yesterday", "expected a time"),
    ])
    def test_a_wrong_filter_is_a_400_with_its_position(self, client, filter_, says):
        answer = client.request("POST", QUERY, {"filter": filter_})
        assert answer.status_code == 400, answer.text
        assert says in answer.json()["message"] and answer.json()["details"][0]["fieldName"] == "filter"

    def test_pages_hold_every_event_once_in_both_orders(self, client):
        ids = [make_group(client, f"page-{number}") for number in range(7)]
        filter_ = f"resourceIds:[{','.join(ids)}]"
        for order, wanted in (("asc", ids), ("desc", ids[::-1])):
            seen, cursor = [], None
            while True:
                body = {"filter": filter_, "pageSize": 3, "order": order} | ({"cursor": cursor} if cursor else {})
                page = client.post(QUERY, body, 200)
                seen += [event["resourceId"] for event in page["events"]]
                cursor = page.get("cursor")
                if not cursor:
                    break
            assert seen == wanted, order


class TestWebhooks:
    def test_an_event_arrives_signed_with_the_headers_asked_for(self, client):
        with Receiver() as receiver:
            hook = subscribe(client, f"{receiver.url}/hook", headers={"X-Mine": "yes", "Authorization": "Bearer receivers-own"})
            group = make_group(client, "signed")
            until(lambda: receiver.requests, 10, "a delivery")
            request = receiver.requests[0]
            assert request.path == "/hook" and request.event["eventType"] == "configuration.changed"
            assert request.event["resourceId"] == group and request.headers["Content-Type"] == "application/json"
            assert request.headers["X-Mine"] == "yes" and request.headers["Authorization"] == "Bearer receivers-own"
            assert is_signed(request, hook["secret"])
            assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
            assert client.get(f"{WEBHOOKS}/{hook['id']}")["headers"] == {"X-Mine": "yes", "Authorization": "********"}
            client.delete(f"{WEBHOOKS}/{hook['id']}")

    def test_a_new_secret_signs_beside_the_old_one(self, client):
        with Receiver() as receiver:
            hook = subscribe(client, receiver.url)
            new = client.post(f"{WEBHOOKS}/{hook['id']}/secret", None, 200)["secret"]
            assert new != hook["secret"]
            make_group(client, "rotated")
            until(lambda: receiver.requests, 10, "a delivery")
            assert is_signed(receiver.requests[0], new) and is_signed(receiver.requests[0], hook["secret"])
            client.delete(f"{WEBHOOKS}/{hook['id']}")

    def test_a_failure_is_tried_again_with_the_same_id_and_shows_among_the_deliveries(self, client):
        with Receiver() as receiver:
            receiver.answer = lambda request: 500 if len(receiver.requests) == 1 else 200
            hook = subscribe(client, receiver.url)
            make_group(client, "again")
            path = f"{WEBHOOKS}/{hook['id']}/deliveries"
            pending = until(lambda: client.get(f"{path}?state=pending")["entities"], 10, "a pending delivery")
            assert pending[0]["httpStatus"] == 500 and pending[0]["nextAttempt"]
            until(lambda: len(receiver.requests) == 2, 20, "the second attempt")
            first, second = receiver.requests
            assert first.headers["webhook-id"] == second.headers["webhook-id"] and first.body == second.body
            done = until(lambda: client.get(f"{path}?state=delivered")["entities"], 10, "the delivery is done")
            assert done[0]["attempts"] == 2
            client.delete(f"{WEBHOOKS}/{hook['id']}")

    def test_a_slow_target_delays_nobody(self, client):
        stuck = threading.Event()
        with Receiver(lambda request: stuck.wait(60) or 200) as slow, Receiver() as fast:
            hooks = [subscribe(client, slow.url), subscribe(client, fast.url)]
            for number in range(10):
                make_group(client, f"beside-{number}")
            until(lambda: len(fast.requests) == 10, 10, "the fast one has all ten")
            assert len(slow.requests) <= 1
            stuck.set()
            for hook in hooks:
                client.delete(f"{WEBHOOKS}/{hook['id']}")

    def test_redirects_are_not_followed(self, client):
        with Receiver(lambda request: 302) as receiver:
            hook = subscribe(client, receiver.url)
            outcome = client.post(f"{WEBHOOKS}/{hook['id']}/test", None, 200)
            assert outcome["delivered"] is False and outcome["httpStatus"] == 302
            assert {request.path for request in receiver.requests} == {"/"}
            client.delete(f"{WEBHOOKS}/{hook['id']}")

    @pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://0.0.0.0:1/",
                                        "http://[::ffff:10.0.0.1]/", "http://[fe80::1]/", "http://2852039166/", "http://224.0.0.1/"])
    def test_private_addresses_are_refused_at_delivery(self, client, target):
        hook = subscribe(client, target)
        outcome = client.post(f"{WEBHOOKS}/{hook['id']}/test", None, 200)
        assert outcome["delivered"] is False and "not a public address" in outcome["error"], outcome
        client.delete(f"{WEBHOOKS}/{hook['id']}")

    def test_without_a_sandbox_loopback_is_refused_too(self, start_server):
        plain = start_server(sandbox=False)
        client = plain.client().log_in()
        with Receiver() as receiver:
            hook = subscribe(client, receiver.url)
            assert "not a public address" in client.post(f"{WEBHOOKS}/{hook['id']}/test", None, 200)["error"]
            assert not receiver.requests

    @pytest.mark.parametrize("change, field", [
        ({"eventType": ["no:such:event"]}, "eventType"), ({"filterCriteria": "resourceIds:["}, "filterCriteria"),
        ({"targetUri": "ftp://x/"}, "targetUri"), ({"targetUri": "http://user:pass@x/"}, "targetUri"), ({"targetUri": None}, "targetUri"),
        ({"name": None}, "name"), ({"headers": {"Host": "x"}}, "headers"), ({"headers": {"webhook-signature": "x"}}, "headers"),
        ({"headers": {"X": "a\r\nY: b"}}, "headers"), ({"headers": {"Transfer-Encoding": "chunked"}}, "headers"),
        ({"apiVersion": "v1"}, "apiVersion"),
    ])
    def test_a_wrong_field_is_named(self, client, change, field):
        body = {name: value for name, value in (SEED_WEBHOOK | change).items() if value is not None}
        answer = client.request("POST", WEBHOOKS, body)
        assert answer.status_code == 400 and answer.json()["details"][0]["fieldName"] == field, answer.text

    def test_disabled_is_silent_and_a_replay_tells_what_was_missed(self, client):
        with Receiver() as receiver:
            hook = subscribe(client, receiver.url)
            read = client.get(f"{WEBHOOKS}/{hook['id']}")
            client.put(f"{WEBHOOKS}/{hook['id']}", read | {"enabled": False})
            group = make_group(client, "missed")
            missed = events(client, f"resourceIds:[{group}]")[0]["sequence"]
            client.put(f"{WEBHOOKS}/{hook['id']}", client.get(f"{WEBHOOKS}/{hook['id']}") | {"enabled": True})
            later = make_group(client, "told")
            until(lambda: receiver.requests, 10, "the later one")
            assert [request.event["resourceId"] for request in receiver.requests] == [later]
            client.post(f"{WEBHOOKS}/{hook['id']}/replay", {"since": missed - 1}, 202)
            until(lambda: missed in receiver.sequences(), 10, "the missed one")
            client.delete(f"{WEBHOOKS}/{hook['id']}")

    def test_one_delivery_can_be_told_again(self, client):
        with Receiver() as receiver:
            hook = subscribe(client, receiver.url)
            make_group(client, "twice")
            path = f"{WEBHOOKS}/{hook['id']}/deliveries"
            done = until(lambda: client.get(f"{path}?state=delivered")["entities"], 10, "a delivery")
            client.post(f"{path}/{done[0]['id']}/replay", None, 202)
            until(lambda: len(receiver.requests) == 2, 10, "the second telling")
            assert client.request("POST", f"{path}/999999999/replay").status_code == 404
            client.delete(f"{WEBHOOKS}/{hook['id']}")

    def test_a_kill_in_the_middle_misses_nothing(self, start_server):
        server = start_server()
        client = server.client().log_in()
        made = []
        with Receiver() as receiver:
            refused = set()

            def moody(request):
                """Every fifth request is refused, none of them twice: the second wait is longer than this test."""
                group = request.event["resourceId"]
                if len(receiver.requests) % 5 or group in refused:
                    return 200
                refused.add(group)
                return 503
            receiver.answer = moody
            hook = subscribe(client, receiver.url)
            for round_ in range(3):
                made += [make_group(client, f"kill-{round_}-{number}") for number in range(20)]
                until(lambda: len(receiver.requests) > 5 * (round_ + 1), 10, "deliveries are on their way")
                server.kill()
                server.start()
                client = server.client().log_in()
            told = lambda: {request.event["resourceId"] for request in list(receiver.requests)}
            assert until(lambda: set(made) <= told(), 40, "every event arrived")

            def settled():
                rows = client.get(f"{WEBHOOKS}/{hook['id']}/deliveries?pageSize=500")["entities"]
                return rows if len(rows) == len(made) and all(row["state"] == "delivered" for row in rows) else None
            until(settled, 40, "every delivery is settled")


class Stream:
    """Server-sent events, as a client reads them."""

    def __init__(self, client, **query):
        headers = {"Authorization": f"Bearer {client.token}", "Accept": "text/event-stream"} | query.pop("headers", {})
        self.answer = requests.get(f"{client.base_url}/api/v2/events/stream", params=query, headers=headers, stream=True, timeout=20)
        assert self.answer.status_code == 200, self.answer.text
        assert self.answer.headers["Content-Type"] == "text/event-stream"
        self.lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)

    def next(self) -> dict:
        fields = {}
        for line in self.lines:
            if not line and "data" in fields:
                return fields | {"data": json.loads(fields["data"])}
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
        raise AssertionError("the stream ended")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()


class TestStream:
    def test_events_come_as_they_happen_through_the_filter(self, client):
        with Stream(client, filter="resourceTypes:[edgegroup]") as stream:
            group = make_group(client, "streamed")
            event = stream.next()
            assert event["event"] == "configuration.changed" and event["data"]["resourceId"] == group
            assert event["id"] == str(event["data"]["sequence"])

    def test_it_goes_on_after_since_and_after_last_event_id(self, client):
        groups = [make_group(client, f"since-{number}") for number in range(5)]
        first = events(client, f"resourceIds:[{groups[0]}]")[0]["sequence"]
        for query in ({"since": str(first)}, {"since": "0", "headers": {"Last-Event-ID": str(first)}}):
            with Stream(client, filter="resourceTypes:[edgegroup]", **query) as stream:
                assert [stream.next()["data"]["resourceId"] for _ in groups[1:]] == groups[1:]

    @pytest.mark.parametrize("restarted", [False, True], ids=["from memory", "from the database"])
    def test_a_long_past_comes_once_and_in_order(self, start_server, restarted):
        server = start_server()
        client = server.client().log_in()
        groups = [make_group(client, f"past {number}") for number in range(700)]
        if restarted:
            server.restart()
        with Stream(client, since=0, filter="resourceTypes:[edgegroup]") as stream:
            assert [stream.next()["data"]["resourceId"] for _ in groups] == groups
            after = make_group(client, "after")
            assert stream.next()["data"]["resourceId"] == after

    def test_a_wrong_filter_or_since_is_a_400(self, client):
        for query in ("filter=x", "since=x"):
            headers = {"Accept": "text/event-stream"}
            assert client.request("GET", f"/api/v2/events/stream?{query}", headers=headers).status_code == 400


class TestAudit:
    def test_an_entry_says_who_what_under_which_request_before_and_after(self, client):
        made = client.request("POST", f"{EDGES}/edgegroups", {"name": "audited"}, headers={"ININ-Correlation-Id": "audit-1"}).json()
        client.put(f"{EDGES}/edgegroups/{made['id']}", {"name": "renamed"})
        newest, oldest = client.get(f"/api/v2/audits?entityId={made['id']}")["entities"]
        assert oldest["action"] == "create" and oldest["requestId"] == "audit-1" and oldest["before"] is None
        assert newest["before"]["name"] == "audited" and newest["after"]["name"] == "renamed"
        assert newest["actor"] == {"kind": "oauth_client", "id": client.client_id}

    def test_the_genesys_query_runs_and_pages(self, client):
        group = make_group(client, "genesys")
        client.delete(f"{EDGES}/edgegroups/{group}")
        body = {"interval": "2020-01-01T00:00:00Z/2100-01-01T00:00:00Z", "serviceName": "Telephony",
                "filters": [{"property": "EntityId", "value": group}]}
        query = client.post("/api/v2/audits/query", body, 202)
        path = f"/api/v2/audits/query/{query['id']}"
        assert client.get(path)["state"] == "Succeeded"
        page = client.get(f"{path}/results?pageSize=1")
        rest = client.get(f"{path}/results?pageSize=1&cursor={page['cursor']}")
        assert [record["action"] for record in page["entities"] + rest["entities"]] == ["delete", "create"]
        changes = rest["entities"][0]["propertyChanges"]
        assert {"property": "name", "oldValues": [], "newValues": ['"genesys"']} in changes
        assert client.post("/api/v2/audits/query/realtime", body, 200)["entities"]
        assert client.request("GET", "/api/v2/audits/query/nobody").status_code == 404

    def test_a_person_is_erased_and_the_chain_verifies(self, fresh):
        client = fresh.client().log_in()
        person = f"/api/v2/users/{fresh.agent['userId']}"
        client.put(person, client.get(person) | {"name": "Jane Doe"})
        before = client.get("/api/v2/audits/verify")
        assert before["intact"] and before["entries"] > 0 and before["erased"] == 0
        client.post("/api/v2/audits/erase", {"userId": fresh.agent["userId"]}, 204)
        after = client.get("/api/v2/audits/verify")
        assert after["intact"] and after["erased"] > 0 and after["entries"] == before["entries"] + 1
        trail = client.request("GET", "/api/v2/audits?pageSize=500").text
        assert fresh.agent["userId"] not in trail


class TestChannels:
    def test_the_topics_are_listed_and_a_trunk_can_be_followed(self, client):
        topics = {topic["id"] for topic in client.get("/api/v2/notifications/availabletopics")["entities"]}
        assert {"v2.users.{id}.conversations", "v2.telephony.providers.edges.{id}"} <= topics
        trunk = "sip-trunk-acme-us-east"
        with client.notifications(f"v2.telephony.providers.edges.{trunk}") as channel:
            read = client.get(f"{EDGES}/{trunk}")
            client.put(f"{EDGES}/{trunk}", read | {"maxConcurrentSessions": read["maxConcurrentSessions"] + 1})
            frame = channel.socket.receive_json(10)
            assert frame["topicName"] == f"v2.telephony.providers.edges.{trunk}"
            assert frame["eventBody"]["eventType"] == "audit:edge:updated"
