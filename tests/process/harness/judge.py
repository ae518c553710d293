"""Reads a whole store and says what it holds, by the key layout of KubeRay, written here anew on purpose: were it the
collector's own code, a mistake in it would go unseen."""

import gzip
import json
import re
from datetime import datetime, timezone

JOURNAL = re.compile(
    r"(?P<node>[0-9a-f]+)-(?P<hour>\d{4}-\d\d-\d\d-\d\d)-(?P<opened>\d{19})\.jsonl(?P<gzip>\.gz)?"
)
# One segment of a path that neither leads elsewhere nor is empty.
SEGMENT = r"(?!\.{1,2}(?:/|$))[^/]+"
SESSION = r"(?P<session>(?!\.{1,2}/)[A-Za-z0-9._-]+)"
IN_SESSION = {
    "fetched_endpoint": r"fetched_endpoints/restful__[^/]+",
    "log": rf"(?P<node>[0-9a-f]+)/logs/{SEGMENT}(?:/{SEGMENT})*",
    "node_events": rf"(?P<node>[0-9a-f]+)/node_events/{JOURNAL.pattern.replace('?P<node>', '?P<file_node>')}",
    "job_events": rf"(?P<node>[0-9a-f]+)/job_events/[0-9a-f]+/{JOURNAL.pattern.replace('?P<node>', '?P<file_node>')}",
    "rejected_events": rf"(?P<node>[0-9a-f]+)/rejected_events/{JOURNAL.pattern.replace('?P<node>', '?P<file_node>')}",
}


class Judge:
    """`place` are the levels between cluster-history and a session: raycluster/default/test."""

    def __init__(self, stored, place="raycluster/default/test", metadata="raycluster/default_test", root=""):
        self.stored = stored
        self.history = f"{root}cluster-history/{place}/"
        self.metadata = f"{root}cluster-metadata/{metadata}/"

    def keys(self):
        """All of them, each of a form that the layout knows, without what a head's survey of the store tries itself on."""
        surveyed = {f"{self.history}collector-check/{probe}" for probe in ("probe %2B+", "probe-copy")}
        keys = [key for key in self.stored.sizes() if key not in surveyed]
        for key in keys:
            self.kind_of(key)
        return keys

    def kind_of(self, key):
        """"marker", or one of IN_SESSION: exactly one of them, or the key is outside of the layout."""
        forms = {"marker": re.escape(self.metadata) + SESSION}
        forms |= {kind: f"{re.escape(self.history)}{SESSION}/{form}" for kind, form in IN_SESSION.items()}
        matches = {kind: match for kind, form in forms.items() if (match := re.fullmatch(form, key))}
        assert len(matches) == 1, f"a key outside of the layout: {key}"
        ((kind, match),) = matches.items()
        parts = match.groupdict()
        assert parts.get("file_node") in (None, parts.get("node")), f"another node's file: {key}"
        return kind

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
