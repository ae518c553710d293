"""Tasks and actors as people write them, of which the two older recordings have none: nested functions and classes, work
submitted by threads, generators, constructors that fail or are killed, custom resources and labels, fallbacks,
cancellations, environments that cannot be built, detached and restarted actors, Unicode."""

import contextlib
import os
import threading
import time

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

FOREVER = 100_000

ray.init(address="auto", logging_level="error", log_to_driver=False, namespace="Ünicode_raum",
         runtime_env={"env_vars": {"MY_SECRET_x": "hush", "snake_case": "1"}},
         job_config=ray.job_config.JobConfig(metadata={"my_key": "wert ü", "camelKey": "2"}))


def tried(*refs, timeout=30):
    for ref in refs:
        with contextlib.suppress(Exception):
            ray.get(ref, timeout=timeout)


def nested():
    @ray.remote
    def nested_fn(number):
        return number

    @ray.remote(num_cpus=0)
    class NestedActor:
        def method_of_nested(self):
            return 1

    class Outer:
        @staticmethod
        @ray.remote
        def static_task():
            return 2

    actor = NestedActor.remote()
    tried(*[nested_fn.remote(i) for i in range(3)], actor.method_of_nested.remote(), Outer.static_task.remote())
    return actor


def constructors():
    class BadCtor:
        def __init__(self):
            raise ValueError("the constructor fails")

        def never(self):
            return 1

    class ExitCtor:
        def __init__(self):
            os._exit(7)

        def never(self):
            return 1

    class SlowCtor:
        def __init__(self):
            time.sleep(FOREVER)

        def never(self):
            return 1

    actors = [ray.remote(num_cpus=0)(cls).options(name=f"ctor_{cls.__name__}").remote()
              for cls in (BadCtor, ExitCtor, SlowCtor)]
    slow = actors[-1]
    calls = [actor.never.remote() for actor in actors]
    time.sleep(3)
    ray.kill(slow)
    tried(*calls)
    return actors


@ray.remote
def of_thread(number):
    return number


def threads():
    def submit():
        tried(*[of_thread.remote(i) for i in range(2)])

    workers = [threading.Thread(target=submit) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@ray.remote
def yields(count):
    for number in range(count):
        yield number


@ray.remote(num_returns="dynamic")
def yields_and_fails():
    yield 1
    raise RuntimeError("amid the generator")


@ray.remote(resources={"my_res_x": 1}, label_selector={"my_label_x": "a-b_c"})
def with_resources():
    return 1


@ray.remote(num_cpus=0, resources={"my_res_x": 0.5}, label_selector={"my_label_x": "a-b_c"})
class WithResources:
    def run_it(self):
        return 1


@ray.remote(label_selector={"my_label_x": "in(none-such)"}, fallback_strategy=[{"label_selector": {"my_label_x": "a-b_c"}}])
def falls_back():
    return 1


@ray.remote
def sleeps(seconds):
    time.sleep(seconds)


@ray.remote(max_retries=2)
def dies_twice(path):
    with open(path, "ab") as file:
        file.write(b"x")
    if os.path.getsize(path) < 3:
        os._exit(1)
    return 1


@ray.remote(num_cpus=0, max_restarts=2, max_task_retries=1)
class Restarted:
    def die(self):
        os._exit(3)

    def pid(self):
        return os.getpid()


@ray.remote(num_cpus=0)
class Detached:
    def __repr__(self):
        return "Detached(ü)"

    def say(self, text):
        print(text)
        return text

    async def wait(self, seconds):
        import asyncio

        await asyncio.sleep(seconds)


@ray.remote
def outer_task(depth):
    return ray.get(outer_task.remote(depth - 1)) if depth else of_thread.options(name="ünï task").remote(1)


def cancellations():
    running = sleeps.remote(FOREVER)
    waiting = [sleeps.options(num_cpus=2).remote(FOREVER) for _ in range(2)]
    time.sleep(2)
    for ref in [*waiting, running]:
        ray.cancel(ref, force=ref is running)
    tried(running, *waiting, timeout=10)


kept = [nested(), constructors()]
threads()
tried(*list(yields.options(num_returns="streaming").remote(3)))
tried(yields_and_fails.remote())
resourceful = WithResources.remote()
tried(with_resources.remote(), resourceful.run_it.remote(), falls_back.remote())
node = ray.get_runtime_context().get_node_id()
tried(of_thread.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True)).remote(5))
tried(of_thread.options(scheduling_strategy="SPREAD").remote(6))
cancellations()
tried(of_thread.options(runtime_env={"pip": ["no-such-package-at-all-xyz"]}).remote(1), timeout=60)
tried(dies_twice.remote(f"/tmp/rh-workload-{os.getpid()}"))
restarted = Restarted.options(name="restarted").remote()
tried(restarted.pid.remote(), restarted.die.remote(), restarted.pid.remote())
detached = Detached.options(name="détaché", lifetime="detached", max_concurrency=4).remote()
tried(detached.say.remote("hallo Wörld"), detached.wait.remote(0.1))
tried(outer_task.remote(2))
killed = Detached.options(name="killed_alive").remote()
tried(killed.say.remote("bye"))
ray.kill(killed)
out_of_scope = Detached.remote()
tried(out_of_scope.say.remote("gone"))
del out_of_scope
still_running = sleeps.options(num_cpus=0, name="still_running").remote(FOREVER)
never_scheduled = sleeps.options(resources={"my_res_that_no_node_has": 1}).remote(1)
never_placed = WithResources.options(resources={"my_res_that_no_node_has": 1}).remote()
os.unlink(f"/tmp/rh-workload-{os.getpid()}")
print("workload is done", flush=True)
# The recording has tasks that still run, too.
time.sleep(FOREVER)
