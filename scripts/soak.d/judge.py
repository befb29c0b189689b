#!/usr/bin/env python3
"""Judges the samples of a soak: nothing may grow after the first quarter. Arguments: the samples' file, the milliseconds that
the stop took, the exit code of the program."""

import sys

# What memory may grow by: the allocator's own unrest is not a leak.
MOST_GROWTH_PER_HOUR = 4096  # KiB
MOST_GROWTH_IN_ALL = 3072  # KiB
MOST_DESCRIPTORS = 8  # connections come and go
MOST_STOP = 2500  # ms


def slope(points):
    """The growth per second, by least squares."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0


def main():
    samples = [tuple(map(int, line.split())) for line in open(sys.argv[1])]
    stop, code = int(sys.argv[2]), int(sys.argv[3])
    late = samples[len(samples) // 4:]
    failures = []
    if len(late) < 4:
        failures.append('too few samples to judge')
    else:
        span = late[-1][0] - late[0][0]
        growth = {
            name: slope([(sample[0], sample[column]) for sample in late]) * span
            for name, column in (('memory', 1), ('descriptors', 2), ('threads', 3))
        }
        print(f"after the first quarter, in {span} s: memory {growth['memory']:+.0f} KiB, "
              f"descriptors {growth['descriptors']:+.1f}, threads {growth['threads']:+.1f}")
        if growth['memory'] > max(MOST_GROWTH_IN_ALL, MOST_GROWTH_PER_HOUR * span / 3600):
            failures.append(f"memory grows by {growth['memory'] / span * 3600:.0f} KiB an hour")
        if growth['descriptors'] > MOST_DESCRIPTORS:
            failures.append(f"descriptors grow by {growth['descriptors']:.1f}")
        if growth['threads'] > 0.9:
            failures.append(f"threads grow by {growth['threads']:.1f}")
    if stop > MOST_STOP:
        failures.append(f'the stop took {stop} ms')
    if code != 0:
        failures.append(f'the exit code was {code}')
    for failure in failures:
        print(f'FAILED {failure}')
    if not failures:
        print('level')
    sys.exit(1 if failures else 0)


main()
