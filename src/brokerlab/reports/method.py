"""How the numbers of every run are obtained, and what they do not prove: the sentences that stand below them."""

from __future__ import annotations

HOW = tuple(
    """\
Every message carries its run, its producer, a sequence number, the time and a checksum; that it is sent is written down
 before the client is called.
Producers and consumers are processes of their own. Each writes what happens to each message into a ledger that survives
 its own kill -9.
When the faults are healed and the consumers have read to the end, an auditor reads every partition to its high
 watermark. Lost means: acknowledged (with acks=0: handed over), and after that audit in no log and at no reader.
 Vanished: a reader processed it, but it is in no log any more, and whoever comes later will never see it.
Every place that was acknowledged is looked up: that very message stands there, or it is in the log no more, or it
 stands elsewhere (misplaced).
Sets of ids are compared, never counts: one lost and one repeated message look clean to a subtraction.
The books must balance, every fault must leave a receipt that it bit, and Prometheus, which scraped the processes
 meanwhile, must have counted the same. Otherwise the verdict is inconclusive.""".replace("\n ", " ").splitlines()
)

LIMITS = tuple(
    """\
Held means: in this run, under these faults. Beside a 0 stands the finest rate that the run could have seen, 3/N for N
 messages (rule of three). It is no promise about the next fault: messages of one fail-over are lost together, so they
 are not N trials.
Brokers on one machine share its disk, clock and power. A killed process loses no page cache: this shows what
 replication and acknowledgements do, not what a power cut does to an unsynced disk.
The lab's time-outs are shorter than the defaults, so that a fail-over takes seconds; latencies include it, and the
 machine's load.
Leaders and in-sync replicas are seen several times a second, so what is drawn of them may be late by that much.\
""".replace("\n ", " ").splitlines()
)
