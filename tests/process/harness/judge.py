"""Reads a whole store and says what it holds, by the key layout of KubeRay, written here anew on purpose: were it the
collector's own code, a mistake in it would go unseen."""

import gzip
import json
import re
from datetime import datetime, timezone

JOURNAL = re.compile(
    r"(?P<node>[0-9a-f]+)-(?P<hour>\d{4}-\d\d-\d\d-\d\d)-(?P<opened>\d{19})\.jsonl(?P<gzip>\.gz)?"
)


class Judge:
    """`place` are the levels between cluster-history and a session: raycluster/default/test."""

    def __init__(self, stored, place="raycluster/default/test", metadata="raycluster/default_test", root=""):
        self.stored = stored
        self.history = f"{root}cluster-history/{place}/"
        self.metadata = f"{root}cluster-metadata/{metadata}/"

    def keys(self):
        """All of them, each of a form that the layout knows."""
        keys = list(self.stored.sizes())
        for key in keys:
            assert not key.endswith("/") and not key.startswith("/") and "//" not in key, key
            assert key.startswith((self.history, self.metadata)), f"a key outside of the layout: {key}"
        return keys

    def markers(self):
        """The sessions that are visible to a History Server."""
        sizes = self.stored.sizes(self.metadata)
        assert all(size == 0 for size in sizes.values())
        return {key.removeprefix(self.metadata) for key in sizes}

    def below(self, session, node, kind):
        prefix = f"{self.history}{session}/{node}/{kind}/"
        return {key.removeprefix(prefix): key for key in self.stored.sizes(prefix)}

    def log_sizes(self, session, node):
        prefix = f"{self.history}{session}/{node}/logs/"
        return {key.removeprefix(prefix): size for key, size in self.stored.sizes(prefix).items()}

    def logs(self, session, node):
        return {path: self.stored.read(key) for path, key in self.below(session, node, "logs").items()}

    def journals(self, session, node, kind):
        """Each file's lines, in the order in which the files were opened."""
        found = []
        for name, key in self.below(session, node, kind).items():
            match = JOURNAL.fullmatch(name)
            assert match, f"no journal's name: {key}"
            assert match["node"] == node, key
            opened = int(match["opened"])
            hour = datetime.fromtimestamp(opened // 10**9, timezone.utc).strftime("%Y-%m-%d-%H")
            assert match["hour"] == hour, f"the hour does not fit the time of opening: {key}"
            content = self.stored.read(key)
            if match["gzip"]:
                content = gzip.decompress(content)
            assert content.endswith(b"\n"), f"a journal is whole lines: {key}"
            found.append((opened, content.splitlines()))
        return [lines for _, lines in sorted(found)]

    def lines(self, session, node, kind):
        return [line for lines in self.journals(session, node, kind) for line in lines]

    def node_events(self, session, node):
        return [json.loads(line) for line in self.lines(session, node, "node_events")]

    def job_events(self, session, node, job="01000000"):
        return [json.loads(line) for line in self.lines(session, node, f"job_events/{job}")]

    def rejected_events(self, session, node):
        return [json.loads(line) for line in self.lines(session, node, "rejected_events")]
