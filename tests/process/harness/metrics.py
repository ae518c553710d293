"""What a scrape of /metrics says."""

import re
from pathlib import Path

from .sender import request

SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$")
LABEL = re.compile(r'([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"')


class Scrape:
    def __init__(self, text, prefix="ray_collector_"):
        self.text = text
        self.prefix = prefix
        self.samples = {}
        self.types = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                assert name not in self.types, f"{name} is there twice"
                self.types[name] = kind
            elif not line.startswith("#"):
                match = SAMPLE.match(line)
                assert match, f"no sample: {line!r}"
                labels = frozenset(LABEL.findall(match["labels"] or ""))
                assert (match["name"], labels) not in self.samples, f"{line!r} is there twice"
                self.samples[match["name"], labels] = float(match["value"])

    def __getitem__(self, name):
        """scrape["events_stored_total"], or with labels scrape["batches_refused_total", {"reason": "busy"}]."""
        name, labels = name if isinstance(name, tuple) else (name, {})
        if not name.startswith("process_"):
            name = self.prefix + name
        return self.samples[name, frozenset(labels.items())]

    def sample_names(self):
        return {name for name, _ in self.samples}

    def label_values(self):
        """For each label's name all of its values."""
        values = {}
        for _, labels in self.samples:
            for name, value in labels:
                values.setdefault(name, set()).add(value)
        return values


def scrape(port, host="127.0.0.1", prefix="ray_collector_"):
    answer = request(port, "GET", "/metrics", host=host)
    assert answer.status == 200
    return Scrape(answer.body.decode(), prefix)


def metrics_named_in(path, prefix="ray_collector_"):
    """A program's and its process's metrics in a file of any kind."""
    return set(re.findall(rf"\b(?:{prefix}|process_)[a-z_]+\b", Path(path).read_text()))
