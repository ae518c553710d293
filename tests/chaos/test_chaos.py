"""A few rounds of chaos with fixed seeds; `make soak` plays as many as one likes, with seeds of its own."""

from collections import Counter

import pytest
from live.s3_servers import SERVERS
from stores.verdicts import marks_of

from . import round as one_round
from .run import Stores, void

# A round takes some 20 s; all of these 4 minutes, and less where they run side by side. What another cloud's store does
# differently is few requests' shape: half as many rounds.
SEED = 20261123
ROUNDS = {"minio": 4, "local": 4, "azurite": 2, "gcs": 2, "oss": 2, "oci": 2}
# The collector does the same on each S3 server but for what it finds that one cannot do. s3s-fs stores no key that is as
# long as a rotated log's, so not every byte can arrive there.
ROUNDS |= {name: 1 for name in SERVERS if name not in ("minio", "s3s-fs")}
# Further ones, when those before had too little of what a run has to meet.
MORE_ROUNDS = 2


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=marks_of(SERVERS[kind]) if kind in SERVERS else []) for kind in ROUNDS],
)
def test_nothing_is_lost_doubled_or_mixed_up(kind, tmp_path):
    counts = Counter()
    with Stores(tmp_path) as stores:
        for number in range(ROUNDS[kind] + MORE_ROUNDS):
            if number >= ROUNDS[kind] and not void(counts, [kind]):
                break
            plan = one_round.make_plan(SEED, number, kind)
            report = one_round.Round(plan, stores.maker(kind)).run()
            print(report.line())
            told = "\n".join([str(plan), *report.broken])
            replay = f"python -m tests.chaos --seed {SEED} --first {number} --rounds 1 --store {kind}"
            assert not report.broken, f"{told}\nreplay with: {replay}"
            counts.update(report.counts)
    assert not void(counts, [kind]), f"this run proves little: {counts}"
