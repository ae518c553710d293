"""Three nodes, one of which is killed amid its work: what ran there, what is tried again elsewhere, and what cannot be.

Recorded with --workers 2.
"""

import contextlib
import json
import os
import signal
import time
import urllib.request

import ray
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

FOREVER = 100_000

context = ray.init(address="auto", logging_level="error", log_to_driver=False)


def on(number):
    return {"resources": {f"node_{number}": 0.01}, "num_cpus": 0}


def tried(*refs, timeout=60):
    for ref in refs:
        with contextlib.suppress(Exception):
            ray.get(ref, timeout=timeout)


@ray.remote
def says(text):
    print("it says", text)
    return ray.get_runtime_context().get_node_id()


@ray.remote
def sleeps(seconds):
    time.sleep(seconds)


@ray.remote(max_retries=0)
def kills_its_node():
    # Until the node's agent has sent what happened here. A worker is its raylet's child.
    time.sleep(4)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(FOREVER)


@ray.remote
class Lives:
    def where(self):
        print("it is asked where it is")
        return ray.get_runtime_context().get_node_id()


first, second = ray.get([says.options(**on(number)).remote(f"on {number}") for number in (1, 2)])
stays = Lives.options(name="stays", **on(1)).remote()
goes = Lives.options(name="goes", **on(2)).remote()
moves = Lives.options(
    name="moves", num_cpus=0, max_restarts=1, max_task_retries=1,
    scheduling_strategy=NodeAffinitySchedulingStrategy(second, soft=True),
).remote()  # fmt: skip
tried(*(actor.where.remote() for actor in (stays, goes, moves)))
group = placement_group([{"node_1": 0.1}, {"node_2": 0.1}], strategy="STRICT_SPREAD", name="spread")
tried(group.ready())
tried_elsewhere = sleeps.options(
    num_cpus=0, max_retries=1, scheduling_strategy=NodeAffinitySchedulingStrategy(second, soft=True)
).remote(FOREVER)
lost = sleeps.options(name="lost", max_retries=0, **on(2)).remote(FOREVER)
waits_for_the_node = sleeps.options(name="waits_for_the_node", max_retries=1, **on(2)).remote(FOREVER)
time.sleep(2)
kills_its_node.options(**on(2)).remote()
while any(node["Alive"] for node in ray.nodes() if node["NodeID"] == second):
    time.sleep(0.2)
tried(lost)
tried(*(actor.where.remote() for actor in (stays, goes, moves)))
tried(says.options(**on(1)).remote("after the node's end"))
# The dashboard hears of it later.
for _ in range(60):
    with urllib.request.urlopen(f"http://{context.dashboard_url}/nodes?view=summary") as answer:
        states = {node["raylet"]["nodeId"]: node["raylet"]["state"] for node in json.load(answer)["data"]["summary"]}
    if states[second] == "DEAD":
        break
    time.sleep(1)
print("workload is done", flush=True)
# The recording has tasks that still run, too.
time.sleep(FOREVER)
