"""Fixtures of every folder of tests that runs a collector: a node, and the collector beside it."""

import pytest
from harness.collector import Collector
from harness.node import StandInNode
from live.leftovers import end_marked_processes


@pytest.fixture
def node():
    stand_in = StandInNode()
    yield stand_in
    stand_in.remove()


@pytest.fixture
def make_collector(node, tmp_path):
    """make_collector(store, **settings): not started yet."""

    made = []

    def make(store, **settings):
        collector = Collector(node, tmp_path, store.environment, **settings)
        made.append(collector)
        return collector

    yield make
    for collector in made:
        collector.kill()
    end_marked_processes(tmp_path)
