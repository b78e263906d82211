#!/usr/bin/env python3
"""Reads a channel from Python by ctypes: reader.py LIBRARY NAME SCHEMA-FILE N

The record's layout is made from the channel's schema, as cordon-channel.h packs it: a
64-bit word of validity, then each field aligned to its own size.
"""

import ctypes
import json
import sys
import time

KINDS = {
    "u8": ctypes.c_uint8, "u16": ctypes.c_uint16, "u32": ctypes.c_uint32, "u64": ctypes.c_uint64,
    "i8": ctypes.c_int8, "i16": ctypes.c_int16, "i32": ctypes.c_int32, "i64": ctypes.c_int64,
}
LOST, STALE, FRESH = range(3)
DEAD = 3


class Pace(ctypes.Structure):
    _fields_ = [("records", ctypes.c_uint32), ("period_ns", ctypes.c_uint64), ("deadline_ns", ctypes.c_uint64)]


class Sample(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("number", "epoch", "time_ns", "age_ns", "lost")]
    _fields_ += [("joins", ctypes.c_bool)]


def record_of(schema):
    """The struct of a canonical schema text."""
    fields = [("valid", ctypes.c_uint64)]
    for line in schema.splitlines():
        name, kind = line.split(" ")[:2]
        kind, _, count = kind.rstrip("]").partition("[")
        fields.append((name, KINDS[kind] * int(count) if count else KINDS[kind]))
    return type("Record", (ctypes.Structure,), {"_fields_": fields})


def main(library, name, schema, count):
    cordon = ctypes.CDLL(library)
    for function in ("cordon_control_open", "cordon_reader_new"):
        getattr(cordon, function).restype = ctypes.c_void_p
    cordon.cordon_reader_take.restype = ctypes.c_bool
    with open(schema, encoding="utf-8") as file:
        schema = file.read()
    record, sample = record_of(schema)(), Sample()
    names = [field for field, _ in record._fields_[1:]]
    control = ctypes.c_void_p(cordon.cordon_control_open())
    pace = Pace(0, 40_000_000, 1_000_000_000)
    reader = ctypes.c_void_p(
        cordon.cordon_reader_new(control, name.encode(), schema.encode(), ctypes.byref(pace), 1)
    )
    assert reader, "no control socket, or no schema"
    size = ctypes.c_size_t(ctypes.sizeof(record))
    while count > 0:
        cordon.cordon_control_poll(control)
        while cordon.cordon_reader_take(reader, ctypes.byref(record), size, ctypes.byref(sample)):
            values = {}
            for place, field in enumerate(names):
                value = getattr(record, field)
                value = list(value) if isinstance(value, ctypes.Array) else value
                values[field] = value if record.valid >> place & 1 else None
            print(json.dumps({"number": sample.number, "joins": sample.joins, **values}), flush=True)
            count -= 1
        now = cordon.cordon_reader_now(reader, ctypes.byref(record), size, ctypes.byref(sample))
        if now == LOST and cordon.cordon_reader_why(reader) == DEAD:
            break
        time.sleep(0.01)
    cordon.cordon_reader_free(reader)
    cordon.cordon_control_free(control)


main(*sys.argv[1:4], int(sys.argv[4]))
