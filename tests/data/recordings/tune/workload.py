"""Ray Tune as people use it: a function that reports twice, in three trials of which one fails for good and one is tried
again from its checkpoint, and a class of whose two trials a scheduler stops one early. Recorded with a Ray that has ray[tune]:

    python scripts/record_session.py tests/data/recordings/tune --ray .../bin/ray
"""

import contextlib
import os
import tempfile
import time
from pathlib import Path

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler

FOREVER = 100_000

ray.init(address="auto", logging_level="error", log_to_driver=False)


def trains(config):
    begun_again = tune.get_checkpoint() is not None
    print(f"the trial has width {config['layer_width']}")
    for step in range(2):
        with tempfile.TemporaryDirectory() as checkpoint:
            (Path(checkpoint) / "step").write_text(str(step))
            tune.report({"loss_x": 1 / config["layer_width"] + step}, checkpoint=tune.Checkpoint.from_directory(checkpoint))
        if config["layer_width"] == 2:
            raise ValueError("as it should, at width 2")
        if config["layer_width"] == 3 and not begun_again:
            os._exit(5)


class Model(tune.Trainable):
    def setup(self, config):
        self.rate = config["rate"]

    def step(self):
        return {"score": self.rate * self.iteration}

    def save_checkpoint(self, checkpoint_dir):
        return {"rate": self.rate}

    def load_checkpoint(self, checkpoint):
        self.rate = checkpoint["rate"]


def tuned(trainable, space, folder, name, **options):
    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 0.5}),
        param_space=space,
        run_config=tune.RunConfig(
            name=name, storage_path=folder, verbose=0,
            failure_config=tune.FailureConfig(max_failures=options.pop("max_failures", 0)),
        ),
        tune_config=tune.TuneConfig(trial_dirname_creator=str, **options),
    )  # fmt: skip
    with contextlib.suppress(Exception):
        tuner.fit()


with tempfile.TemporaryDirectory() as results:
    tuned(trains, {"layer_width": tune.grid_search([1, 2, 3])}, results, "functions", max_failures=1)
    tuned(Model, {"rate": tune.grid_search([0.3, 0.1])}, results, "classes", metric="score", mode="max", scheduler=ASHAScheduler(max_t=3, reduction_factor=2))
print("workload is done", flush=True)
time.sleep(FOREVER)
