"""Posts events as Ray's aggregator agent does, and remembers what it sent and what was acknowledged.

Ray 2.60: one batch in flight, of at most 1,000 events; 3 s in all for the answer; whatever goes wrong, the same bytes
again after 0.01 s doubling to 5 s, give or take a tenth, for ever. Acknowledged is what a 200 was read for."""

import base64
import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from harness.events import job_id
from harness.sender import Sender

BATCH_LIMIT = 1000
BACKOFF_SPREAD = 0.1
# How often an answer is not waited for, as when the agent's own event loop was late: 3 s are over, yet the batch was
# taken.
IMPATIENCE = 0.02

TEXTS = ["", "plain", 'quote " and \\ backslash', "line\nbreak\ttab", "üñíçødé ✓ 🚀", "\u2028 \x7f", "a" * 700, "]}],[{"]


@dataclass
class SentEvent:
    event: dict
    session: str
    order: tuple  # (sender, number): the order in which one sender's events have to be stored
    acknowledged: bool = False


@dataclass
class Outbox:
    """What all senders of a round have sent."""

    seed: str
    events: dict = field(default_factory=dict)  # by eventId
    counts: Counter = field(default_factory=Counter)
    refusals: list = field(default_factory=list)  # answers that a good batch must never get
    lock: threading.Lock = field(default_factory=threading.Lock)


def event_of(seed, event_id, session, kind):
    """The content follows from seed and eventId, so that a line that was mixed up with another shows."""
    dice = random.Random(f"{seed}/{event_id}")
    event = {
        "eventId": event_id,
        "sourceType": "CORE_WORKER",
        "eventType": "NODE_LIFECYCLE_EVENT" if kind is None else "TASK_LIFECYCLE_EVENT",
        "timestamp": f"2026-11-23T02:28:{dice.randrange(60):02d}.{dice.randrange(10**9):09d}Z",
        "severity": "INFO",
        "sessionName": session,
        "message": dice.choice(TEXTS),
    }
    payload = {
        "number": dice.randrange(2**63),
        "texts": dice.choices(TEXTS, k=dice.randint(0, 3)),
        "nested": {"eventId": "not this one", "sessionName": ["nor", {"this": None}], "true": True, "real": 0.5},
    }
    if kind is None:
        event["nodeLifecycleEvent"] = payload
    else:
        event["taskLifecycleEvent"] = {"jobId": job_id(kind), **payload}
    return event


class EventSender:
    """Of one Ray container: ends with it, and what was in flight then is nobody's any more."""

    def __init__(self, outbox, port, session, dice, name, events_per_second):
        self.outbox = outbox
        self.port = port
        self.session = session
        self.dice = dice
        self.name = name
        self.events_per_second = events_per_second
        self.finishing = threading.Event()  # no further batch
        self.abandoned = threading.Event()  # at once
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.number = 0

    def start(self):
        self.thread.start()
        return self

    def finish(self, timeout_seconds):
        """What is in flight is sent until it is acknowledged. False when that takes too long."""
        self.finishing.set()
        self.thread.join(timeout_seconds)
        return not self.thread.is_alive()

    def abandon(self):
        """As when the container is killed."""
        self.abandoned.set()
        self.finishing.set()

    def _run(self):
        while not self.finishing.is_set():
            size = self.dice.choice([1, 1, 3, 10, 100, self.dice.randint(1, BATCH_LIMIT)])
            self._deliver(self._new_batch(size))
            self.finishing.wait(min(1.0, size / self.events_per_second))

    def _new_batch(self, size):
        batch = []
        for _ in range(size):
            event_id = base64.b64encode(self.dice.randbytes(28)).decode()
            event = event_of(self.outbox.seed, event_id, self.session, self.dice.choice([None, 1, 1, 2]))
            self.number += 1
            batch.append(SentEvent(event, self.session, (self.name, self.number)))
        return batch

    def _deliver(self, batch):
        indent = self.dice.choice([None, None, None, 1])
        body = json.dumps([sent.event for sent in batch], indent=indent).encode()
        with self.outbox.lock:
            for sent in batch:
                self.outbox.events[sent.event["eventId"]] = sent
            self.outbox.counts["events sent"] += len(batch)
        delay = Sender.FIRST_DELAY_SECONDS
        while not self.abandoned.is_set():
            if self._post(body, len(batch)):
                with self.outbox.lock:
                    for sent in batch:
                        sent.acknowledged = True
                    self.outbox.counts["events acknowledged"] += len(batch)
                return
            spread = self.dice.uniform(1 - BACKOFF_SPREAD, 1 + BACKOFF_SPREAD)
            self.abandoned.wait(delay * spread)
            delay = min(2 * delay, Sender.LONGEST_DELAY_SECONDS)

    def _post(self, body, size):
        """True when the 200 was read."""
        counts = self.outbox.counts
        deadline = time.monotonic() + Sender.TIMEOUT_SECONDS
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=Sender.TIMEOUT_SECONDS)
        counts["posts"] += 1
        try:
            connection.request("POST", "/v1/events", body=body, headers={"Content-Type": "application/json"})
            if self.dice.random() < IMPATIENCE:
                time.sleep(self.dice.choice([0, 0.05]))
                counts["answers not waited for"] += 1
                return False
            connection.sock.settimeout(max(0.01, deadline - time.monotonic()))
            response = connection.getresponse()
            answer = response.read()
            counts[f"answers {response.status}"] += 1
            if response.status == 200:
                return self._read(answer, size)
            if response.status != 503:
                self.outbox.refusals.append(f"{response.status} for a good batch: {answer[:200]!r}")
        except (OSError, http.client.HTTPException):
            counts["posts without an answer"] += 1
        finally:
            connection.close()
        return False

    def _read(self, answer, size):
        said = json.loads(answer)
        if said["stored"] + said["duplicate"] != size or said["rejected"] != 0:
            self.outbox.refusals.append(f"{said} for {size} good events")
        self.outbox.counts["duplicates recognised"] += said["duplicate"]
        return True
