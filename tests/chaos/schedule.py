"""What goes wrong in a round, and when: a pure function of seed, number of the round and store."""

import random
from dataclasses import dataclass, field

# Long enough for several restarts and a ring that turns more than once, short enough for many rounds.
CHAOS_SECONDS = 9.0


@dataclass(frozen=True)
class Incident:
    """`seconds`: how long it lasts. `pause`: what comes after the one before."""

    name: str
    pause: float
    seconds: float
    details: dict = field(default_factory=dict)

    def __str__(self):
        details = "".join(f" {name}={value}" for name, value in self.details.items())
        return f"+{self.pause:.2f}s {self.name} {self.seconds:.2f}s{details}"


@dataclass(frozen=True)
class Plan:
    seed: int
    number: int
    store: str
    role: str
    node_id_file: bool  # beside the port files that Ray leaves, as older manifests write it
    settings: dict  # of the collector
    processes: list  # incidents of the collector's and Ray's processes, one after the other
    surroundings: list  # of store, network and disk, beside them

    @property
    def name(self):
        return f"{self.seed}/{self.number}/{self.store}"

    def random(self, purpose):
        """Everybody who rolls dice has his own, so that one who rolls more often changes nothing for the others."""
        return random.Random(f"{self.name}/{purpose}")

    def __str__(self):
        lines = [f"round {self.name}: {self.role}{', raylet_node_id' if self.node_id_file else ''}"]
        lines += [f"  {name}={value}" for name, value in self.settings.items()]
        lines += [f"  processes    {incident}" for incident in self.processes]
        lines += [f"  surroundings {incident}" for incident in self.surroundings]
        return "\n".join(lines)


# How likely each incident is, by what the round is about.
PROCESS_MOODS = {
    "kills": {"kill": 5, "kill storm": 3, "terminate": 2, "pause": 1},
    "ray": {
        "restart Ray": 3, "restart Ray unseen": 2, "restart raylet": 2, "end of the pod": 2, "kill": 1, "pause": 1
    },
    "calm": {"pause": 1, "restart Ray": 1},
    "all": {
        "kill": 3, "kill storm": 1, "terminate": 2, "pause": 2, "restart Ray": 1, "restart Ray unseen": 1,
        "restart raylet": 1, "end of the pod": 1,
    },
}
SURROUNDINGS_BEHIND_PROXY = {"network": 8, "store away": 2, "forbidden": 1, "event disk full": 1}
SURROUNDINGS_OF_A_FOLDER = {"store disk full": 2, "event disk full": 2}
# What the fault proxy does to requests, and how likely each is to be chosen for a spell of bad network.
NETWORK_FAULTS = {
    "drop reply": 4,
    "duplicate": 3,
    "refuse 500": 2,
    "refuse 503": 2,
    "apply and say 503": 2,
    "error in 200": 5,
    "apply and error in 200": 2,
    "cut reply": 3,
    "cut request": 2,
    "cut XML": 2,
    "abort before complete": 6,
    "latency": 2,
    "bandwidth": 1,
}


def choose(dice, weights):
    return dice.choices(list(weights), list(weights.values()))[0]


def process_incident(dice, name):
    details = {}
    seconds = 0.0
    if name == "kill":
        seconds = dice.choice([0.0, 0.0, dice.uniform(0.1, 1.5)])  # until it is started again
    elif name == "kill storm":
        details["lives"] = [round(dice.uniform(0.0, 0.5), 3) for _ in range(dice.randint(3, 6))]
    elif name in ("terminate", "end of the pod"):
        seconds = dice.uniform(0.0, 2.5)  # the grace period, then SIGKILL
    elif name == "pause":
        # Beyond 3 s the sender has given the answer up, and sends again what is already being taken.
        seconds = dice.choice([dice.uniform(0.1, 1.0), dice.uniform(3.1, 4.0)])
    elif name == "restart Ray unseen":
        seconds = dice.uniform(0.0, 1.0)
        details["times"] = dice.choice([1, 1, 2])
    return Incident(name, dice.uniform(0.2, 1.8), seconds, details)


def surroundings_incident(dice, name):
    details = {}
    seconds = dice.uniform(0.5, 2.5)
    if name == "network":
        seconds = dice.uniform(1.0, 4.0)
        details["faults"] = {
            fault: round(dice.uniform(0.05, 0.5), 2)
            for fault in sorted({choose(dice, NETWORK_FAULTS) for _ in range(dice.randint(1, 4))})
        }
    elif name == "forbidden":
        details["status"] = dice.choice([401, 403])
    return Incident(name, dice.uniform(0.1, 1.0), seconds, details)


def fill(dice, weights, make):
    """One after the other until the time is over."""
    incidents = []
    time = 0.0
    while time < CHAOS_SECONDS:
        incident = make(dice, choose(dice, weights))
        time += incident.pause + incident.seconds + sum(incident.details.get("lives", []))
        incidents.append(incident)
    return incidents


def plan(seed, number, store):
    dice = random.Random(f"{seed}/{number}/{store}")
    surroundings = SURROUNDINGS_OF_A_FOLDER if store == "local" else SURROUNDINGS_BEHIND_PROXY
    settings = {
        "PUSH_INTERVAL": dice.choice(["200ms", "500ms", "1s", "2s"]),
        "RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL": dice.choice(["1s", "1s", "2s"]),
        "RAY_COLLECTOR_EVENT_ROTATION_INTERVAL": dice.choice(["1s", "3s", "5m"]),
        "RAY_COLLECTOR_EVENT_MAX_FILE_SIZE_MB": dice.choice(["1", "100"]),
        "RAY_COLLECTOR_EVENT_MAX_DISK_MB": dice.choice(["2", "200", "200"]),
        "RAY_COLLECTOR_EVENT_COMPRESSION_ENABLED": dice.choice(["false", "false", "true"]),
        "UPLOAD_CONCURRENCY": dice.choice(["1", "4", "16"]),
        "LOG_BATCHING": dice.choice(["3", "1000", "1000"]),
        "SHUTDOWN_TIMEOUT": "40s",
    }
    if settings["RAY_COLLECTOR_EVENT_COMPRESSION_ENABLED"] == "true":
        # A compressed file is stored when it is sealed: the fresh event at the end should not take 5 minutes.
        settings["RAY_COLLECTOR_EVENT_ROTATION_INTERVAL"] = "1s"
    return Plan(
        seed=seed,
        number=number,
        store=store,
        role=dice.choice(["Head", "Worker"]),
        node_id_file=dice.random() < 0.3,
        settings=settings,
        processes=fill(dice, PROCESS_MOODS[dice.choice(list(PROCESS_MOODS))], process_incident),
        surroundings=fill(dice, surroundings, surroundings_incident),
    )
