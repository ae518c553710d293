"""A small Ray job with a bit of everything that a History Server shows: tasks, some of which fail, an actor, output.

    ray start --head && python examples/job.py
"""

import ray


@ray.remote(max_retries=0)
def square(number):
    print(f"squaring {number}")
    if number % 7 == 6:
        raise ValueError(f"{number} is a number that this job does not like")
    return number * number


@ray.remote
class Counter:
    def __init__(self):
        self.total = 0

    def add(self, amount):
        self.total += amount
        print(f"the total is {self.total}")
        return self.total


def main():
    ray.init(address="auto", logging_level="warning")
    counter = Counter.options(name="counter").remote()
    failed = 0
    for task in [square.remote(number) for number in range(20)]:
        try:
            ray.get(counter.add.remote(ray.get(task)))
        except ray.exceptions.RayTaskError:
            failed += 1
    print(f"job done: 20 tasks, {failed} of them failed as they should, total {ray.get(counter.add.remote(0))}")
    ray.shutdown()


if __name__ == "__main__":
    main()
