"""A session whose logs KubeRay 1.8's collector stored in chunks answers as the same session with whole logs."""

import random
import re
import shutil
from urllib.parse import quote

import pytest
from recorded_dashboard import recorded_answers

SESSION = "session_2026-11-23_03-25-19_402666_11"
BASE = f"/c/default/rayjob/myjob/{SESSION}"
SEED = 20261129
# These fields differ from moment to moment, tell how much was loaded, or tell that the session has ended, which depends on
# when the store got its objects.
VOLATILE = re.compile(
    rb'"(timestamp|now|updated_?at)": ?"?[0-9.TZ:-]+"?|, "rayhistory_last_seen_ms": [0-9]+', re.IGNORECASE
)


def store_in_chunks(log, dice):
    """As a collector does that looked at the log while it grew, and that was killed and started again on the way."""
    content = log.read_bytes()
    log.unlink()
    folder = log.with_name(f"{log.name}.chunks")
    folder.mkdir()

    def store(begin, end):
        (folder / f"{begin:020}").write_bytes(content[begin:end])

    cuts = sorted(dice.randrange(len(content) + 1) for _ in range(dice.randrange(6)))
    restart = dice.choice([None, *range(len(cuts))])
    begin = 0
    for index, end in enumerate([*cuts, len(content)]):
        if begin < end or not content:
            store(begin, end)
        begin = max(begin, end)
        if index == restart:
            # Earlier chunks stay, and the new run's first has all that was there when it began.
            begin = dice.randrange(begin, len(content) + 1)
            store(0, begin)


@pytest.fixture(scope="module")
def servers(recorded, serve_for_module, tmp_path_factory):
    """Whole, and in chunks."""
    chunked = shutil.copytree(recorded, tmp_path_factory.mktemp("chunked") / "bucket")
    dice = random.Random(SEED)
    logs = [path for path in sorted(chunked.rglob("logs/**/*")) if path.is_file()]
    assert len(logs) > 50
    for log in logs:
        if log.name != "debug_state.txt" and ".rotated." not in log.name:
            store_in_chunks(log, dice)
    return serve_for_module(recorded), serve_for_module(chunked)


def test_every_recorded_request_is_answered_the_same(servers, recording):
    whole, chunked = servers
    asked = 0
    for request in recorded_answers(recording / "dashboard"):
        expected, answer = whole.ask(f"{BASE}{request}"), chunked.ask(f"{BASE}{request}")
        assert answer.status == expected.status, request
        assert VOLATILE.sub(b"", answer.body) == VOLATILE.sub(b"", expected.body), request
        asked += expected.status == 200
    assert asked > 50


def test_every_log_is_read_the_same_from_any_line(servers):
    whole, chunked = servers
    (node,) = {row["node_id"] for row in whole.ask(f"{BASE}/api/v0/nodes").json()["data"]["result"]["result"]}
    for folder in ("*", "events/*", "export_events/*", "**/*"):
        listed = [server.ask(f"{BASE}/api/v0/logs?node_id={node}&glob={quote(folder)}") for server in servers]
        assert listed[0].status == 200
        assert listed[0].body == listed[1].body
    names = [name for names in listed[0].json()["data"]["result"].values() for name in names if name[-1] != "/"]
    assert len(names) > 50
    assert not [name for name in names if "chunks" in name]
    for name in names:
        for lines in (-1, 1, 3, 1000):
            query = f"{BASE}/api/v0/logs/file?node_id={node}&filename={quote(name)}&lines={lines}"
            expected, answer = whole.ask(query), chunked.ask(query)
            assert (answer.status, answer.body) == (expected.status, expected.body), query
