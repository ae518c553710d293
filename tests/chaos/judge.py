"""Holds what lies in the store at the end against what was sent and written. Each law returns what breaks it, as
sentences; none of them, and the round is good."""

import json
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.events import job_of

from .log_writer import header_of

# A backup that lay there for this long while the collector ran has been seen: its scan comes every 1 to 2 s, and the
# machine may be busy.
SEEN_SECONDS = 8.0
# From a raylet's first line to its agents' first port file, as docs/reliability.md has it.
AGENT_START_NS = 10 * 10**9
# Sentences of one law; the rest is counted.
SENTENCES = 5


@dataclass
class Session:
    """One Ray session of a round, and what its writers wrote."""

    name: str
    nodes: list  # its node IDs, in order
    writer: object
    folder: object  # of its logs, while it runs

    def owner(self, modified_ns):
        """The node that ran when a file was last written: each begins a little before its first port file."""
        owner = self.nodes[0]
        for node in self.nodes[1:]:
            written = [path.stat().st_mtime_ns for path in self.folder.parent.glob(f"*_port_{node}")]
            if written and min(written) - AGENT_START_NS <= modified_ns:
                owner = node
        return owner


@dataclass
class Evidence:
    sessions: list
    outbox: object
    lives: list
    observed: dict  # (session, path, generation): so many bytes were stored at some time
    fresh_event_stored: bool
    exit_status: int
    left_over: list
    role: str
    crashes: list
    log: str
    starts: int = 1
    metrics: dict | None = None  # of the last life, when all was mended


def laws(evidence, judge):
    """All of them, by name. `judge` reads the store by the key layout (harness.judge)."""
    keys = judge.keys()
    events = StoredEvents(evidence, judge, keys)
    logs = StoredLogs(evidence, judge)
    return {
        "L1 acknowledged events are stored": events.missing(),
        "L2 each event is stored once": events.twice(),
        "L3 stored events were sent, and are as they were sent": events.invented() + events.misplaced(),
        "L4 each sender's order is kept": events.disordered(),
        "L5 each log object is one generation's, once": logs.foreign() + logs.twice(),
        "L5 each generation is stored whole": logs.missing() + logs.shrunk(),
        "L6 nothing unfinished is left": evidence.left_over + local_leftovers(evidence),
        "L7 it lives": liveness(evidence),
        "L8 metrics agree with what is there": metrics_agree(evidence, events, logs),
        "markers are right": markers(evidence, judge),
        "good batches are not refused": evidence.outbox.refusals,
    }


def broken(evidence, judge):
    """The sentences of all broken laws."""
    found = []
    for law, sentences in laws(evidence, judge).items():
        found += [f"{law}: {sentence}" for sentence in sentences[:SENTENCES]]
        if len(sentences) > SENTENCES:
            found.append(f"{law}: and {len(sentences) - SENTENCES} more")
    return found


