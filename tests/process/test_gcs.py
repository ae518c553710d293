"""The collector and Google Cloud Storage, by its emulator, read with Google's own client.

What differs from other stores: growth by compose, the temporary objects of it, copies by rewrite. What each store does in
its own way, `on_every_store` runs on the emulator too, as do the conformance suite, a real Ray and chaos."""

from harness.node import SESSION
from live.waiting import wait_until

MEBIBYTE = 1024 * 1024


def stored_logs(store, node):
    return store.judge().logs(node.session, node.node_id)


def test_a_log_grows_in_place_and_reads_back_byte_for_byte(make_collector, gcs_store, node):
    node.start()
    node.write_log("raylet.out", b"".join(b"%07d\n" % line for line in range(MEBIBYTE // 4)))
    collector = make_collector(gcs_store).start()
    wait_until(lambda: stored_logs(gcs_store, node) == node.log_files(), "the log")
    key = gcs_store.judge().below(node.session, node.node_id, "logs")["raylet.out"]
    bucket = gcs_store.stored.client.bucket(gcs_store.stored.bucket)
    before = bucket.get_blob(key)
    assert before.metadata is None
    node.append_log("raylet.out", b"the tail\n" * 1000)
    wait_until(lambda: stored_logs(gcs_store, node) == node.log_files(), "its tail")
    after = bucket.get_blob(key)
    assert after.metadata == {"ray-extends": str(before.generation)}, "it was composed, not sent again"
    assert after.content_type == "text/plain; charset=utf-8"
    # A rotated log keeps its bytes under a key of its own, copied by the server.
    (node.logs / "raylet.out").rename(node.logs / "raylet.out.1")
    node.write_log("raylet.out", b"the next generation\n")
    whole = (node.logs / "raylet.out.1").read_bytes()
    wait_until(
        lambda: sorted(stored_logs(gcs_store, node).values(), key=len) == [b"the next generation\n", whole],
        "both generations",
    )
    collector.stop()
    assert gcs_store.stored.unfinished() == []
    gcs_store.judge().keys()


def test_what_a_killed_collector_left_is_swept_and_another_nodes_is_not(make_collector, gcs_store, node):
    node.start()
    client = gcs_store.stored.client
    bucket = client.create_bucket(gcs_store.stored.bucket)
    tails = f".rayhistory-unfinished/cluster-history/raycluster/default/test/{SESSION}"
    for owner in (node.node_id, "f" * 56):
        bucket.blob(f"{tails}/{owner}/logs/raylet.out/0123456789abcdef").upload_from_string(b"a tail")
    node.write_log("raylet.out", b"one\n")
    collector = make_collector(gcs_store).start()
    wait_until(lambda: stored_logs(gcs_store, node) == node.log_files(), "the log")
    collector.stop()
    assert gcs_store.stored.unfinished() == [f"{tails}/{'f' * 56}/logs/raylet.out/0123456789abcdef"]
