"""POST /v1/events: what is taken, what is set aside, what is refused; and that none of it harms anybody else."""

import gzip
import json
import socket
import time

import pytest
from harness.events import body_of, job_id, node_event, task_event
from harness.node import SESSION
from harness.sender import request
from live.waiting import wait_until

MEBIBYTE = 1024 * 1024


@pytest.fixture
def collector(make_collector, folder_store, node):
    """One that runs, on a node that is known."""
    node.start()
    return make_collector(folder_store).start()


def stop_and_judge(collector, store):
    collector.stop()
    judge = store.judge()
    judge.keys()
    return judge


def test_events_go_where_their_job_says_in_the_order_of_their_arrival(make_collector, store, node):
    node.start()
    collector = make_collector(store).start()
    first = [task_event(SESSION, job=1) for _ in range(50)]
    second = [task_event(SESSION, job=2) for _ in range(50)]
    mixed = [event for pair in zip(first, second, strict=True) for event in pair] + [node_event(SESSION)]
    for start in range(0, len(mixed), 7):
        assert collector.post(body_of(mixed[start : start + 7])).status == 200
    judge = stop_and_judge(collector, store)
    assert judge.job_events(SESSION, node.node_id, "01000000") == first
    assert judge.job_events(SESSION, node.node_id, "02000000") == second
    assert judge.node_events(SESSION, node.node_id) == [mixed[-1]]
    assert judge.rejected_events(SESSION, node.node_id) == []


def test_events_are_stored_byte_for_byte_as_they_came(collector, folder_store, node):
    # Blanks, escapes, a number beyond 64 bits, a key twice: nothing of it is made anew.
    lines = [
        b'{"eventId":"a1", "timestamp" : "2026-11-23T02:28:25Z","sessionName":"%s","eventType":"X","n":1e400}',
        b'{"eventId":"a2","timestamp":"2026-11-23T02:28:25.1+02:00","sessionName":"%s","x":"\\u00e9\\n\xc3\xa9"}',
        b'{"a":1,"a":2,"eventId":"a3","timestamp":"2026-11-23T02:28:25Z","sessionName":"%s","n":123456789012345678901}',
    ]
    lines = [line % SESSION.encode() for line in lines]
    assert collector.post(b" [" + b" ,\n".join(lines) + b"] ").counts == (3, 0, 0)
    judge = stop_and_judge(collector, folder_store)
    assert judge.lines(SESSION, node.node_id, "node_events") == lines


def test_an_event_with_line_breaks_becomes_one_line(collector, folder_store, node):
    event = node_event(SESSION)
    assert collector.post(json.dumps([event], indent=2).encode()).counts == (1, 0, 0)
    assert stop_and_judge(collector, folder_store).node_events(SESSION, node.node_id) == [event]


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "yesterday"},
        {"timestamp": 1795404330},
        {"timestamp": "2026-11-23 02:28:25Z"},
        {"sessionName": ".."},
        {"sessionName": "a/b"},
        {"sessionName": None},
        {"sessionName": 7},
    ],
    ids=str,
)
def test_a_bad_event_is_set_aside_and_the_good_ones_of_its_batch_are_stored(collector, folder_store, node, changes):
    good, bad = [task_event(SESSION), task_event(SESSION)], task_event(SESSION, **changes)
    assert collector.post(body_of([good[0], bad, good[1]])).counts == (2, 1, 0)
    judge = stop_and_judge(collector, folder_store)
    assert judge.job_events(SESSION, node.node_id) == good
    (record,) = judge.rejected_events(SESSION, node.node_id)
    assert record["event"] == bad
    assert record["reason"]
    assert set(record) == {"reason", "receivedAt", "event"}