class StoredEvents:
    def __init__(self, evidence, judge, keys):
        self.evidence = evidence
        self.sent = evidence.outbox.events
        self.lines = []  # (session, job or None, eventId, event)
        self.rejected = 0
        self.bad_files = []
        for session, node, kind in sorted(self._folders(judge, keys)):
            for lines in self._files(judge, session, node, kind):
                for line in lines:
                    self._take(session, node, kind, line)
        self.count = Counter(event_id for _, _, _, event_id, _ in self.lines)

    @staticmethod
    def _folders(judge, keys):
        """(session, node, kind) of all journals."""
        found = set()
        for key in keys:
            if key.startswith(judge.history):
                session, node, *rest = key.removeprefix(judge.history).split("/")
                if rest[0] == "job_events":
                    found.add((session, node, "/".join(rest[:2])))
                elif rest[0] in ("node_events", "rejected_events"):
                    found.add((session, node, rest[0]))
        return found

    def _files(self, judge, session, node, kind):
        try:
            return judge.journals(session, node, kind)
        except (AssertionError, OSError) as error:
            self.bad_files.append(f"a journal of {session}/{node}/{kind} cannot be read: {error}")
            return []

    def _take(self, session, node, kind, line):
        if kind == "rejected_events":
            self.bad_files.append(f"a good event was set aside: {line[:200]!r}")
            return
        try:
            event = json.loads(line)
            self.lines.append((session, node, kind, event["eventId"], event))
        except (ValueError, KeyError) as error:
            self.bad_files.append(f"no event is {line[:200]!r} of {session}/{node}/{kind}: {error}")

    def missing(self):
        return [
            f"{event_id} of {sent.order} ({sent.session}, {kind_of(sent.event)}) was acknowledged and is not stored"
            for event_id, sent in self.sent.items()
            if sent.acknowledged and event_id not in self.count
        ]

    def twice(self):
        places = defaultdict(list)
        for session, node, kind, event_id, _ in self.lines:
            if self.count[event_id] > 1:
                places[event_id].append(f"{session}/{node}/{kind}")
        return [f"{event_id} is stored {len(found)} times: {', '.join(found)}" for event_id, found in places.items()]

    def invented(self):
        found = list(self.bad_files)
        for _, _, _, event_id, event in self.lines:
            sent = self.sent.get(event_id)
            if sent is None:
                found.append(f"{event_id} was never sent")
            elif sent.event != event:
                found.append(f"{event_id} was sent as {sent.event} and stored as {event}")
        return found

    def misplaced(self):
        nodes = {session.name: session.nodes for session in self.evidence.sessions}
        found = []
        for session, node, kind, event_id, event in self.lines:
            if session != event["sessionName"]:
                found.append(f"{event_id} of session {event['sessionName']} is stored under {session}")
            elif node not in nodes.get(session, []):
                found.append(f"{event_id} of session {session} is stored under node {node}, which never ran it")
            elif kind != kind_of(event):
                found.append(f"{event_id} is stored as {kind}")
        return found

    def disordered(self):
        """Of each sender and kind, in the order of the journals, those of one node after those of another."""
        found = []
        last = {}
        for session, node, kind, event_id, _ in self.lines:
            sent = self.sent.get(event_id)
            if sent is None:
                continue
            sender, number = sent.order
            before = last.get((sender, session, node, kind), 0)
            if number < before:
                found.append(f"{event_id}, number {number} of {sender}, is stored after number {before}")
            last[sender, session, node, kind] = number
        return found


def kind_of(event):
    job = job_of(event)
    return "node_events" if job is None else f"job_events/{job}"


