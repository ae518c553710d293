"""A log that is rotated through a ring of three backups several times a second while it is written at full speed."""

import time

BACKUPS = 3
GENERATIONS = 24
SECONDS_A_GENERATION = 0.3
WRITES_A_GENERATION = 9
BYTES_A_WRITE = 100_000


def turn(logs, name="raylet.out"):
    """What each generation held when it was rotated away, the last one being the live file."""
    generations = []
    begin = time.monotonic()
    for number in range(GENERATIONS):
        if number > 0:
            _rotate(logs, name)
        written = bytearray()
        with (logs / name).open("ab", buffering=0) as log:
            for step in range(WRITES_A_GENERATION):
                line = f"generation {number} write {step} ".encode()
                block = (line * (BYTES_A_WRITE // len(line) + 1))[: BYTES_A_WRITE - 1] + b"\n"
                log.write(block)
                written += block
                writes = number * WRITES_A_GENERATION + step + 1
                pause = begin + writes * SECONDS_A_GENERATION / WRITES_A_GENERATION - time.monotonic()
                time.sleep(max(0, pause))
        generations.append(bytes(written))
    return generations


def _rotate(logs, name):
    (logs / f"{name}.{BACKUPS}").unlink(missing_ok=True)
    for number in range(BACKUPS, 0, -1):
        newer = logs / (f"{name}.{number - 1}" if number > 1 else name)
        if newer.exists():
            newer.rename(logs / f"{name}.{number}")
