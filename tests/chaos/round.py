"""One round: everything is started, the schedule is played, everything is mended, and the judge is called."""

import json
import shutil
import tempfile
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from harness.collector import PROGRAM, Collector
from harness.judge import Judge
from harness.node import StandInNode
from harness.sender import request
from harness.small_disk import SmallDisk
from live.leftovers import end_marked_processes
from live.ports import accepts_connections, free_port
from live.waiting import wait_until

from .event_sender import EventSender, Outbox, SentEvent, event_of
from .judge import Evidence, Session, broken
from .log_writer import LogWriter, header_of
from .operator import Operator
from .schedule import plan as make_plan

EVENT_DISK_BYTES = 48 * 1024 * 1024
EVENTS_PER_SECOND = 600
# When everything is mended: two of the longest waits between two tries, and the time to send what has gathered.
MENDED_SECONDS = 50
JITTER = PROGRAM.resolve().parent / "libjitter.so"
FRESH = "fresh"  # the eventId of the last event
# A look at the store while all goes on reads no larger objects.
OBSERVED_BYTES = 300_000


@dataclass
class Report:
    plan: object
    broken: list
    counts: Counter = field(default_factory=Counter)
    seconds: float = 0.0
    folder: Path | None = None  # kept when something is broken

    def line(self):
        counts = self.counts
        verdict = "good" if not self.broken else f"BROKEN in {len(self.broken)} ways, see {self.folder}"
        return (
            f"round {self.plan.name}: {self.seconds:.0f} s, {counts['events acknowledged']} events, "
            f"{counts['generations']} log generations, {counts['starts']} starts, {counts['kills']} kills, "
            f"{counts['sessions']} sessions, {counts['faults']} faults, {counts['unknown outcomes']} unknown outcomes, "
            f"{counts['duplicates recognised']} duplicates: {verdict}"
        )


