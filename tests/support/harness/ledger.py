"""What a client knows of what it wrote: every acknowledged operation, and the one whose answer it never saw. After a crash the state must
hold exactly what was acknowledged, and of the unanswered operation all or nothing."""
import dataclasses
import http.client
import json
import random

PROVIDERS = "/api/v2/telephony/providers"
NUMBERS = "/api/v2/telephony/phone/numbers"
CALLS = "/api/v2/conversations/calls"
DEAD = (OSError, http.client.HTTPException)  # what a connection reports whose server has died


@dataclasses.dataclass
class Place:
    """What the bodies refer to."""
    edge_group: str
    sip_profile: str
    trunk: str  # numbers are ordered through it
    user: str   # calls are placed for


@dataclasses.dataclass
class Kind:
    path: str
    table: str
    often: int  # share among creates
    body: object = None  # (Place, Writer, name) → dict
    field: str = "name"  # the text that a PUT replaces
    lasting: bool = False  # cannot be deleted


def trunk_body(place: Place, writer: "Writer", name: str) -> dict:
    return {"name": name, "edgeGroupId": place.edge_group, "sipProfileId": place.sip_profile, "maxConcurrentSessions": 3, "codecs": [],
            "registration": {"type": "NONE", "host": f"{name}.carrier.test", "port": 5060}, "healthProbe": None, "enabled": False}


def number_body(place: Place, writer: "Writer", name: str) -> dict:
    return {"type": "pstn", "number": writer.next_number(), "providerId": place.trunk, "locationId": "us_east_1", "label": name}


KINDS = {
    "group": Kind(f"{PROVIDERS}/edges/edgegroups", "edge_groups", 3, lambda place, writer, name: {"name": name}),
    "site": Kind(f"{PROVIDERS}/edges/sites", "sites", 3, lambda place, writer, name: {"name": name, "location": {"id": "us_east_1"}}),
    "user": Kind("/api/v2/users", "users", 3, lambda place, writer, name: {"name": name, "email": f"{name}@dialplane.test"},
                 lasting=True),
    "trunk": Kind(f"{PROVIDERS}/edges", "trunks", 1, trunk_body),
    "webhook": Kind("/api/v2/webhooks", "webhooks", 1, lambda place, writer, name: {
        "name": name, "targetUri": "http://127.0.0.1:9/", "filterCriteria": "resourceIds:[nobody]"}),
    "number": Kind(NUMBERS, "numbers", 2, number_body, "label"),
    "call": Kind(CALLS, "conversations", 2, lambda place, writer, name: {
        "from": {"id": place.user}, "to": {"phoneNumber": "+14155550130"}, "type": "pstn"}),
}


@dataclasses.dataclass
class Thing:
    """One resource. `changes` counts the PUTs that are known to be stored."""
    kind: str
    body: dict
    key: str
    id: str = ""
    changes: int = 0
    gone: bool = False

    @property
    def text(self) -> str:
        return self.body.get(KINDS[self.kind].field, "")

    @property
    def path(self) -> str:
        return f"{KINDS[self.kind].path if self.kind != 'call' else '/api/v2/conversations'}/{self.id}"


@dataclasses.dataclass
class Unanswered:
    method: str
    thing: Thing
    body: dict | None = None


class Connection:
    """One kept connection: `requests` would be most of what the writers do."""

    def __init__(self, port: int, token: str):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body=None, key: str = "") -> tuple[int, dict]:
        head = self.head | ({"Idempotency-Key": key} if key else {})
        self.http.request(method, path, None if body is None else json.dumps(body), head)
        answer = self.http.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}


