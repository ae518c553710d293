"""Ours beside what the live dashboard said, as JSON, field by field."""

import json
import re

REDACTED = "<redacted>"

# Attempts that live did not show. Of a restarted actor's creation task the later attempts have no definition of their
# own: we take the first one's. The other task came after the list had been asked for.
SECOND_START = "ffffffffffffffff7b88651e4785949c5c446ae802000000:1"
LATE_TASK = "b9a5010f4f40611c7273d476c7de563da300df5505000000:0"


def masked(value):
    """As `value` is once the secrets of its runtime environments are hidden: ours are, for everybody."""
    if isinstance(value, list):
        return [masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if key == "serialized_runtime_env" and item:
            result[key] = json.loads(item)
            if "env_vars" in result[key]:
                result[key]["env_vars"] = dict.fromkeys(result[key]["env_vars"], REDACTED)
        elif key == "runtime_env" and isinstance(item, dict) and "env_vars" in item:
            result[key] = {**item, "env_vars": dict.fromkeys(item["env_vars"], REDACTED)}
        else:
            result[key] = masked(item)
    return result


def parsed(value):
    """Ours, with serialized environments as objects: their text may be spaced in another way."""
    if isinstance(value, list):
        return [parsed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: json.loads(item) if key == "serialized_runtime_env" and item else parsed(item)
            for key, item in value.items()}


LAST_SEEN = "rayhistory_last_seen_ms"


def without_last_seen(ours):
    """Without the one field that the History Server adds in a session that has ended."""
    if isinstance(ours, list):
        return [without_last_seen(item) for item in ours]
    if not isinstance(ours, dict):
        return ours
    assert isinstance(ours.get(LAST_SEEN, 0), int)
    return {key: without_last_seen(item) for key, item in ours.items() if key != LAST_SEEN}


def differences(live, ours, path=""):
    """Each place where the two differ, as (path, live, ours)."""
    if isinstance(live, dict) and isinstance(ours, dict):
        for key in sorted(live.keys() | ours.keys()):
            yield from differences(live.get(key, "absent"), ours.get(key, "absent"), f"{path}.{key}")
    elif isinstance(live, list) and isinstance(ours, list) and len(live) == len(ours):
        for index, (one, other) in enumerate(zip(live, ours)):
            yield from differences(one, other, f"{path}[{index}]")
    elif live != ours or isinstance(live, bool) is not isinstance(ours, bool):
        yield path, live, ours


def check(live, ours, allowed=(), times=None, all_occur=True, time_ms=1, of_version=()):
    """`allowed`: (pattern of a path, whether this difference is one that may be). One that never occurs is too many,
    unless not `all_occur`. `times`: pattern of times in milliseconds, which may be `time_ms` apart: live takes them of its
    clock a second time. `of_version`: like `allowed`, of an older Ray; these need not occur. Returns the paths of those that do.
    """
    allowed = list(allowed)
    used, wrong, older = set(), [], []
    for path, one, other in differences(masked(live), parsed(without_last_seen(ours))):
        if times and re.fullmatch(times, path) and isinstance(one, (int, float)) and isinstance(other, (int, float)) and abs(one - other) <= time_ms:
            continue
        for index, (pattern, may) in enumerate(allowed):
            if re.fullmatch(pattern, path) and may(one, other):
                used.add(index)
                break
        else:
            if any(re.fullmatch(pattern, path) and may(one, other) for pattern, may in of_version):
                older.append(path)
                continue
            wrong.append(f"{path}: live {str(one)[:200]!r}, ours {str(other)[:200]!r}")
    assert not wrong, "\n".join(wrong[:40])
    unused = [pattern for index, (pattern, _) in enumerate(allowed) if index not in used]
    assert not (all_occur and unused), f"these never differ: {unused}"
    return older


def anything(live, ours):
    return True


def by_id(rows, key):
    assert len({row[key] for row in rows}) == len(rows)
    return {row[key]: row for row in rows}


TIMES = r".*\.(startTime|endTime|timestamp|start_time|end_time)"
# What a living process and its host were doing.
OF_PROCESSES = (r"(ipAddress|port|usedResources|num\w+|workerId|usedObjectStoreMemory|taskQueueLength|objectRefs|language"
                r"|workerType|objectsTotal)")
FIGURES = r"now|cpu|cpus|mem|hostMem|cgroupMem|shm|bootTime|loadAvg|disk|diskIo|diskIoSpeed|network|networkSpeed|cmdline|agent|gcs"
OF_RAYLETS = (r"raylet\.(coreWorkersStats|numWorkers|storeStats|nodeManagerPort|objectManagerPort|metricsExportPort"
              r"|runtimeEnvAgentPort|stateSnapshot|metricsAgentPort|dashboardAgentListenPort)")


def of_actors(place, alive):
    """What may differ of actors at that place, of which some are alive or none."""
    allowed = [(rf"{place}\.mem", lambda _, ours: ours == [])]
    if alive:
        allowed += [(rf"{place}\.processStats", lambda _, ours: ours is None),
                    (rf"{place}\.{OF_PROCESSES}", lambda _, ours: ours == "absent")]
    return allowed


# Live writes names as if they were its own: "node:InternalHead", "myResX". Ours are as they were chosen.
OF_CHOSEN_NAMES = r"(resourcesTotal|requiredResources|labelSelector|labels)\..*"


def of_nodes(place, figures=FIGURES):
    """`figures`: None where they are stored."""
    return [
        (rf"{place}\.raylet\.{OF_CHOSEN_NAMES}", lambda one, ours: "absent" in (one, ours)),
        (rf"{place}\.{OF_RAYLETS}\b.*", anything),
        *([(rf"{place}\.({figures})\b.*", anything)] if figures else []),
    ]
