"""TLS and SASL/SCRAM against a real Kafka: our clients and Spark get in with the password, and nobody without."""

from __future__ import annotations

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from support.command import wait_until
from zipotify.access.kafka_acls import KAFKA_ROLES, KafkaRole, grant_kafka
from zipotify.broker.topics import ensure_topics
from zipotify.contracts.fields import DEAD_LETTERS, LISTEN_EVENTS
from zipotify.contracts.kafka_access import client_options, spark_options
from zipotify.contracts.wire import EventProducer, require_broker
from zipotify.dashboard.lag import partition_lags
from zipotify.errors import BrokerUnreachableError, ConfigError, UsageError, ZipotifyError
from zipotify.ops.ledger import check
from zipotify.ops.maintenance_lag import waiting_count
from zipotify.privacy.remains import remains
from zipotify.runtime import ports
from zipotify.runtime.jars import jar_paths
from zipotify.runtime.java import java_program
from zipotify.runtime.processes import stop_process
from zipotify.settings import Settings, load_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.integration
PASSWORD = 'quote"back\\slash'
ACCOUNTS: dict[KafkaRole, str] = {role: f"the-{role}" for role in KAFKA_ROLES}


def _properties(folder: Path, port: int, controller: int) -> str:
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"CLIENTS://127.0.0.1:{port}",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.clients.scram-sha-512.sasl.jaas.config": (
            'org.apache.kafka.common.security.scram.ScramLoginModule required username="node" password="node";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": folder / "server.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": folder / "ca.pem",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # The controller's listener has no accounts: whoever comes in there is the node itself.
        "super.users": "User:zipotify;User:node;User:ANONYMOUS",
        "log.dirs": folder / "data",
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "message.max.bytes": 9 * 2**20,
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


