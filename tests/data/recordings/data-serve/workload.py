"""Ray Data, which submits its tasks from a thread of its own, and Ray Serve with two replicas."""

import time

import ray
from ray import serve

FOREVER = 100_000

ray.init(address="auto", logging_level="error", log_to_driver=False)


def doubled(batch):
    batch["id"] = batch["id"] * 2
    return batch


def fails_at(row):
    if row["id"] == 7:
        raise ValueError("seven")
    return row


class Stateful:
    def __init__(self):
        self.calls = 0

    def __call__(self, batch):
        self.calls += 1
        return batch


ray.data.range(200, override_num_blocks=4).map_batches(doubled, num_cpus=0.2).materialize()
ray.data.range(50, override_num_blocks=2).map_batches(Stateful, compute=ray.data.ActorPoolStrategy(size=1), num_cpus=0.1).count()
try:
    ray.data.range(10, override_num_blocks=1).map(fails_at, num_cpus=0.2).materialize()
except Exception as error:  # noqa: BLE001: as it should
    print(type(error).__name__)


@serve.deployment(num_replicas=2, ray_actor_options={"num_cpus": 0.1})
class Echo:
    def __init__(self, prefix):
        self.prefix = prefix

    def __call__(self, text):
        return self.prefix + text

    async def fails(self, text):
        raise RuntimeError(text)


handle = serve.run(Echo.bind("ü: "), name="echo_app", route_prefix=None)
for number in range(6):
    handle.remote(f"call {number}").result()
try:
    handle.fails.remote("as it should").result()
except Exception as error:  # noqa: BLE001: as it should
    print(type(error).__name__)
print("workload is done", flush=True)
time.sleep(FOREVER)
