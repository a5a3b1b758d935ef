"""Postgres' node as data: one server, whose clients come over TCP with a password out of a file.

Settings come from the PostgreSQL documentation, chapter "Server Configuration"; whatever differs from the default says
why. The server listens where its lab says (on this machine on 127.0.0.1 alone), and asks everyone for the node's own
random password (SCRAM), which its clients find in a file that only their user may read (libpq's `passfile`).
"""

from __future__ import annotations

from brokerlab.core.node import NativeProgram, NodeSpec

NAME = "postgres-1"
PORT = "sql"
USER = "brokerlab"
IMAGE = "docker.io/library/postgres:18.6"
IMAGE_USER = 999  # `postgres` there; `initdb` wants to know by its name who runs it

DURABILITY = {
    # The defaults, pinned: a commit is answered when its log record is on the disk. That is what Postgres promises, and
    # what it costs belongs to its figures. (Kafka's promise is another one: copies in the memory of several brokers.)
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}

SMALL = {
    "shared_buffers": "'64MB'",  # default 128 MB; a lab's tables are small
    "max_connections": "100",  # the default: agents of all variants, admin, observer
    "max_wal_senders": "0",  # nothing is replicated
    "wal_level": "minimal",
    "max_wal_size": "'256MB'",  # default 1 GB
    "min_wal_size": "'32MB'",
    "io_method": "sync",  # default `worker` (18): three more processes, for reading ahead in large tables
    "jit": "off",  # it compiles queries that take a while; ours do not
}

TRACELESS = {
    "unix_socket_directories": "''",  # no socket outside of the node's folder
    "dynamic_shared_memory_type": "mmap",  # in the data folder, not in /dev/shm, where a killed server leaves it
}

LOGGING = {
    "log_line_prefix": "'%m [%p] '",
    "log_timezone": "'UTC'",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}

# Columns: type, database, user, address, method. Whoever reaches it must know the password.
HBA = "host all all all scram-sha-256\n"


def node() -> NodeSpec:
    return NodeSpec(
        name=NAME,
        program=NativeProgram("postgres", ("-D", "${data}"), image=IMAGE, user=IMAGE_USER),
        ports=(PORT,),
        ready_port=PORT,
        files={
            "password.sql": f"ALTER ROLE {USER} PASSWORD '${{secret}}'\n",
            "pgpass": f"*:*:*:{USER}:${{secret}}\n",
        },
        data_files={"postgresql.conf": _configuration(), "pg_hba.conf": HBA},
        formatted_by=NativeProgram("initdb", _INITDB),
        prepared_by=NativeProgram("postgres", ("--single", "-D", "${data}", "postgres"), stdin="password.sql"),
        address=_ADDRESS,
        everywhere="*",
        memory=192,
        never_root=True,
        ended_by="SIGQUIT",  # "immediate shutdown": it ends its children and gives back its shared memory
    )


# Nobody can log in by what initdb writes; the node's own pg_hba.conf takes its place. 1 MB is the smallest segment of
# the write-ahead log: a fresh data folder is 16 MB smaller.
_INITDB = (
    *("-D", "${data}", "--username", USER, "--auth", "reject", "--no-sync", "--wal-segsize", "1"),
    *("--no-locale", "--encoding", "UTF8"),
)

# A connection string of libpq, section "Keyword/Value Connection Strings".
_ADDRESS = (
    f"host=${{host_postgres_1}} port=${{port_postgres_1_{PORT}}} user={USER} dbname=postgres "
    "passfile='${folder}/pgpass'"
)


def _configuration() -> str:
    own = {
        "listen_addresses": "'${bind}'",
        "port": f"${{port_postgres_1_{PORT}}}",
        **DURABILITY,
        **SMALL,
        **TRACELESS,
        **LOGGING,
    }
    return "".join(f"{name} = {value}\n" for name, value in own.items())