def test_platform_events_are_the_running_sessions_and_each_telling_is_kept(collector, folder_store, node):
    # As Ray 2.60 sends them: without a session, and again under their ID when Kubernetes counts them up.
    def told(times):
        event = {**node_event(SESSION), "sessionName": "", "eventType": "PLATFORM_EVENT", "eventId": "NmYzYy11aWQ="}
        del event["nodeLifecycleEvent"]
        return {**event, "platformEvent": {"objectKind": "Pod", "customFields": {"count": str(times)}}}

    events = [task_event(SESSION), told(1), told(2)]
    assert collector.post(body_of(events)).counts == (3, 0, 0)
    assert collector.post(body_of(events[1:])).counts == (0, 0, 2)
    judge = stop_and_judge(collector, folder_store)
    assert judge.node_events(SESSION, node.node_id) == events[1:]
    assert judge.rejected_events(SESSION, node.node_id) == []


def test_what_is_no_object_is_set_aside_too(collector, folder_store, node):
    good = task_event(SESSION)
    assert collector.post(body_of([1, "x", None, [], good, {}])).counts == (1, 5, 0)
    judge = stop_and_judge(collector, folder_store)
    assert [record["event"] for record in judge.rejected_events(SESSION, node.node_id)] == [1, "x", None, [], {}]


def test_which_events_are_a_jobs(collector, folder_store, node):
    def of(name, payload, **changes):
        event = task_event(SESSION, **changes)
        del event["taskLifecycleEvent"]
        event[name] = payload
        return event

    jobs = [
        of("driverJobDefinitionEvent", {"jobId": job_id(1)}),
        of("actorDefinitionEvent", {"jobId": "AQAAAA"}),  # without padding
        of("taskProfileEvents", {"jobId": "01000000"}),  # in hex already
    ]
    nodes = [
        of("taskDefinitionEvent", {"jobId": ""}),
        of("taskDefinitionEvent", {"jobId": "../../etc"}),  # no safe segment of a path
        of("workerLifecycleEvent", {"jobId": job_id(1)}),  # KubeRay takes no job from this one
        of("taskDefinitionEvent", {"jobId": job_id(1)}, eventType="NODE_DEFINITION_EVENT"),
    ]
    assert collector.post(body_of(jobs + nodes)).counts == (7, 0, 0)
    judge = stop_and_judge(collector, folder_store)
    assert judge.job_events(SESSION, node.node_id, "01000000") == jobs
    assert judge.node_events(SESSION, node.node_id) == nodes


def test_a_batch_that_is_sent_again_is_stored_once(make_collector, store, node):
    node.start()
    collector = make_collector(store).start()
    events = [task_event(SESSION) for _ in range(20)]
    assert collector.post(body_of(events)).counts == (20, 0, 0)
    assert collector.post(body_of(events)).counts == (0, 0, 20)
    # Also in other company, and within one batch.
    more = task_event(SESSION)
    assert collector.post(body_of([events[3], more, more])).counts == (1, 0, 2)
    assert stop_and_judge(collector, store).job_events(SESSION, node.node_id) == [*events, more]


def test_a_batch_that_is_sent_again_after_a_sigkill_is_stored_once(make_collector, store, node):
    node.start()
    collector = make_collector(store).start()
    events = [task_event(SESSION) for _ in range(20)]
    assert collector.post(body_of(events)).counts == (20, 0, 0)
    collector.kill()
    collector.start()
    assert collector.post(body_of(events)).counts == (0, 0, 20)
    assert stop_and_judge(collector, store).job_events(SESSION, node.node_id) == events


def test_a_bad_event_that_is_sent_again_is_set_aside_once(collector, folder_store, node):
    body = body_of([task_event(SESSION, timestamp="never")])
    assert collector.post(body).counts == (0, 1, 0)
    assert collector.post(body).counts == (0, 0, 1)
    assert len(stop_and_judge(collector, folder_store).rejected_events(SESSION, node.node_id)) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{}", b"null", b"[", b"[}", b"[1,]", b'[{"a":]', b"[]x", b'[{"eventId": "x"}] [', b"\xff\xfe"],
    ids=repr,
)
def test_a_body_that_is_no_json_array_is_refused(collector, folder_store, body):
    assert collector.post(body).status == 400
    judge = stop_and_judge(collector, folder_store)
    assert not any(key.endswith(".jsonl") for key in judge.keys())