def _keystore(issued: trustme.LeafCert) -> bytes:
    """Key and certificates as Java reads them: the key must be PKCS #8."""
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return plain + b"".join(blob.bytes() for blob in issued.cert_chain_pems)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings for a node that lets nobody in without TLS and a SCRAM password."""
    folder = tmp_path_factory.mktemp("secured")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "server.pem").write_bytes(_keystore(authority.issue_cert("127.0.0.1")))
    port = ports.any_free()
    properties = folder / "server.properties"
    properties.write_text(_properties(folder, port, ports.any_free()))
    java = [str(java_program()), "-Xmx384m", "-cp", ":".join(map(str, jar_paths("kafka")))]
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    accounts = [f"SCRAM-SHA-512=[name=zipotify,password={PASSWORD}]", "SCRAM-SHA-512=[name=node,password=node]"]
    accounts += [f"SCRAM-SHA-512=[name={name},password={name}-{PASSWORD}]" for name in (*ACCOUNTS.values(), "nobody")]
    scram = [word for account in accounts for word in ("--add-scram", account)]
    formatted = subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties), *scram],
        capture_output=True,
    )
    assert formatted.returncode == 0, formatted.stderr[-2000:]
    settings = load_settings(
        folder / "home",
        bootstrap_servers=f"127.0.0.1:{port}",
        kafka_security="SASL_SSL",
        kafka_ca_file=folder / "ca.pem",
        kafka_username="zipotify",
        kafka_password=PASSWORD,
    )
    with (folder / "kafka.log").open("wb") as log:
        kafka = subprocess.Popen([*java, "kafka.Kafka", str(properties)], stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: kafka.poll() is not None or _answers(settings), "Kafka with TLS and SCRAM")
        assert kafka.poll() is None, (folder / "kafka.log").read_text()[-3000:]
        ensure_topics(settings)
        yield settings
    finally:
        stop_process(kafka, 60)


def _answers(settings: Settings) -> bool:
    try:
        require_broker(settings, 2)
    except BrokerUnreachableError:
        return False
    return True


def test_every_client_of_ours_gets_in(secured: Settings) -> None:
    producer = EventProducer(secured, "tls")
    for number in range(50):
        producer.send(LISTEN_EVENTS, b'{"ts": 1541106106796}', session_id=number)
    producer.flush()
    assert producer.accepted_count == 50
    assert waiting_count(secured) == 50
    report = check(secured)
    assert (report.total("produced"), report.total("in_flight"), report.balanced) == (50, 50, True)


def test_spark_reads_with_the_same_settings(secured: Settings, spark: SparkSession) -> None:
    producer = EventProducer(secured, "spark")
    producer.send(LISTEN_EVENTS, b"from spark's test", session_id=1)
    producer.flush()
    options = {"kafka.bootstrap.servers": str(secured.bootstrap_servers), "subscribe": LISTEN_EVENTS}
    frame = spark.read.format("kafka").options(**spark_options(secured), **options).load()
    assert b"from spark's test" in {bytes(row["value"]) for row in frame.select("value").collect()}


@pytest.mark.parametrize(
    "change",
    [
        {"kafka_password": "wrong"},
        {"kafka_username": "nobody"},
        {"kafka_security": "PLAINTEXT"},
        {"kafka_security": "SSL"},
        {"kafka_ca_file": None},
    ],
    ids=lambda change: f"{next(iter(change))}={next(iter(change.values()))}",
)
def test_nobody_gets_in_without_password_and_certificate(secured: Settings, change: dict[str, object]) -> None:
    given = {name: getattr(secured, name) for name in secured.model_fields_set if name != "home_path"} | change
    other = load_settings(secured.home_path, **given)
    with pytest.raises(BrokerUnreachableError):
        require_broker(other, 3)
    client = AdminClient({**client_options(other), "bootstrap.servers": other.bootstrap_servers, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=3)


def test_a_missing_password_is_named_before_anything_is_tried(secured: Settings) -> None:
    half = load_settings(secured.home_path, bootstrap_servers="x:1", kafka_security="SASL_SSL", kafka_username="u")
    with pytest.raises(ConfigError, match="kafka_password"):
        client_options(half)


def test_the_password_is_in_no_message(secured: Settings) -> None:
    assert PASSWORD not in repr(secured)
    assert PASSWORD not in str(secured.model_dump())


@pytest.fixture(scope="module")
def granted(secured: Settings) -> dict[KafkaRole, Settings]:
    """Settings of an account for each role, with its ACLs."""
    assert grant_kafka(secured, ACCOUNTS) > 20
    return {role: as_account(secured, account) for role, account in ACCOUNTS.items()}


def as_account(secured: Settings, account: str) -> Settings:
    given = {name: getattr(secured, name) for name in secured.model_fields_set if name != "home_path"}
    other = {"kafka_username": account, "kafka_password": f"{account}-{PASSWORD}"}
    return load_settings(secured.home_path, **{**given, **other})


def options(settings: Settings) -> dict[str, Any]:
    return {**client_options(settings), "bootstrap.servers": settings.bootstrap_servers, "log_level": 0}


def produce(settings: Settings, topic: str) -> None:
    failed: list[KafkaError] = []
    producer = Producer({**options(settings), "message.timeout.ms": 15_000})
    producer.produce(topic, b"{}", on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(30) == 0
    if failed:
        raise KafkaException(failed[0])


def consume(settings: Settings, topic: str, group: str) -> None:
    consumer = Consumer({**options(settings), "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = consumer.poll(30)
    finally:
        consumer.close()
    assert message is not None, "neither a record nor a refusal"
    if message.error():
        raise KafkaException(message.error())


def describe(settings: Settings, topic: str) -> None:
    client = AdminClient(options(settings))  # kept, since an answer is lost with who asked
    asked = client.describe_configs([ConfigResource(ResourceType.TOPIC, topic)])
    next(iter(asked.values())).result(timeout=30)


def make(settings: Settings, topic: str) -> None:
    client = AdminClient(options(settings))
    client.create_topics([NewTopic(topic, 1)])[topic].result(timeout=30)


REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}


def test_each_role_can_do_its_work(granted: dict[KafkaRole, Settings], spark: SparkSession) -> None:
    """By the code that the part itself runs, where it has its own."""
    producer = EventProducer(granted["producer"], "acl")
    producer.send(LISTEN_EVENTS, b"by an account of little right", session_id=1)
    producer.flush()
    source = {"kafka.bootstrap.servers": str(granted["stream"].bootstrap_servers), "subscribe": LISTEN_EVENTS}
    frame = spark.read.format("kafka").options(**spark_options(granted["stream"]), **source).load()
    assert b"by an account of little right" in {bytes(row["value"]) for row in frame.select("value").collect()}
    produce(granted["stream"], DEAD_LETTERS)
    assert check(granted["ledger"]).kafka == "reachable"
    assert waiting_count(granted["ledger"]) > 0
    lags, problem = partition_lags(granted["dashboard"])
    assert (sum(row["lag"] for row in lags) > 0, problem) == (True, "")
    assert ensure_topics(granted["admin"]) == []
    (kafka, _) = remains(granted["admin"], datetime(2026, 1, 1, tzinfo=UTC))
    assert "topics' own configuration" in kafka.why


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("producer", lambda s: produce(s, DEAD_LETTERS)),
        ("producer", lambda s: consume(s, LISTEN_EVENTS, "spark-kafka-source-x")),
        ("producer", lambda s: make(s, "new")),
        ("stream", lambda s: produce(s, LISTEN_EVENTS)),
        ("stream", lambda s: consume(s, DEAD_LETTERS, "spark-kafka-source-x")),
        ("stream", lambda s: consume(s, LISTEN_EVENTS, "zipotify-ledger")),
        ("ledger", lambda s: produce(s, LISTEN_EVENTS)),
        ("ledger", lambda s: consume(s, LISTEN_EVENTS, "spark-kafka-source-x")),
        ("dashboard", lambda s: consume(s, LISTEN_EVENTS, "zipotify-dashboard")),
        ("dashboard", lambda s: produce(s, LISTEN_EVENTS)),
        ("dashboard", lambda s: describe(s, LISTEN_EVENTS)),
        ("admin", lambda s: produce(s, LISTEN_EVENTS)),
        ("admin", lambda s: consume(s, LISTEN_EVENTS, "zipotify-ledger")),
        ("admin", lambda s: make(s, "not-ours")),
    ],
)
def test_and_nothing_else(granted: dict[KafkaRole, Settings], role: KafkaRole, act: Callable[[Settings], None]) -> None:
    with pytest.raises(KafkaException) as refused:
        act(granted[role])
    assert refused.value.args[0].code() in REFUSED


def test_an_account_without_a_role_gets_nothing(granted: dict[KafkaRole, Settings], secured: Settings) -> None:
    nobody = as_account(secured, "nobody")
    for act in (lambda: produce(nobody, LISTEN_EVENTS), lambda: consume(nobody, LISTEN_EVENTS, "any")):
        with pytest.raises(KafkaException):
            act()
    with pytest.raises(ZipotifyError, match="Kafka refused"):
        grant_kafka(granted["stream"], {"admin": "the-stream"})


def test_granting_again_takes_away_what_is_not_the_roles(secured: Settings) -> None:
    grant_kafka(secured, {"stream": "nobody"})
    produce(as_account(secured, "nobody"), DEAD_LETTERS)
    grant_kafka(secured, {"dashboard": "nobody"})
    wait_until(
        lambda: not _may(lambda: produce(as_account(secured, "nobody"), DEAD_LETTERS)), "the old right to be gone"
    )
    for accounts in ({"stream": "a", "ledger": "a"}, {"stream": "*"}):
        with pytest.raises(UsageError):
            grant_kafka(secured, accounts)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="knows no accounts"):
        grant_kafka(load_settings(secured.home_path), {"stream": "a"})


def _may(act: Callable[[], None]) -> bool:
    try:
        act()
    except KafkaException:
        return False
    return True
