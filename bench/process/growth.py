"""Figures at 1, 10 and 100 times a small load: where they bend, something is not as flat as it should be."""

from . import events, logs, memory

STEPS = (1, 10, 100)


def _at(scenario, figure, full, smallest):
    """The figure by load; `full` is the scenario's own load at scale 1."""

    def run():
        points = []
        for step in STEPS:
            load = smallest * step
            values = dict(scenario(scale=load / full))
            points.append((load, values[figure]))
        return points

    return run


def _idle():
    # Not shorter: every 30 s all files are looked at, and a figure without that would say nothing.
    return [(count, next(iter(logs.idle(count)))[1]) for count in (300, 3_000, 30_000)]


GROWTH = {
    "cpu_per_event": _at(events.cpu_per_event, "cpu_per_event", 300_000, 10_000),
    "memory_3000_logs": _at(memory.three_thousand_logs, "memory_3000_logs", 3_000, 300),
    "memory_1000_jobs": _at(memory.thousand_jobs, "memory_1000_jobs", 1_000, 10),
    "idle_3000": _idle,
}
