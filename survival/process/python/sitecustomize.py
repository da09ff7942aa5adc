"""Loaded by Python before a program: its time.time() is off by as many seconds as the file in SURVIVAL_CLOCK says."""

import os
import time

_file = os.environ.get("SURVIVAL_CLOCK")
_real = time.time
_real_ns = time.time_ns


def _offset():
    try:
        with open(_file) as handle:
            return float(handle.read())
    except (OSError, ValueError):
        return 0.0


if _file:
    time.time = lambda: _real() + _offset()
    time.time_ns = lambda: _real_ns() + int(_offset() * 1e9)