class Round:
    def __init__(self, plan, make_store, jitter=False):
        self.plan = plan
        self.folder = Path(tempfile.mkdtemp(prefix="rh-chaos-", dir="/tmp"))
        self.store = make_store(self.folder, plan.random("proxy"))
        event_folder = self.folder / "event-disk"
        event_folder.mkdir()
        self.event_disk = SmallDisk(event_folder, EVENT_DISK_BYTES)
        self.node = StandInNode()
        self.metrics_port = free_port()
        self.operator = Operator(
            Collector(
                self.node,
                self.folder,
                self.store.environment,
                RAY_ROLE=plan.role,
                METRICS_PORT=str(self.metrics_port),
                RAY_COLLECTOR_EVENT_DATA_DIR=str(event_folder / "events"),
                **plan.settings,
                **({"LD_PRELOAD": str(JITTER)} if jitter else {}),
            )
        )
        self.judge = Judge(self.store.stored)
        self.outbox = Outbox(plan.name)
        self.sessions = []
        self.sender = None
        self.observed = {}
        self.failures = []
        self.over = threading.Event()

    # ---- Ray

    def _begin_session(self):
        number = len(self.sessions)
        name = f"session_2026-11-23_02-{number:02d}-20_{324908 + number:06d}_{14170 + number}"
        self.node.start(name)
        self._write_node_id_file()
        writer = LogWriter(self.node.logs, self.plan.random(f"writer {number}")).start()
        self.sessions.append(Session(name, [self.node.node_id], writer, self.node.logs))
        self.sender = EventSender(
            self.outbox,
            self.operator.collector.port,
            name,
            self.plan.random(f"sender {number}"),
            f"sender {number}",
            EVENTS_PER_SECOND,
        ).start()

    def _end_session(self):
        """The Ray container is gone with all its processes."""
        self.sender.abandon()
        self._stop_writer()
        self.node.stop_raylet()

    def _stop_writer(self):
        writer = self.sessions[-1].writer
        writer.stop()
        if writer.error:
            self.failures.append(f"the log writer failed: {writer.error}")
        writer.final_status = {name: (writer.logs / name).stat() for name in writer.current}

    def _restart_ray(self):
        self._end_session()
        self._begin_session()

    def _restart_raylet(self):
        self.node.restart_raylet()
        self._write_node_id_file()
        self.sessions[-1].nodes.append(self.node.node_id)
        self.operator.counts["raylet restarts"] += 1

    def _write_node_id_file(self):
        if self.plan.node_id_file:
            self.node.write_node_id_file(self.node.node_id)

    # ---- the schedule

    def _play_processes(self):
        for incident in self.plan.processes:
            time.sleep(incident.pause)
            self._happen(incident)

    def _happen(self, incident):
        operator = self.operator
        if incident.name == "kill":
            operator.kill()
            time.sleep(incident.seconds)
            operator.start()
        elif incident.name == "kill storm":
            for life in incident.details["lives"]:
                operator.kill()
                operator.start()
                time.sleep(life)
        elif incident.name == "terminate":
            operator.terminate(incident.seconds)
            operator.start()
        elif incident.name == "pause":
            operator.pause(incident.seconds)
        elif incident.name == "restart Ray":
            self._restart_ray()
        elif incident.name == "restart Ray unseen":
            operator.kill()
            for _ in range(incident.details["times"]):
                self._restart_ray()
                time.sleep(incident.seconds)
            operator.start()
        elif incident.name == "restart raylet":
            self._restart_raylet()
        elif incident.name == "end of the pod":
            self._end_session()
            operator.terminate(incident.seconds)
            self._begin_session()
            operator.start()
        else:
            raise ValueError(incident.name)

    def _play_surroundings(self):
        for incident in self.plan.surroundings:
            time.sleep(incident.pause)
            self.store.begin(incident)
            if incident.name == "event disk full":
                self.event_disk.fill()
            time.sleep(incident.seconds)
            self.store.end(incident)
            if incident.name == "event disk full":
                self.event_disk.free()

    def _observe(self):
        """Now and then looks at what is stored: it must not get less."""
        dice = self.plan.random("observer")
        while not self.over.wait(0.7):
            try:
                sizes = {key: size for key, size in self.store.stored.sizes().items() if "/logs/" in key}
                wanted = sorted(key for key, size in sizes.items() if 0 < size <= OBSERVED_BYTES)
                for key in dice.sample(wanted, min(8, len(wanted))):
                    self._observe_log(key, self.store.stored.read(key))
            except Exception:  # noqa: BLE001, PERF203: the store is away, whatever its client calls that
                continue

    def _observe_log(self, key, content):
        session = key.removeprefix(self.judge.history).split("/")[0]
        header = header_of(content)
        if header is not None and header[1] > 0:  # a state dump is replaced
            size = max(len(content), self.observed.get((session, header), 0))
            self.observed[session, header] = size

    def _in_thread(self, work):
        def run():
            try:
                work()
            except Exception:  # noqa: BLE001: told at the end; the round goes on to be mended
                self.failures.append(f"the schedule failed: {traceback.format_exc()}")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    # ---- the end

    def _finish_sender(self):
        if not self.sender.finish(MENDED_SECONDS):
            self.failures.append(f"a batch was not acknowledged {MENDED_SECONDS} s after all faults were over")
            self.sender.abandon()

    def _fresh_event_is_stored(self):
        """Posted when all is mended, and waited for; under whatever node the collector believes in so far."""
        session = self.sessions[-1]
        event = event_of(self.outbox.seed, FRESH, session.name, None)
        self.outbox.events[FRESH] = SentEvent(event, session.name, (FRESH, 1))
        try:
            self.operator.collector.sender().send(json.dumps([event]).encode(), MENDED_SECONDS)
        except TimeoutError as error:
            self.failures.append(f"a fresh event: {error}")
            return False
        self.outbox.events[FRESH].acknowledged = True

        def is_stored():
            for node in session.nodes:
                for lines in self.judge.journals(session.name, node, "node_events"):
                    if any(b'"eventId": "fresh"' in line for line in lines):
                        return True
            return False

        try:
            return wait_until(is_stored, "the fresh event", MENDED_SECONDS)
        except TimeoutError:
            return False

    def _scrape(self):
        """Without labels' values; of those with some, the last."""
        answer = request(self.metrics_port, "GET", "/metrics")
        lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
        return {name.partition("{")[0]: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def run(self):
        began = time.monotonic()
        report = None
        try:
            report = self._run(began)
            return report
        finally:
            self.over.set()
            if self.operator.process is not None:
                self.operator.collector.kill()
            self.event_disk.remove()
            self.store.close()
            end_marked_processes(self.folder)
            self.node.remove()
            if report is not None and not report.broken:
                shutil.rmtree(self.folder)  # its disks are unmounted by now

    def _run(self, began):
        self._begin_session()
        self.operator.start()
        self._in_thread(self._observe)
        lanes = [self._in_thread(self._play_processes), self._in_thread(self._play_surroundings)]
        for lane in lanes:
            lane.join()
        if self.operator.process.poll() is not None:
            self.operator.expect_alive()
            self.operator.start()
        port = self.operator.collector.port
        wait_until(lambda: accepts_connections(port), "the collector to listen", MENDED_SECONDS)
        self._finish_sender()
        fresh_event_stored = self._fresh_event_is_stored()
        metrics = self._scrape()
        self._stop_writer()
        self.operator.expect_alive()
        self.node.stop_raylet()
        self.operator.collector.terminate()
        exit_status = self.operator.process.wait(60)
        self.over.set()

        evidence = Evidence(
            sessions=self.sessions,
            outbox=self.outbox,
            lives=self.operator.lives,
            observed=self.observed,
            fresh_event_stored=fresh_event_stored,
            exit_status=exit_status,
            left_over=self.store.left_over(self.operator.counts["kills"] > 0),
            role=self.plan.role,
            crashes=self.operator.crashes,
            log=self.operator.collector.log(),
            starts=self.operator.counts["starts"],
            metrics=metrics,
        )
        report = Report(self.plan, self.failures + broken(evidence, self.judge))
        report.counts = self._counts()
        report.seconds = time.monotonic() - began
        if report.broken:
            self._keep(report)
        return report

    def _counts(self):
        counts = Counter(self.outbox.counts)
        counts.update(self.operator.counts)
        hits = Counter(self.store.hits())
        counts["unknown outcomes"] = hits.pop("unknown outcomes", 0)
        counts["faults"] = sum(hits.values())
        counts.update({f"fault: {name}": number for name, number in hits.items()})
        counts["sessions"] = len(self.sessions)
        counts["generations"] = sum(len(session.writer.generations) for session in self.sessions)
        return counts

    def _keep(self, report):
        """The node's folder, the collector's log and what is in the store, for whoever looks for the cause."""
        report.folder = self.folder
        lines = [str(self.plan), "", *report.broken, "", *(f"{n}: {c}" for n, c in sorted(report.counts.items()))]
        (self.folder / "report.txt").write_text("\n".join(lines) + "\n")
        shutil.copytree(self.node.root, self.folder / "node", symlinks=True, ignore=_no_special_files)
        for key in self.store.stored.sizes():
            path = self.folder / "stored" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.store.stored.read(key))


def _no_special_files(folder, names):
    kept = Path(folder)
    return [name for name in names if not ((kept / name).is_dir() or (kept / name).is_file())]


def play(seed, number, make_store, kind):
    return Round(make_plan(seed, number, kind), make_store).run()