def test_an_array_that_breaks_off_after_good_events_is_refused_whole(collector, folder_store):
    whole = body_of([task_event(SESSION) for _ in range(10)])
    assert collector.post(whole[: len(whole) // 2]).status == 400
    judge = stop_and_judge(collector, folder_store)
    assert not any(key.endswith(".jsonl") for key in judge.keys())


def test_an_empty_array_is_fine(collector):
    assert collector.post(b"[]").counts == (0, 0, 0)


def test_wrong_paths_and_verbs_are_told_apart(collector):
    assert request(collector.port, "POST", "/", b"[]").status == 404
    assert request(collector.port, "POST", "/v1/event", b"[]").status == 404
    assert request(collector.port, "GET", "/v2").status == 404
    for verb in ("GET", "PUT", "DELETE", "PATCH"):
        answer = request(collector.port, verb, "/v1/events", b"[]")
        assert answer.status == 405, verb
        assert "POST" in answer.headers["Allow"]


def test_a_body_that_says_it_is_too_large_is_refused_without_being_read(collector):
    with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (64 * MEBIBYTE + 1)
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_a_body_of_64_mebibytes_is_taken(collector, folder_store, node):
    frame = json.dumps(node_event(SESSION, message="")).encode()
    start, end = frame.split(b'"message": ""')
    event = start + b'"message": "' + b"x" * (64 * MEBIBYTE - 2 - len(frame)) + b'"' + end
    assert collector.post(b"[" + event + b"]", timeout_seconds=60).counts == (1, 0, 0)
    # One event more than it may have in memory as a tree.
    assert collector.status_bytes("VmHWM") < 400 * MEBIBYTE
    assert stop_and_judge(collector, folder_store).lines(SESSION, node.node_id, "node_events") == [event]


def test_a_gzip_body_is_taken(collector, folder_store, node):
    events = [task_event(SESSION) for _ in range(100)]
    answer = collector.post(gzip.compress(body_of(events)), {"Content-Encoding": "gzip"})
    assert answer.counts == (100, 0, 0)
    assert stop_and_judge(collector, folder_store).job_events(SESSION, node.node_id) == events


def test_a_gzip_body_that_is_broken_is_refused(collector):
    whole = gzip.compress(body_of([task_event(SESSION)]))
    for body in (b"no gzip", whole[:-9], whole[:20] + b"\0" * 20 + whole[40:]):
        assert collector.post(body, {"Content-Encoding": "gzip"}).status == 400


def test_a_gzip_body_that_grows_beyond_the_limit_is_refused(collector):
    bomb = gzip.compress(b"[" + b" " * (200 * MEBIBYTE) + b"]", compresslevel=9)
    assert len(bomb) < MEBIBYTE
    assert collector.post(bomb, {"Content-Encoding": "gzip"}).status == 413
    assert collector.status_bytes("VmHWM") < 200 * MEBIBYTE


def test_an_encoding_that_nobody_knows_is_refused(collector):
    assert collector.post(b"[]", {"Content-Encoding": "zstd"}).status in (400, 415)


def test_a_chunked_body_is_taken(collector, folder_store, node):
    event = task_event(SESSION)
    body = body_of([event])
    answer = collector.post(iter([body[:10], body[10:]]))
    assert answer.counts == (1, 0, 0)
    assert stop_and_judge(collector, folder_store).job_events(SESSION, node.node_id) == [event]


def test_a_client_that_asks_before_it_sends_is_answered(collector):
    body = body_of([task_event(SESSION)])
    with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_one_connection_serves_batch_after_batch(collector, folder_store, node):
    import http.client

    events = [task_event(SESSION) for _ in range(100)]
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=10)
    for event in events:
        connection.request("POST", "/v1/events", body_of([event]))
        response = connection.getresponse()
        response.read()
        assert response.status == 200
        assert not response.will_close
    connection.close()
    assert stop_and_judge(collector, folder_store).job_events(SESSION, node.node_id) == events


def test_hundreds_of_idle_connections_harm_nobody(collector, folder_store, node):
    idle = [socket.create_connection(("127.0.0.1", collector.port)) for _ in range(300)]
    event = task_event(SESSION)
    try:
        collector.sender().send(body_of([event]))
    finally:
        for connection in idle:
            connection.close()
    assert stop_and_judge(collector, folder_store).job_events(SESSION, node.node_id) == [event]


def test_clients_that_stall_and_clients_that_break_off_harm_nobody(collector, folder_store, node):
    body = body_of([task_event(SESSION)])
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    stalled = [socket.create_connection(("127.0.0.1", collector.port)) for _ in range(20)]
    for number, connection in enumerate(stalled):
        connection.sendall((head + body)[: 5 + number * 10])
    for connection in stalled[::2]:
        connection.close()
    event = task_event(SESSION)
    assert collector.post(body_of([event])).counts == (1, 0, 0)
    for connection in stalled:
        connection.close()
    assert stop_and_judge(collector, folder_store).job_events(SESSION, node.node_id) == [event]


def test_a_client_that_sends_byte_by_byte_is_served(collector, folder_store, node):
    event = task_event(SESSION)
    body = body_of([event])
    with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body:
            connection.sendall(bytes([byte]))
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    assert stop_and_judge(collector, folder_store).job_events(SESSION, node.node_id) == [event]


def test_what_is_no_http_is_answered_or_cut_off_and_harms_nobody(collector):
    for rubbish in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"hello\r\n\r\n", b"GET " + b"a" * 100_000):
        with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection:
            try:
                connection.sendall(rubbish)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(64)
            except ConnectionError:
                answer = b""
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert collector.post(b"[]").status == 200


