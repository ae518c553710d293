"""The figures that are measured, each with its goal, in the order of the table."""

from dataclasses import dataclass

MICROSECONDS, PER_SECOND, MILLISECONDS, SECONDS = "µs", "/s", "ms", "s"
MIB, PERCENT, RATIO, COUNT, MB = "MiB", "% of a core", "times", "", "MB"


@dataclass(frozen=True)
class Figure:
    name: str
    title: str
    unit: str
    goal: float | None = None
    more_is_better: bool = False

    def reached(self, value):
        """None where there is no goal."""
        if self.goal is None:
            return None
        return value >= self.goal if self.more_is_better else value <= self.goal

    def fell_behind(self, value, earlier, share=1 / 3):
        """By more than `share` of what it was."""
        if self.more_is_better:
            return value < earlier * (1 - share)
        return value > earlier * (1 + share)


FIGURES = [
    Figure("cpu_per_event", "CPU per event, whole process, all of it stored: batches of 1,000 of 1 kB", MICROSECONDS, 2.5),
    Figure("cpu_per_event_answered", "of it until the last answer", MICROSECONDS),
    Figure("events_limited", "at 200m and 256 MiB: events over one connection", PER_SECOND, 60_000, True),
    Figure("answer_p99_limited", "and the 99th percentile of the answer", MILLISECONDS, 300),
    Figure("answers_per_cpu_1", "batches of 1 event: answers per second of CPU", PER_SECOND, 20_000, True),
    Figure("answers_per_cpu_10", "batches of 10 events: answers per second of CPU", PER_SECOND, 20_000, True),
    Figure("bare_syncs_per_cpu", "of these alone: a line written over room and synced, per second of CPU", PER_SECOND, more_is_better=True),
    Figure("memory_idle", "memory: idle", MIB, 12),
    Figure("memory_3000_logs", "memory: 3,000 log files", MIB, 20),
    Figure("memory_2gb_log", "memory: a log of 2 GB growing, to MinIO", MIB, 32),
    Figure("memory_1000_jobs", "memory: 1,000 jobs at once", MIB, 48),
    Figure("memory_store_away", "memory: store away, disk budget full", MIB, 48),
    Figure("idle_3000", "idle CPU with 3,000 quiet log files", PERCENT, 0.2),
    Figure("idle_30000", "idle CPU with 30,000 quiet log files", PERCENT, 2),
    Figure("start", "start to the first event accepted", MILLISECONDS, 50),
    Figure("drain_tail", "SIGTERM: 3,000 files mirrored, 1 MB of tail, store 30 ms away, 200m", SECONDS, 2),
    Figure("drain_unpushed", "SIGTERM: 1,000 files and 100 MB never pushed, store 30 ms away, 200m", SECONDS, 6),
    Figure("gigabyte_time", "1,000 files and 1 GB to MinIO: time", SECONDS),
    Figure("gigabyte_cpu", "and CPU", SECONDS),
    Figure("gigabyte_time_to_s5cmd", "time, of s5cmd's", RATIO, 1),
    Figure("gigabyte_cpu_to_s5cmd", "CPU, of s5cmd's", RATIO, 1),
    Figure("gigabyte_time_to_rclone", "time, of rclone's", RATIO, 1),
    Figure("gigabyte_cpu_to_rclone", "CPU, of rclone's", RATIO, 1),
    Figure("growth_bytes", "a log growing 1 MB/s for 10 minutes: bytes sent, of its bytes", RATIO, 1.1),
    Figure("growth_times", "and times the object was grown", COUNT, 60),
    Figure("program", "program, stripped", MB, 8),
    Figure("history_cold", "History Server, 50,000 tasks (182 MB of events) in MinIO: first answer", SECONDS, 1),
    Figure("history_cold_cpu", "and CPU", SECONDS, 1.5),
    Figure("history_memory", "and memory", MIB, 250),
    Figure("history_tasks", "its tasks?detail=1&limit=10000", MILLISECONDS, 60),
    Figure("history_summary", "its tasks/summarize", MILLISECONDS, 15),
    Figure("history_task", "one of its tasks", MILLISECONDS, 2),
    Figure("history_memory_after", "memory after all of these", MIB),
    Figure("history_large_cold", "1,000,000 tasks (3.6 GB) in a folder: first answer", SECONDS, 20),
    Figure("history_large_cpu", "and CPU", SECONDS),
    Figure("history_large_memory", "and memory", MIB, 3_000),
    Figure("history_clusters", "/clusters of 10,000 sessions, warm", MILLISECONDS, 50),
    Figure("history_log_tail", "the last 1,000 lines of a log of 2 GiB in MinIO", MILLISECONDS, 200),
    Figure("history_log_memory", "and memory", MIB, 32),
    Figure("hardening_events", "hardening: CPU of 100,000 events, of a collector's without it", RATIO),
    Figure("hardening_logs", "hardening: CPU of 3,000 logs found and stored, of a collector's without it", RATIO),
    Figure("hardening_history", "hardening: CPU of a session of 50,000 tasks read, of a History Server's without it", RATIO),
]

BY_NAME = {figure.name: figure for figure in FIGURES}
