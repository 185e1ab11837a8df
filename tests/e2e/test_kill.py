"""kill -9 at random moments under concurrent writers, again and again: nothing acknowledged is lost, nothing is applied twice, no number
is ordered twice, the audit chain holds, every webhook's event arrives, and each start takes seconds."""
import concurrent.futures
import contextlib
import http.server
import json
import os
import random
import sqlite3
import statistics
import threading
import time

import pytest

from harness import contract
from harness.ledger import KINDS, NUMBERS, Connection, Place, Writer
from harness.sandbox import SandboxProcess
from harness.server import Server
from harness.waiting import until

EDGES = "/api/v2/telephony/providers/edges"
WRITERS = 8


class Receiver:
    """A webhook's target: remembers which events it was told of."""

    def __init__(self):
        self.seen: set[int] = set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.seen.add(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["sequence"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Estate:
    """A server without a sandbox of its own, the carrier beside it, a webhook's target, and the writers."""

    def __init__(self, folder, seed: int):
        self.dice = random.Random(seed)
        self.server = Server(folder, sandbox=False, log_level="warn")
        self.carrier = SandboxProcess(self.server, folder / "carrier")
        self.receiver = Receiver()
        self.starts: list[float] = []
        self.carrier.serve(self.server)
        self.start()
        client = self.server.client().log_in()
        self.token = client.token
        trunk = client.post(EDGES, self.carrier.trunk_body(self.server))
        self.hook = client.post("/api/v2/webhooks", {"name": "kill", "targetUri": self.receiver.url, "filterCriteria": "resourceTypes:[edgegroup]"})
        first = self.server.first_run
        place = Place(first["edgeGroupId"], first["sipProfileId"], trunk["id"], self.server.agent["userId"])
        self.writers = [Writer(number, place, seed) for number in range(WRITERS)]

    def start(self) -> None:
        self.server.start()
        contract.forget(self.server.base_url)  # the writers do not go through it, and the checks would take most of the time
        self.starts.append(self.server.started_in)

    def connection(self) -> Connection:
        return Connection(self.server.port_of("http"), self.token)

    @property
    def acknowledged(self) -> int:
        return sum(writer.acknowledged for writer in self.writers)

    def round(self, writes: int) -> None:
        """Writes, dies, starts (now and then it dies while it starts, too), and is held against the ledger."""
        before = [len(writer.things) for writer in self.writers]
        goal, pause = self.acknowledged + self.dice.randint(writes // 2, writes * 3 // 2), self.dice.uniform(0, 0.05)
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(writer.write_until_dead, self.connection()) for writer in self.writers]
            until(lambda: self.acknowledged >= goal or any(each.done() for each in writing), 120, "writes are under way", every=0.002)
            time.sleep(pause)  # the moment of death, not a wait for anything
            self.server.kill()
            for each in writing:
                each.result()
        if self.dice.random() < 0.15:
            self.server.start_and_kill_after(self.dice.uniform(0, 0.4))
        self.start()
        self.each_writer(lambda writer, connection: writer.settle(connection))
        self.each_writer(lambda writer, connection: writer.check(connection, before[writer.number]))

    def each_writer(self, work) -> None:
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            for done in [pool.submit(work, writer, self.connection()) for writer in self.writers]:
                done.result()

    def things(self, *kinds: str) -> list:
        return [thing for writer in self.writers for thing in writer.things if thing.kind in kinds]

    def close(self) -> None:
        self.server.stop()
        self.carrier.process.end()
        self.receiver.close()


@contextlib.contextmanager
def estate(folder, seed: int, monkeypatch):
    monkeypatch.setenv("DP_WEBHOOKS_PRIVATE_TARGETS", "true")
    made = Estate(folder, seed)
    try:
        yield made
    finally:
        made.close()


def check_rows(database: sqlite3.Connection, made: Estate) -> None:
    """The whole ledger against the tables: every row, no row that nobody wrote, one audit entry and one event for each change."""
    audited: dict[str, dict[str, int]] = {}
    for entity, action, count in database.execute("SELECT entity_id, action, COUNT(*) FROM audit_entries GROUP BY entity_id, action"):
        audited.setdefault(entity, {})[action] = count
    for name, kind in KINDS.items():
        kept = dict(database.execute(f"SELECT id, version FROM {kind.table}"))
        ours = made.things(name)
        alive = {thing.id for thing in ours if not thing.gone or name == "number"}
        assert alive <= set(kept), f"lost {name}: {sorted(alive - set(kept))[:5]}"
        assert not {thing.id for thing in ours if thing.gone and name != "number"} & set(kept), f"a deleted {name} is there again"
        assert len({thing.id for thing in ours}) == len(ours)
        for thing in ours:
            if name in ("call", "number"):
                assert audited[thing.id]["create" if name == "number" else "call.place"] == 1, (thing, audited[thing.id])
                continue
            expected = {"create": 1} | ({"update": thing.changes} if thing.changes else {}) | ({"delete": 1} if thing.gone else {})
            assert audited[thing.id] == expected, (thing, audited[thing.id])


def check_logs(database: sqlite3.Connection, made: Estate) -> None:
    count, last = database.execute("SELECT COUNT(*), MAX(sequence) FROM events").fetchone()
    assert count == last, "sequence numbers have no gaps"
    names = [row[0] for row in database.execute("SELECT json_extract(doc, '$.name') FROM sites")]
    assert len(names) == len(set(names)), "a create was carried out twice"
    ends = dict(database.execute("SELECT resource_id, COUNT(*) FROM events WHERE type = 'conversation.ended' GROUP BY resource_id"))
    assert ends == {thing.id: 1 for thing in made.things("call")}, "every call has ended, and once"
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not database.execute("PRAGMA foreign_key_check").fetchall()


def check_numbers(made: Estate) -> None:
    """In the carrier's own book every number stands once; what was ordered becomes active, what was given back is free."""
    client = made.server.client().log_in()
    until(lambda: all(client.get(f"{NUMBERS}?state={state}&pageSize=1")["total"] == 0 for state in ("pending", "provisioning", "releasing")),
          300, "every order is settled", every=0.5)
    ours = {thing.body["number"]: thing for thing in made.things("number")}
    book = {}
    for row in made.carrier.orders():
        assert row["number"] not in book, f"ordered twice: {row}, {book[row['number']]}"
        book[row["number"]] = row
    assert set(book) <= set(ours), "nothing was ordered that nobody asked for"
    for number, thing in ours.items():
        if not thing.gone:
            assert book[number]["status"] == "success", (thing, book[number])
        elif number in book:
            assert book[number]["status"] in ("released", "cancelled"), (thing, book[number])


def check_everything(made: Estate) -> None:
    check_numbers(made)
    verdict = made.server.client().log_in().get("/api/v2/audits/verify")
    assert verdict["intact"], verdict
    with contextlib.closing(sqlite3.connect(made.server.data / "dialplane.db")) as database:
        told = {row[0] for row in database.execute("SELECT sequence FROM events WHERE resource_type = 'edgegroup' AND sequence > "
                                                   "(SELECT MIN(sequence) FROM events WHERE resource_id = ?)", (made.hook["id"],))}
        until(lambda: told <= made.receiver.seen, 120, "the webhook was told of every event", every=0.5)
        check_rows(database, made)
        check_logs(database, made)


def kill_again_and_again(folder, monkeypatch, rounds: int, writes: int) -> None:
    seed = int(os.environ.get("DP_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print("seed", seed, "(repeat with DP_TEST_SEED)")
    with estate(folder, seed, monkeypatch) as made:
        for number in range(rounds):
            made.round(max(8, (writes - made.acknowledged) // (rounds - number)))
        check_everything(made)
        assert made.acknowledged >= writes * 0.9
        print(f"{rounds} rounds, {made.acknowledged} acknowledged writes, start p50 {statistics.median(made.starts):.2f} s, "
              f"longest {max(made.starts):.2f} s")
        assert max(made.starts) < 10


def test_nothing_acknowledged_is_lost_or_done_twice(tmp_path, monkeypatch):
    kill_again_and_again(tmp_path, monkeypatch, rounds=4, writes=800)


@pytest.mark.slow
def test_a_hundred_kills_under_fifty_thousand_writes(tmp_path, monkeypatch):
    kill_again_and_again(tmp_path, monkeypatch, rounds=100, writes=56_000)
