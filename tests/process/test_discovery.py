"""Which session and which node: found out while events are taken already, and watched on."""

import os

from harness.events import body_of, node_event, task_event
from harness.node import NEXT_SESSION, SESSION, new_node_id
from live.waiting import wait_until


def stored_node_events(store, node):
    return store.judge().node_events(node.session, node.node_id)


def test_events_that_come_before_anything_is_known_are_stored_once_it_is(make_collector, store, node):
    collector = make_collector(store).start()
    events = [task_event(SESSION), node_event(SESSION), task_event(SESSION)]
    assert collector.post(body_of(events)).counts == (3, 0, 0)

    node.start(session=SESSION)
    judge = store.judge()
    wait_until(lambda: judge.job_events(SESSION, node.node_id) == [events[0], events[2]], "the job's events")
    wait_until(lambda: judge.node_events(SESSION, node.node_id) == [events[1]], "the node's event")
    collector.stop()
    assert all(f"/{SESSION}/{node.node_id}/" in key or key.startswith("cluster-metadata/") for key in judge.keys())


def test_the_node_is_found_by_the_file_of_the_pods_start_hook(make_collector, folder_store, node):
    node.start(told_by="node id file")
    event = node_event(SESSION)
    collector = make_collector(folder_store).start()
    collector.post(body_of([event]))
    wait_until(lambda: stored_node_events(folder_store, node) == [event], "the event under its node")
    collector.stop()


def test_the_node_is_found_by_the_newest_port_file(make_collector, folder_store, node):
    node.start(told_by="nothing")
    for age_seconds in (300, 200, 100):
        other = node.folder / f"metrics_agent_port_{new_node_id()}"
        other.write_text("1")
        now = os.stat(other).st_mtime_ns
        os.utime(other, ns=(now, now - age_seconds * 10**9))
    node.write_port_file(node.node_id)
    event = node_event(SESSION)
    collector = make_collector(folder_store).start()
    collector.post(body_of([event]))
    wait_until(lambda: stored_node_events(folder_store, node) == [event], "the event under its node")
    collector.stop()


def test_the_node_is_found_by_asking_the_dashboard(make_collector, folder_store, node, dashboard):
    node.start(told_by="nothing")
    dashboard.set_nodes(
        [
            {"node_id": new_node_id(), "node_ip": "10.0.0.7", "state": "DEAD"},
            {"node_id": new_node_id(), "node_ip": "10.0.0.8", "state": "ALIVE"},
            {"node_id": node.node_id, "node_ip": "10.0.0.7", "state": "ALIVE"},
        ]
    )
    event = node_event(SESSION)
    collector = make_collector(folder_store, FQ_RAY_IP=f"http://127.0.0.1:{dashboard.port}", POD_IP="10.0.0.7").start()
    collector.post(body_of([event]))
    wait_until(lambda: stored_node_events(folder_store, node) == [event], "the event under its node")
    collector.stop()
    assert set(dashboard.asked) == {"/api/v0/nodes?limit=10000"}


def test_the_hooks_file_goes_before_port_files_and_those_before_the_dashboard(
    make_collector, folder_store, node, dashboard
):
    node.start(told_by="nothing")
    dashboard.set_nodes([{"node_id": new_node_id(), "node_ip": "10.0.0.7", "state": "ALIVE"}])
    node.write_port_file(new_node_id())
    node.write_node_id_file(node.node_id)
    event = node_event(SESSION)
    collector = make_collector(folder_store, FQ_RAY_IP=f"127.0.0.1:{dashboard.port}", POD_IP="10.0.0.7").start()
    collector.post(body_of([event]))
    wait_until(lambda: stored_node_events(folder_store, node) == [event], "the event under its node")
    collector.stop()
    assert dashboard.asked == []


def test_what_is_missing_is_waited_for_with_a_warning_that_names_it(make_collector, folder_store, node):
    collector = make_collector(folder_store).start()
    collector.wait_for_log("read session_latest file error")
    node.start(told_by="nothing")
    collector.wait_for_log("read nodeid file error")
    assert collector.process.poll() is None
    node.write_node_id_file(node.node_id)
    wait_until(lambda: folder_store.judge().markers() == {SESSION}, "the marker")
    collector.stop()


def test_a_relative_session_link_is_followed_too(make_collector, folder_store, node):
    node.start()
    link = node.root / "session_latest"
    link.unlink()
    link.symlink_to(SESSION)
    node.write_log("raylet.out", b"hello\n")
    make_collector(folder_store).start().stop()
    assert folder_store.judge().logs(SESSION, node.node_id) == {"raylet.out": b"hello\n"}


def test_a_restarted_ray_container_is_a_new_session_on_a_new_node(make_collector, store, node):
    node.start()
    node.write_log("raylet.out", b"the first session\n")
    first_node, first_event = node.node_id, node_event(SESSION)
    collector = make_collector(store).start()
    collector.post(body_of([first_event]))
    judge = store.judge()
    wait_until(lambda: judge.markers() == {SESSION}, "the first marker")

    node.start(session=NEXT_SESSION)
    node.write_log("raylet.out", b"the second session\n")
    wait_until(lambda: judge.markers() == {SESSION, NEXT_SESSION}, "the second marker")
    second_event, late_event = node_event(NEXT_SESSION), node_event(SESSION)
    # Each belongs to the session it names, whichever is current.
    collector.post(body_of([second_event, late_event]))
    collector.stop()

    assert judge.node_events(NEXT_SESSION, node.node_id) == [second_event]
    assert judge.node_events(SESSION, first_node) == [first_event, late_event]
    assert judge.logs(SESSION, first_node) == {"raylet.out": b"the first session\n"}
    assert judge.logs(NEXT_SESSION, node.node_id) == {"raylet.out": b"the second session\n"}


def test_a_restarted_raylet_is_a_new_node_in_the_same_session(make_collector, store, node):
    node.start()
    first_node, first_event = node.node_id, node_event(SESSION)
    collector = make_collector(store, RAY_ROLE="Worker").start()
    judge = store.judge()
    collector.post(body_of([first_event]))
    wait_until(lambda: judge.node_events(SESSION, first_node) == [first_event], "the event under the first node")

    node.restart_raylet()
    node.write_log("raylet.out", b"the second raylet\n")
    wait_until(lambda: judge.logs(SESSION, node.node_id), "a log under the second node")
    second_event = node_event(SESSION)
    collector.post(body_of([second_event]))
    collector.stop()
    assert judge.node_events(SESSION, node.node_id) == [second_event]
    assert judge.node_events(SESSION, first_node) == [first_event]
