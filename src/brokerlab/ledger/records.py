"""The ledger's record types: what is written down about each message, as numpy dtypes (little-endian, packed).

Times are microseconds since the epoch; latencies are microseconds. A message costs 24 bytes when it is sent, 24 each
time it is delivered and 16 each time the audit finds it: 64 bytes for a message that met no trouble.
"""

from __future__ import annotations

import numpy as np

# One per sequence number of one producer, at index `seq`.
SEND = np.dtype(
    [
        ("offset", "<i8"),  # where the broker said it is; -1 when it did not say
        ("sent_at", "<i8"),
        ("latency", "<u4"),  # from the call to the outcome
        ("partition", "<i2"),  # -1 when the broker did not say
        ("outcome", "u1"),  # core.words.Outcome
        ("reason", "u1"),  # index into the file's table of failure reasons; 0 = none
    ]
)

# One per delivery to the application, in the order of delivery of one consumer.
DELIVERY = np.dtype([("offset", "<i8"), ("at", "<i8"), ("seq", "<u4"), ("producer", "<u2"), ("partition", "<i2")])

# Two per message that a processor or a relay passes on: when it is about to (offset -1), and when it is acknowledged.
PUBLISHED = DELIVERY

# One per committed position: all offsets below `offset` are done with, as far as the group is concerned.
COMMIT = np.dtype([("offset", "<i8"), ("at", "<i8"), ("partition", "<i2"), ("pad", "V6")])

# One per record found in the log by the auditor, in log order a partition.
AUDITED = np.dtype([("offset", "<i8"), ("seq", "<u4"), ("producer", "<u2"), ("partition", "<i2")])

# One per transaction that came to an end: its `PUBLISHED` rows are those from the one before on, up to row `end`.
TRANSACTION = np.dtype([("end", "<u8"), ("outcome", "u1"), ("pad", "V7")])  # core.words.TransactionOutcome

# One per effect, or per committed change, found in the store.
EFFECT = np.dtype([("at", "<i8"), ("seq", "<u4"), ("producer", "<u2"), ("pad", "V2")])

# One per message found in the files of a node that had died, before it was started again.
REMAIN = np.dtype([("seq", "<u4"), ("producer", "<u2"), ("pad", "V2")])

PHANTOM_PRODUCER = 0xFFFF
"""Stands as `producer` for a delivered or audited message that is not this run's, or whose checksum is wrong."""