def test_it_listens_on_both_loopback_addresses_and_on_no_other(collector):
    assert request(collector.port, "POST", "/v1/events", b"[]", host="127.0.0.1").status == 200
    if socket.has_ipv6:
        assert request(collector.port, "POST", "/v1/events", b"[]", host="::1").status == 200
    # Of 127.0.0.0/8 only 127.0.0.1: who listens on all addresses is reached here too.
    with pytest.raises(ConnectionRefusedError):
        request(collector.port, "POST", "/v1/events", b"[]", host="127.0.0.2")


def test_the_address_can_be_widened(make_collector, folder_store, node):
    node.start()
    collector = make_collector(folder_store, EVENTS_ADDRESS="0.0.0.0").start()
    assert request(collector.port, "POST", "/v1/events", b"[]", host="127.0.0.2").status == 200
    collector.stop()


def test_under_disk_pressure_batches_wait_and_are_all_stored_when_there_is_room(
    make_collector, minio, minio_store, node, tmp_path
):
    """The store is away, the disk budget is full: 503; then the store comes back."""
    node.start()
    collector = make_collector(minio_store, RAY_COLLECTOR_EVENT_MAX_DISK_MB="2", S3_ENDPOINT="127.0.0.1:1").start()
    events, refused = [], None
    for _ in range(100):
        batch = [task_event(SESSION, message="x" * 1000) for _ in range(50)]
        answer = collector.post(body_of(batch))
        if answer.status != 200:
            refused = answer
            break
        events += batch
    assert refused is not None and refused.status == 503
    assert int(refused.headers["Retry-After"]) >= 1
    # At 80 % of the budget.
    assert 1.3 * MEBIBYTE < sum(len(json.dumps(event)) for event in events) < 2 * MEBIBYTE

    collector.kill()
    collector.environment["S3_ENDPOINT"] = minio.endpoint
    collector.environment["RAY_COLLECTOR_EVENT_ROTATION_INTERVAL"] = "1s"
    collector.start()
    # The batch that was refused, as Ray's agent sends it: until it is taken.
    collector.sender().send(body_of(batch))
    assert stop_and_judge(collector, minio_store).job_events(SESSION, node.node_id) == events + batch


def test_ingest_goes_on_while_the_store_is_away(make_collector, minio, minio_store, node):
    node.start()
    collector = make_collector(minio_store, S3_ENDPOINT="127.0.0.1:1", SHUTDOWN_TIMEOUT="1s").start()
    for _ in range(20):
        begun = time.monotonic()
        assert collector.post(body_of([task_event(SESSION)])).status == 200
        assert time.monotonic() - begun < 3, "Ray's agent would have given up on the answer"
    wait_until(lambda: collector.process.poll() is None, "the collector to live on")
