"""codecarbon's tracker beside our own clock: it reads the meters of accelerators, and is a second opinion on the rest.

It asks nobody and writes nothing: only its energy is taken, so no place is looked up, and no emissions are worked out by it.
"""

from __future__ import annotations

import logging

JOULES = 3.6e6  # in a kilowatt-hour


class CodeCarbon:
    """A tracker that runs from when it is made; the first one takes some seconds to look at the machine."""

    def __init__(self) -> None:
        """Start.

        Raises:
            ImportError: codecarbon is not installed.
        """
        from codecarbon import OfflineEmissionsTracker  # an extra, and 0.2 s

        logging.getLogger("codecarbon").setLevel(logging.ERROR)
        self._tracker = OfflineEmissionsTracker(
            country_iso_code="FRA",  # it will not run without one; the intensity below stands in its place
            force_carbon_intensity_g_co2e_kwh=1.0,
            output_methods=[],
            allow_multiple_runs=True,
            log_level="error",
            tracking_mode="process",
            pue=1.0,
        )
        self._total = self._accelerator = 0.0
        self._stretch = 0
        self._tracker.start_task(str(self._stretch))

    def read(self) -> tuple[float, float]:
        """Joules since the beginning: of processor, memory and accelerators, and of accelerators alone."""
        told = self._tracker.stop_task(str(self._stretch))
        self._total += told.energy_consumed * JOULES
        self._accelerator += told.gpu_energy * JOULES
        self._stretch += 1
        self._tracker.start_task(str(self._stretch))
        return self._total, self._accelerator
