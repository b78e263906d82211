"""Prints every sample of a WFDB record as the Python package wfdb reads it.

Usage: wfdb-reference.py RECORD (path without .hea). One line of JSON: the names, gains,
baselines, units and samples (null where missing) of each signal, not smoothed.
"""

import json
import sys

import wfdb

record = wfdb.rdrecord(sys.argv[1], physical=False, smooth_frames=False)
invalid = {"16": -32768, "212": -2048}
signals = []
for index, samples in enumerate(record.e_d_signal):
    missing = invalid[record.fmt[index]]
    signals.append(
        {
            "description": (record.sig_name[index] or "").strip(),
            "unit": record.units[index],
            "gain": record.adc_gain[index],
            "baseline": record.baseline[index],
            "per_frame": record.samps_per_frame[index],
            "samples": [None if s == missing else int(s) for s in samples],
        }
    )
json.dump({"frequency": record.fs, "frames": record.sig_len, "signals": signals}, sys.stdout)
