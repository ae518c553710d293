"""A real Prometheus on loopback that scrapes what it is told to."""

import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .leftovers import mark
from .ports import accepts_connections, free_port
from .waiting import wait_until


class PrometheusServer:
    """`targets`: for each job's name the ports of its instances, by the names that they are to be shown under.
    `discovered`: scrape configurations as they stand in prometheus.yml, for those that find their targets themselves."""

    def __init__(self, program, folder, targets, interval_seconds, discovered=()):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.interval_seconds = interval_seconds
        settings = {
            "global": {"scrape_interval": f"{interval_seconds}s", "scrape_timeout": f"{interval_seconds}s"},
            "scrape_configs": [
                {
                    "job_name": job,
                    "static_configs": [
                        {"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}}
                        for name, port in instances.items()
                    ],
                }
                for job, instances in targets.items()
            ]
            + list(discovered),
        }
        # JSON is YAML.
        (self.folder / "prometheus.yml").write_text(json.dumps(settings))
        with open(self.folder / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    str(program),
                    f"--config.file={self.folder}/prometheus.yml",
                    f"--storage.tsdb.path={self.folder}/data",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **mark(self.folder)},
            )
        wait_until(self._is_up, f"Prometheus to be ready; see {self.folder}/prometheus.log", 60)

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"Prometheus ended with {self.process.returncode}; see {self.folder}/prometheus.log")
        # It listens before it can answer: until then each query is a 503 in plain text.
        return accepts_connections(self.port) and self._is_ready()

    def _is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                return True
        except urllib.error.HTTPError:
            return False

    def query(self, expression):
        """Its samples now, a dictionary each of labels ("metric") and of time and text ("value")."""
        return self._ask("query", query=expression)

    def query_range(self, expression, start, end, step_seconds):
        """Its series, a dictionary each of labels ("metric") and of pairs of time and text ("values")."""
        return self._ask("query_range", query=expression, start=start, end=end, step=step_seconds)

    def targets(self):
        """Its targets, a dictionary each of "scrapeUrl", "labels", "discoveredLabels" and so on."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/targets?state=active", timeout=30) as answer:
            return json.load(answer)["data"]["activeTargets"]

    def _ask(self, call, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{call}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters['query']}: {json.load(error)['error']}") from error

    def stop(self):
        self.process.kill()
        self.process.wait()
