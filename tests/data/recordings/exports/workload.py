"""Ray Data and Ray Train as they write export events, in a session that submits a job too. Recorded with

    python scripts/record_session.py tests/data/recordings/exports --set RAY_enable_export_api_write=1
"""

import contextlib
import os
import tempfile
import time

os.environ["RAY_TRAIN_V2_ENABLED"] = "1"
os.environ["RAY_TRAIN_ENABLE_STATE_TRACKING"] = "1"

import ray
import ray.data
import ray.train
from ray.job_submission import JobSubmissionClient
from ray.train import RunConfig, ScalingConfig
from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer

FOREVER = 100_000

dashboard = ray.init(address="auto", logging_level="error", log_to_driver=False).dashboard_url


def fails_at(row):
    if row["id"] == 7:
        raise ValueError("as it should")
    return row


def datasets():
    ray.data.range(20, override_num_blocks=2).map(lambda row: {"id": row["id"] * 2}).sum("id")
    with contextlib.suppress(Exception):
        ray.data.range(10, override_num_blocks=1).map(fails_at).materialize()


def trains(config):
    ray.train.report({"loss": 0.5})
    if config["fails"]:
        raise RuntimeError("amid the training")


def training(folder):
    for name, fails in (("good_run", False), ("bad_run", True)):
        trainer = DataParallelTrainer(
            trains,
            train_loop_config={"fails": fails, "my_snake_key": 1},
            scaling_config=ScalingConfig(num_workers=2, resources_per_worker={"CPU": 0.5}),
            run_config=RunConfig(name=name, storage_path=folder),
        )
        with contextlib.suppress(Exception):
            trainer.fit()


def submissions():
    client = JobSubmissionClient(f"http://{dashboard}")
    for submission_id, entrypoint in (("export_good", "echo good"), ("export_bad", "exit 3")):
        client.submit_job(entrypoint=entrypoint, submission_id=submission_id, metadata={"my_key": "1"})
        while not client.get_job_status(submission_id).is_terminal():
            time.sleep(0.1)


datasets()
with tempfile.TemporaryDirectory() as results:
    training(results)
submissions()
print("workload is done", flush=True)
time.sleep(FOREVER)
