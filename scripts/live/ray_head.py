"""A real Ray head node on loopback that posts its events to a collector's port."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .leftovers import end_marked_processes, mark
from .ports import accepts_connections, free_port
from .waiting import wait_until


class RayHead:
    """`ray` is the ray command of a virtual environment; `options` are further ones of `ray start`; `variables`
    come on top of the environment it gets."""

    def __init__(self, ray, log_path, events_port, num_cpus=2, proxy_server_url=None, options=(), **variables):
        self.python = Path(ray).with_name("python")
        self.log_path = Path(log_path)
        # Short, because Ray puts unix sockets below it, and a socket's path holds 107 bytes at most.
        self.root = Path(tempfile.mkdtemp(prefix="rh-ray-", dir="/tmp"))
        self.gcs_port = free_port()
        self.dashboard_port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
            **mark(self.root),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_COLOR_PREFIX": "0",
            "RAY_ADDRESS": f"127.0.0.1:{self.gcs_port}",
            "RAY_enable_ray_event": "true",
            "RAY_enable_core_worker_ray_event_to_aggregator": "true",
            "RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR": f"http://localhost:{events_port}/v1/events",
            "RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES": "ALL",
            **variables,
        }
        command = [
            *(str(ray), "start", "--head", "--block", "--disable-usage-stats"),
            f"--temp-dir={self.root}",
            "--node-ip-address=127.0.0.1",
            f"--num-cpus={num_cpus}",
            # Ray's default is a third of the memory, in /dev/shm; the example needs next to nothing.
            f"--object-store-memory={100 * 1024 * 1024}",
            f"--port={self.gcs_port}",
            f"--dashboard-port={self.dashboard_port}",
            # Ports with a fixed default would clash with another Ray on this machine.
            f"--ray-client-server-port={free_port()}",
            f"--dashboard-agent-listen-port={free_port()}",
            "--min-worker-port=0",
            "--max-worker-port=0",
            *([f"--proxy-server-url={proxy_server_url}"] if proxy_server_url else []),
            *options,
        ]
        environment = {name: value for name, value in self.environment.items() if name != "RAY_ADDRESS"}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def wait_until_ready(self):
        """The raylet listens, and so does the dashboard."""
        wait_until(self._is_up, f"Ray to start; see {self.log_path}", 120)

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"Ray ended with status {self.process.returncode}; see {self.log_path}")
        return (self.session / "sockets" / "raylet").exists() and accepts_connections(self.dashboard_port)

    @property
    def session(self):
        """The folder of the running session; one that does not exist before there is a session."""
        return (self.root / "session_latest").resolve()

    def run_job(self, script, *arguments, timeout_seconds=180):
        """Runs a driver to its end. It exports events of its own, so it gets Ray's variables too."""
        return subprocess.run(
            [str(self.python), str(script), *arguments],
            env=self.environment,
            timeout=timeout_seconds,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def submit_job(self, script, submission_id, timeout_seconds=180):
        """`ray job submit`, to its end. What it and the job said."""
        return subprocess.run(
            [
                *(str(self.python.with_name("ray")), "job", "submit", f"--submission-id={submission_id}"),
                *(f"--address=http://127.0.0.1:{self.dashboard_port}", "--", str(self.python), str(script)),
            ],
            env=self.environment,
            timeout=timeout_seconds,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def terminate(self):
        """As Kubernetes does: SIGTERM to the container's first process."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_seconds=30):
        self.process.wait(timeout_seconds)

    def end_at_once(self):
        """All its processes by SIGKILL; the folder stays."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        end_marked_processes(self.root)

    def kill(self):
        """Whatever is left of it, and its folder."""
        self.end_at_once()
        shutil.rmtree(self.root, ignore_errors=True)
