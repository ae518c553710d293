"""What Ray kills when a node's memory runs out: tasks that are tried again, tasks that are not, actors that begin again and that do not.

Recorded with
--set RAY_memory_usage_threshold=0.001 --set RAY_memory_monitor_refresh_ms=3000 --set RAY_task_oom_retries=1
so that any use of memory is too much, and Ray kills a worker every few seconds.
"""

import contextlib
import time

import ray

FOREVER = 100_000

ray.init(address="auto", logging_level="error", log_to_driver=False)


def ended(*refs, timeout=60):
    for ref in refs:
        with contextlib.suppress(Exception):
            ray.get(ref, timeout=timeout)


@ray.remote(num_cpus=0)
def is_short():
    print("it ends before it is killed")
    return 1


@ray.remote(num_cpus=0)
def holds_memory():
    print("it runs until it is killed", flush=True)
    time.sleep(FOREVER)


@ray.remote(num_cpus=0)
class HoldsMemory:
    def begin(self):
        print("the actor runs until it is killed", flush=True)
        time.sleep(FOREVER)


ended(is_short.remote())
ended(holds_memory.options(name="is_not_tried_again", max_retries=0).remote())
ended(holds_memory.options(name="is_tried_again", max_retries=1).remote())
mortal = HoldsMemory.options(name="mortal").remote()
ended(mortal.begin.remote())
begins_again = HoldsMemory.options(name="begins_again", max_restarts=1, max_task_retries=0).remote()
ended(begins_again.begin.remote())
ended(begins_again.begin.remote())
print("workload is done", flush=True)
time.sleep(FOREVER)
