"""Lists: to the end, in one order, complete while others write, and no slower for being long."""
import concurrent.futures
import threading

import pytest

from harness.client import Client

GROUPS = "/api/v2/telephony/providers/edges/edgegroups"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("lists")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(own) -> Client:
    return own.client().log_in()


@pytest.fixture(scope="module")
def lasting(client) -> list[str]:
    """Groups that exist throughout."""
    return [client.post(GROUPS, {"name": f"lasting {number:03}", "id": f"lasting-{number:03}"})["id"] for number in range(120)]


def follow(client, path: str):
    """Every entity, page by page, by nextUri."""
    while path:
        page = client.get(path)
        yield from page["entities"]
        path = page.get("nextUri")


def test_pages_follow_each_other_to_the_end(client, lasting):
    for size in (1, 7, 40, 500):
        found = [group["id"] for group in follow(client, f"{GROUPS}?pageSize={size}&name=lasting*")]
        assert found == lasting
    whole = [group["name"] for group in follow(client, f"{GROUPS}?pageSize=9")]
    assert whole == sorted(whole) and len(set(whole)) == len(whole) == client.get(GROUPS)["total"]


def test_page_numbers_and_next_uris_show_the_same(client, lasting):
    by_uri = [group["id"] for group in follow(client, f"{GROUPS}?pageSize=25")]
    by_number, number = [], 1
    while page := client.get(f"{GROUPS}?pageSize=25&pageNumber={number}")["entities"]:
        by_number += [group["id"] for group in page]
        number += 1
    assert by_number == by_uri


def test_a_page_past_the_end_is_empty(client):
    page = client.get(f"{GROUPS}?pageSize=500&pageNumber=1000")
    assert page["entities"] == [] and "nextUri" not in page


@pytest.mark.parametrize("query, field", [("pageSize=0", "pageSize"), ("pageSize=501", "pageSize"), ("pageNumber=x", "pageNumber"),
                                          ("after=bm90aGluZw==", "after")])
def test_a_wrong_page_is_named(client, query, field):
    answer = client.request("GET", f"{GROUPS}?{query}")
    assert answer.status_code == 400 and answer.json()["details"][0]["fieldName"] == field, answer.text


@pytest.mark.parametrize("query", ["pageSize=10", "pageSize=10&name=*"], ids=["all", "filtered"])
def test_what_existed_throughout_is_neither_missed_nor_doubled_while_others_write(client, own, lasting, query):
    stop = threading.Event()

    def disturb(name: str) -> int:
        writer, rounds = own.client().log_in(), 0
        while not stop.is_set():
            # Before, among and behind the lasting ones.
            made = [writer.post(GROUPS, {"name": f"{prefix} {name} {rounds}"})["id"] for prefix in ("aaa", "lasting 05", "zzz")]
            for each in made:
                writer.delete(f"{GROUPS}/{each}")
            rounds += 1
        return rounds

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(disturb, name) for name in "xyz"]
        try:
            for _ in range(15):
                seen = [group["id"] for group in follow(client, f"{GROUPS}?{query}")]
                assert [each for each in seen if each in set(lasting)] == lasting
                assert len(set(seen)) == len(seen)
        finally:
            stop.set()
        assert all(writer.result() > 0 for writer in writers)


def test_an_etag_answers_not_changed_and_guards_a_change(client, lasting):
    path = f"{GROUPS}/{lasting[0]}"
    read = client.request("GET", path)
    tag = read.headers["ETag"]
    same = client.request("GET", path, headers={"If-None-Match": tag})
    assert same.status_code == 304 and not same.content and same.headers["ETag"] == tag
    changed = client.request("PUT", path, {"name": "lasting 000", "description": "x"}, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    other = client.put(path, {"name": "lasting 000 b"})
    stale = client.request("PUT", path, {"name": "stale"}, headers={"If-Match": tag})
    assert stale.status_code == 412, stale.text
    assert client.request("PUT", path, {"name": "stale", "version": other["version"] - 1}).status_code == 409
    assert client.request("DELETE", path, headers={"If-Match": tag}).status_code == 412
    assert client.request("GET", path, headers={"If-None-Match": tag}).status_code == 200
    client.put(path, {"name": "lasting 000"})
