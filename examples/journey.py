"""A small program with something to record: progress, a warning, code, a test that passes and one that fails.

`make run` records it. It exits with 1, because one of its tests finds a real mistake.
"""

from __future__ import annotations

import itertools
import sys
import time
import unittest
import warnings

STOPS = [("Hamburg", 0.0, 0.0), ("Bremen", 126.0, 1.5), ("Cologne", 441.0, 5.25)]  # name, km, hours since the start


def average_speed(kilometres: float, hours: float) -> float:
    return kilometres // hours  # the mistake: // throws the fraction away


class JourneyTest(unittest.TestCase):
    def test_distance_grows(self) -> None:
        distances = [kilometres for _, kilometres, _ in STOPS]
        self.assertEqual(distances, sorted(distances))

    def test_average_speed(self) -> None:
        self.assertAlmostEqual(average_speed(126.0, 1.6), 78.75)


def drive() -> None:
    for percent in range(0, 101, 20):
        print(f"\rreading the log {percent:3d}%", end="", flush=True)
        time.sleep(0.02)
    print()
    for (start, km0, h0), (end, km1, h1) in itertools.pairwise(STOPS):
        print(f"{start} to {end}: {km1 - km0:.0f} km, average speed {average_speed(km1 - km0, h1 - h0):.0f} km/h")
    print(
        "To repeat the calculation:\n\n```python\nfrom journey import average_speed\naverage_speed(126.0, 1.6)\n```\n"
    )


def main() -> int:
    drive()
    warnings.warn("hours are local time; a clock change shifts them", DeprecationWarning, stacklevel=1)
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(JourneyTest)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    warnings.simplefilter("default")
    sys.exit(main())
