"""The tests and the table of docs/compatibility.md share this list of what an older Ray does not send, and of what its
dashboard answers in another form. The History Server answers as Ray 2.60 does."""

from typing import Callable, NamedTuple


class Difference(NamedTuple):
    first_without: tuple  # the first version of Ray that does not have this difference
    answer: str  # as the table of docs/compatibility.md calls it
    path: str  # a pattern, as comparison.check takes it
    may: Callable  # of live's value and ours: whether this difference is one that may be
    reason: str


def live_lacks(live, _):
    return live == "absent"


def live_has_it_alone(_, ours):
    return ours in ("absent", None, 0, "0")


def ours_lacks_it(live, ours):
    return live != "absent" and ours == ""


def ours_has_the_class(live, ours):
    """Live names an actor's task by the repr of its actor: "Counter(x).add" is ours "Counter.add"."""
    return isinstance(ours, str) and live.rpartition(".")[2] == ours.rpartition(".")[2]


def ours_is_a_part(live, ours):
    return isinstance(ours, list) and all(item in live for item in ours)


DIFFERENCES = [
    Difference((2, 54), "actors", r".*\.repr_name", ours_lacks_it, "Ray sends no repr of an actor."),
    Difference((2, 54), "actor pages", r".*\.reprName", ours_lacks_it, "Ray sends no repr of an actor."),
    Difference((2, 54), "tasks", r".*\.name", ours_has_the_class, "Ray sends no repr of an actor."),
    Difference((2, 54), "nodes", r"\.data\.hostNameList\[\d+\]|.*\.nodeManagerHostname", ours_lacks_it,
               "Ray sends no host name of a node."),
    Difference((2, 55), "tasks", r".*\.fallback_strategy", live_lacks, "The dashboard has no such field yet."),
    Difference((2, 55), "actors", r".*\.fallback_strategy", live_lacks, "The dashboard has no such field yet."),
    Difference((2, 56), "actor pages", r".*\.tpus", live_lacks, "The dashboard has no such field yet."),
    Difference((2, 55), "nodes", r".*\.raylet\.(sessionDir|tempDir)", live_lacks, "The dashboard has no such fields yet."),
    Difference((2, 55), "tasks", r".*\.node_id", lambda live, ours: live is None and ours is not None,
               "The dashboard does not take the node of a task from the task's events yet."),
    Difference((2, 55), "tasks", r".*\.profiling_data\.events", ours_is_a_part, "Ray sends only the last profile event of a task."),
    Difference((2, 55), "timeline", "", ours_is_a_part, "Ray sends only the last profile event of a task."),
    Difference((2, 55), "actor pages", r".*\.port", live_has_it_alone, "Ray sends no port of an actor."),
    Difference((2, 58), "tasks", r".*\.task_log_info(\..*)?", live_has_it_alone, "Ray sends no log file of some tasks."),
    Difference((2, 58), "logs", r".*", lambda live, ours: live in ours,
               "Ray sends no log file of some tasks. The History Server then shows more of the worker's log."),
    Difference((2, 58), "workers", r"\.\w{56}", lambda _, ours: ours == "absent", "Ray sends no events of workers."),
]  # fmt: skip
# An older dashboard counts tasks by their function, and this one by their name.
FIRST_THAT_COUNTS_BY_NAME = (2, 57)


def version_of(metadata):
    """Reads it from the answer to /api/v0/cluster_metadata."""
    major, minor, *_ = metadata["data"]["rayVersion"].split(".")
    return int(major), int(minor)


def differences_of(version, answer):
    return [(one.path, one.may) for one in DIFFERENCES if one.answer == answer and version < one.first_without]