class Writer:
    """Creates, replaces and deletes things of its own, one after the other, and keeps the ledger of it."""
    MOST = 40  # alive at once

    def __init__(self, number: int, place: Place, seed: int):
        self.number, self.place, self.dice = number, place, random.Random(f"{seed}/{number}")
        self.things: list[Thing] = []
        self.alive: list[Thing] = []
        self.unanswered: Unanswered | None = None
        self.acknowledged = 0
        self._made = 0
        self._ordered = 0

    def next_number(self) -> str:
        self._ordered += 1
        return f"+1{212 + self.number}555{self._ordered:04}" if self._ordered < 10_000 else f"+1{412 + self.number}{self._ordered:07}"

    # -- writing ------------------------------------------------------------------------------------------------------
    def write_until_dead(self, connection: Connection) -> None:
        try:
            while True:
                self.write_one(connection)
        except DEAD:
            return

    def write_one(self, connection: Connection) -> None:
        chance = self.dice.random()
        if len(self.alive) > self.MOST or (chance > 0.85 and self.alive):
            thing = self.dice.choice(self.alive)
            if not KINDS[thing.kind].lasting:
                return self._delete(connection, thing)
            self.alive.remove(thing)  # changed no more
        if chance > 0.5 and self.alive:
            self._replace(connection, self.dice.choice(self.alive))
        else:
            self._create(connection)

    def _create(self, connection: Connection) -> None:
        name = self.dice.choices(list(KINDS), [kind.often for kind in KINDS.values()])[0]
        self._made += 1
        key = f"w{self.number}-{self._made}"
        thing = Thing(name, KINDS[name].body(self.place, self, key), key)
        self.things.append(thing)
        self.unanswered = Unanswered("POST", thing)
        self._created(thing, *connection.ask("POST", KINDS[name].path, thing.body, thing.key))

    def _created(self, thing: Thing, status: int, answer: dict) -> None:
        assert status in (201, 202), (thing, status, answer)
        thing.id = answer["id"]
        if thing.kind != "call":
            self.alive.append(thing)
        self._answered()

    def _replace(self, connection: Connection, thing: Thing) -> None:
        field = KINDS[thing.kind].field
        self._made += 1
        body = thing.body | {field: f"w{self.number}-{self._made}"}
        self.unanswered = Unanswered("PUT", thing, body)
        status, answer = connection.ask("PUT", thing.path, body)
        if status == 409 and thing.kind == "number":  # not active yet
            self.unanswered = None
            return
        assert status == 200, (thing, status, answer)
        self._replaced(thing, body)
        self._answered()

    def _replaced(self, thing: Thing, body: dict) -> None:
        thing.body = body
        thing.changes += 1

    def _delete(self, connection: Connection, thing: Thing) -> None:
        self.unanswered = Unanswered("DELETE", thing)
        status, answer = connection.ask("DELETE", thing.path)
        assert status in (200, 202, 204), (thing, status, answer)
        self._deleted(thing)
        self._answered()

    def _deleted(self, thing: Thing) -> None:
        thing.gone = True
        self.alive.remove(thing)

    def _answered(self) -> None:
        self.acknowledged += 1
        self.unanswered = None

    # -- after the restart --------------------------------------------------------------------------------------------
    def settle(self, connection: Connection) -> None:
        """Finds out what became of the operation without an answer: it must have happened as a whole or not at all. A create is sent
        again under its key, which makes neither two nor none."""
        if self.unanswered is None:
            return
        method, thing, body = self.unanswered.method, self.unanswered.thing, self.unanswered.body
        if method == "POST":
            self._created(thing, *connection.ask("POST", KINDS[thing.kind].path, thing.body, thing.key))
            return
        status, seen = connection.ask("GET", thing.path)
        if method == "DELETE" and (status == 404 or seen.get("state") in ("releasing", "released")):
            self._deleted(thing)
        elif method == "PUT" and seen.get(KINDS[thing.kind].field) == body[KINDS[thing.kind].field]:
            self._replaced(thing, body)
        self.unanswered = None

    def check(self, connection: Connection, since: int) -> None:
        """What is alive, and what was written since that many operations' things: as acknowledged, and no change more."""
        for thing in self.alive + [each for each in self.things[since:] if each not in self.alive]:
            status, seen = connection.ask("GET", thing.path)
            if thing.gone and thing.kind != "number":
                assert status == 404, f"deleted, and there again: {thing}: {seen}"
                continue
            assert status == 200, f"lost: {thing}: {status} {seen}"
            if thing.kind == "call":
                continue
            assert seen[KINDS[thing.kind].field] == thing.text, f"a change was lost, or came back: {thing}: {seen}"
            if thing.gone:
                assert seen["state"] in ("releasing", "released"), (thing, seen)
            elif thing.kind != "number":  # whose job changes it, too
                assert seen["version"] == 1 + thing.changes, f"applied {seen['version'] - 1} times: {thing}"