class StoredLogs:
    """Which object is which generation. A node ID's objects are looked at by themselves: when a raylet was restarted
    within its session, files that both wrote are logs of both, and whole under the later one."""

    def __init__(self, evidence, judge):
        self.evidence = evidence
        self.unknown = []
        self.duplicates = []
        self.sizes = {}  # (session, node, id of generation): bytes in the store
        self.longest = {}  # (session, id of generation): bytes in the store, under whatever node
        self.keys = defaultdict(list)  # (session, node, id of generation): paths
        self.empty = defaultdict(set)  # (session, node): paths of empty objects
        self.states = {}  # (session, node): of debug_state.txt
        for session in evidence.sessions:
            for node in session.nodes:
                for path, content in judge.logs(session.name, node).items():
                    self._take(session, node, path, content)
            for generation in session.writer.generations:
                for node in session.nodes:
                    found = self.keys[session.name, node, id(generation)]
                    if len(found) > 1:
                        self.duplicates.append(
                            f"generation {generation.header} of {session.name}/{node} is stored as "
                            f"{' and '.join(found)}"
                        )

    def _take(self, session, node, path, content):
        if path == "debug_state.txt":
            self.states[session.name, node] = content
            return
        if not content:
            self.empty[session.name, node].add(path)
            return
        if content.startswith(b"debug_state.txt 0 "):
            return  # an earlier state, kept although nobody needs it
        candidates = [
            generation
            for generation in session.writer.generations
            if generation.content.startswith(content) and is_name_of(path, generation.path)
        ]
        if not candidates:
            self.unknown.append(f"{session.name}/{node}: {path}, {len(content)} bytes, {self._explain(session, content)}")
            return
        # A copy by copytruncate has the same records as what it was copied from; its inode tells it.
        by_inode = [generation for generation in candidates if f"-{generation.inode}" in path and generation.copied]
        generation = by_inode[0] if by_inode else candidates[0]
        self.keys[session.name, node, id(generation)].append(path)
        of_node = (session.name, node, id(generation))
        self.sizes[of_node] = max(self.sizes.get(of_node, 0), len(content))
        place = (session.name, id(generation))
        self.longest[place] = max(self.longest.get(place, 0), len(content))

    @staticmethod
    def _explain(session, content):
        """Where it goes wrong."""
        try:
            header = header_of(content)
        except ValueError:
            return f"begins with {bytes(content[:60])!r}"
        for generation in session.writer.generations:
            if generation.header == header:
                same = len(os.path.commonprefix([bytes(generation.content), content]))
                return (
                    f"is generation {header} up to byte {same} of {len(generation.content)}, then "
                    f"{content[same : same + 60]!r}"
                )
        return f"says it is generation {header}, which there never was"

    def foreign(self):
        return self.unknown

    def twice(self):
        return self.duplicates

    def missing(self):
        found = []
        for session in self.evidence.sessions:
            for generation in session.writer.generations:
                if generation.name is not None:
                    found += self._missing_of(session, generation)
                elif self._was_held(generation):
                    stored = self.longest.get((session.name, id(generation)), 0)
                    if stored != len(generation.content):
                        found.append(
                            f"{stored} of {len(generation.content)} bytes of generation {generation.header} of "
                            f"{session.name}, which the collector saw before the ring took it at {generation.gone_at:.1f}"
                        )
            state = session.writer.last_state
            if state is not None and not any(
                self.states.get((session.name, node)) == state for node in session.nodes
            ):
                found.append(f"{session.name}: debug_state.txt is not the last state")
        return found

    def _missing_of(self, session, generation):
        """One that lay on the disk to the end."""
        owner = session.owner(session.writer.final_status[generation.name].st_mtime_ns)
        later = session.nodes[session.nodes.index(owner) + 1 :]
        paths = self.keys[session.name, owner, id(generation)]
        expected = self._name(session, generation)
        strayed = [path for node in later for path in self.keys[session.name, node, id(generation)]]
        if strayed:
            return [f"{session.name}: {generation.name} is of {owner}, and stored under a later node as {strayed}"]
        if not generation.content:
            if expected in self.empty[session.name, owner]:
                return []
            return [f"{session.name}: {generation.name}, which is empty, is not stored as {expected}"]
        stored = self.sizes.get((session.name, owner, id(generation)), 0)
        if stored != len(generation.content):
            return [
                f"{session.name}: {stored} of {len(generation.content)} bytes of {generation.name} "
                f"(generation {generation.header}) are stored under {owner}, as {paths}"
            ]
        # Preserved before it was seen as a backup it has another number in its name; a live log has none.
        if generation.name == generation.path and expected not in paths:
            return [f"{session.name}: {generation.name} is stored as {paths}"]
        return []

    @staticmethod
    def _name(session, generation):
        """Below the logs folder, as the contract has it."""
        if generation.name == generation.path:
            return generation.path
        live = PurePosixPath(generation.path)
        status = session.writer.final_status[generation.name]
        return str(live.with_name(f"{live.stem}.rotated.{status.st_mtime_ns}-{status.st_ino}{live.suffix}"))

    def _was_held(self, generation):
        """The collector had the time to see it as a backup, and its life was not cut short later."""
        if generation.backup_since is None:
            return False
        lives = self.evidence.lives
        for number, life in enumerate(lives):
            begin = max(life.begin, generation.backup_since)
            end = min(life.end or generation.gone_at, generation.gone_at)
            if end - begin >= SEEN_SECONDS:
                return not any(later.cut_short for later in lives[number:])
        return False

    def missing_bytes(self):
        """Of generations that are gone, whether or not the collector has ever seen them."""
        return sum(
            len(generation.content) - self.longest.get((session.name, id(generation)), 0)
            for session in self.evidence.sessions
            for generation in session.writer.generations
        )

    def shrunk(self):
        """What was in the store once is there for ever."""
        found = []
        for session in self.evidence.sessions:
            longest = Counter()
            for generation in session.writer.generations:
                stored = self.longest.get((session.name, id(generation)), 0)
                longest[generation.header] = max(longest[generation.header], stored)
            for (name, header), size in self.evidence.observed.items():
                if name == session.name and longest[header] < size:
                    found.append(
                        f"{name}: {size} bytes of generation {header} were stored once, {longest[header]} at the end"
                    )
        return found


