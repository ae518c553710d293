"""A seed replays its schedule."""

from .schedule import PROCESS_MOODS, SURROUNDINGS_BEHIND_PROXY, SURROUNDINGS_OF_A_FOLDER, plan


def test_a_seed_makes_the_same_plan_again():
    assert str(plan(7, 3, "minio")) == str(plan(7, 3, "minio"))
    assert str(plan(7, 3, "minio")) != str(plan(8, 3, "minio"))
    assert str(plan(7, 3, "minio")) != str(plan(7, 4, "minio"))


def test_every_incident_happens_in_some_plan():
    plans = [plan(1, number, kind) for number in range(100) for kind in ("minio", "local")]
    met = {incident.name for plan in plans for incident in plan.processes + plan.surroundings}
    wanted = {name for names in [*PROCESS_MOODS.values(), SURROUNDINGS_BEHIND_PROXY, SURROUNDINGS_OF_A_FOLDER] for name in names}
    assert met == wanted
