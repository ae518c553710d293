"""What every Ray since 2.49 can do, for scripts/compatibility.py: the recordings have more, and need a newer Ray."""

import contextlib
import os
import time

import ray
from ray.util.placement_group import placement_group

FOREVER = 100_000

ray.init(address="auto", logging_level="error", log_to_driver=False, namespace="a_space",
         runtime_env={"env_vars": {"MY_SECRET": "hush"}},
         job_config=ray.job_config.JobConfig(metadata={"my_key": "1"}))


def tried(*refs, timeout=30):
    for ref in refs:
        with contextlib.suppress(Exception):
            ray.get(ref, timeout=timeout)


@ray.remote
def says(number):
    print(f"it says {number}")
    return number


@ray.remote
def nests(depth):
    return ray.get(nests.remote(depth - 1)) if depth else 0


@ray.remote(max_retries=1, retry_exceptions=True)
def fails():
    raise ValueError("as it should")


@ray.remote(max_retries=1)
def dies():
    os._exit(1)


@ray.remote
def yields(count):
    yield from range(count)


@ray.remote(resources={"my_res_x": 1})
def with_resources():
    return 1


@ray.remote(num_cpus=0, max_restarts=1, max_task_retries=0)
class Counter:
    def __init__(self, fails=False):
        if fails:
            raise ValueError("the constructor fails")

    def __repr__(self):
        return "Counter(x)"

    def add(self):
        print("adding")
        return 1

    def fails(self):
        raise KeyError("in a method")

    def die(self):
        os._exit(3)


@ray.remote
def sleeps(seconds):
    time.sleep(seconds)


tried(*[says.remote(i) for i in range(5)], says.options(name="a name").remote(6))
tried(nests.remote(2), fails.remote(), dies.remote(), with_resources.remote())
tried(*list(yields.options(num_returns="streaming").remote(3)))
counter = Counter.options(name="the_counter").remote()
tried(counter.add.remote(), counter.fails.remote(), counter.die.remote(), counter.add.remote())
broken = Counter.remote(fails=True)
tried(broken.add.remote())
killed = Counter.options(lifetime="detached", name="killed").remote()
tried(killed.add.remote())
ray.kill(killed)
group = placement_group([{"CPU": 0.5}], name="a_group")
tried(group.ready())
cancelled = sleeps.remote(FOREVER)
time.sleep(1)
ray.cancel(cancelled)
tried(cancelled, timeout=10)
still_running = sleeps.options(num_cpus=0, name="still_running").remote(FOREVER)
never_scheduled = sleeps.options(resources={"my_res_that_no_node_has": 1}).remote(1)
print("workload is done", flush=True)
# The recording has tasks that still run, too.
time.sleep(FOREVER)