def is_name_of(stored, live):
    """Is it the live name, or one that a rotated generation of it gets?"""
    live = PurePosixPath(live)
    stored = PurePosixPath(stored)
    if stored == live:
        return True
    return (
        stored.parent == live.parent
        and stored.name.startswith(f"{live.stem}.rotated.")
        and stored.name.endswith(live.suffix)
    )


def local_leftovers(evidence):
    """Of ended sessions nothing waits in prev-logs any more."""
    root = evidence.sessions[-1].folder.parent.parent
    return [
        f"{path.relative_to(root)} is still there"
        for path in sorted((root / "prev-logs").rglob("*"))
        if path.is_file()
    ] + [
        f"the logs of the ended {session.name} are still where they were"
        for session in evidence.sessions[:-1]
        if session.folder.exists()
    ]


def liveness(evidence):
    found = list(evidence.crashes)
    if not evidence.fresh_event_stored:
        found.append("an event posted when all faults were over was not stored")
    if evidence.exit_status != 0:
        found.append(f"the last drain ended with status {evidence.exit_status}")
    for sign in ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer", "CHECK failed"):
        if sign in evidence.log:
            found.append(f"the collector's log says {sign}")
    return found


def metrics_agree(evidence, events, logs):
    """Counters are of the last process. Where that is the only one there was, they are of everything."""
    if evidence.metrics is None:
        return []

    def value(name):
        return evidence.metrics[f"ray_collector_{name}"]

    found = []

    def expect(sentence, holds):
        if not holds:
            found.append(sentence)

    received, stored = value("events_received_total"), value("events_stored_total")
    rejected, duplicate = value("events_rejected_total"), value("events_duplicate_total")
    expect(f"{received:.0f} events received, of which {stored:.0f} stored, {rejected:.0f} rejected, {duplicate:.0f} "
           "duplicates", received == stored + rejected + duplicate)
    expect(f"{rejected:.0f} good events rejected", rejected == 0)
    there = len(events.count)
    is_only_life = not any(life.cut_short for life in evidence.lives) and evidence.starts == 1
    if is_only_life:
        expect(f"{stored:.0f} events stored, and {there} are there", stored == there)
        said = evidence.outbox.counts["duplicates recognised"]
        expect(f"{duplicate:.0f} duplicates, and the senders were told of {said}", duplicate >= said)
    else:
        expect(f"{stored:.0f} events stored, and only {there} are there", stored <= there)
    lost = value("log_bytes_abandoned_total")
    missing = logs.missing_bytes()
    expect(f"{lost:.0f} bytes of logs given up, and only {missing} are missing", lost <= missing)
    return found


def markers(evidence, judge):
    found = judge.markers()
    names = [session.name for session in evidence.sessions]
    expected = {names[-1]} if evidence.role == "Head" else set()
    wrong = [f"marker of {name}" for name in sorted(found - (set(names) if expected else set()))]
    return wrong + [f"no marker of {name}" for name in sorted(expected - found)]
