"""Who may do what in a Kafka cluster that knows accounts: grants as data, and the ACLs that they become.

`producer` sends events, `stream` takes them in and writes dead letters, `ledger` counts what is there (so do jobs),
`dashboard` looks how far readers are behind, `admin` makes topics and grants. The cluster must refuse what no ACL
allows (`authorizer.class.name`, and `allow.everyone.if.no.acl.found` left at false).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from zipotify.contracts.fields import DEAD_LETTERS, TOPICS
from zipotify.contracts.kafka_access import client_options
from zipotify.contracts.wire import ALL_TOPICS, require_broker
from zipotify.errors import UsageError, ZipotifyError
from zipotify.settings import Settings

KafkaRole = Literal["producer", "stream", "ledger", "dashboard", "admin"]
KAFKA_ROLES: tuple[KafkaRole, ...] = get_args(KafkaRole)
_LIMIT_S = 30.0
_ANY_HOST = "*"


@dataclass(frozen=True)
class Grant:
    """Operations on things of one kind; names may end in `*`."""

    kind: Literal["topic", "group", "broker"]
    names: tuple[str, ...]
    operations: tuple[str, ...]


_CLUSTER = ("kafka-cluster",)
GRANTS: Mapping[KafkaRole, tuple[Grant, ...]] = {
    "producer": (Grant("topic", TOPICS, ("WRITE", "DESCRIBE")),),
    "stream": (
        Grant("topic", TOPICS, ("READ", "DESCRIBE")),
        Grant("topic", (DEAD_LETTERS,), ("WRITE", "DESCRIBE")),
        Grant("group", ("spark-kafka-source-*",), ("READ", "DESCRIBE")),
    ),
    "ledger": (
        Grant("topic", TOPICS, ("READ", "DESCRIBE")),
        Grant("group", ("zipotify-ledger", "zipotify-watch"), ("READ", "DESCRIBE")),
    ),
    "dashboard": (
        Grant("topic", TOPICS, ("DESCRIBE",)),
        Grant("group", ("zipotify-dashboard",), ("DESCRIBE",)),
    ),
    "admin": (
        Grant("topic", ALL_TOPICS, ("CREATE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS")),
        Grant("broker", _CLUSTER, ("DESCRIBE", "ALTER")),
    ),
}
"""What each role may do, and nothing else. Whoever may ALTER the cluster may grant, so that is for people."""


def acls(role: KafkaRole, account: str) -> list[AclBinding]:
    """The ACLs that give the account exactly the role."""
    if not account or any(letter in account for letter in "*:,\0") or account != account.strip():
        raise UsageError(f"'{account}' can't be an account here", "name one account, without '*', ':' or ','")
    return [
        _binding(account, grant.kind, name, operation)
        for grant in GRANTS[role]
        for name in grant.names
        for operation in grant.operations
    ]


def _binding(account: str, kind: str, name: str, operation: str) -> AclBinding:
    is_prefix = name.endswith("*")
    return AclBinding(
        ResourceType[kind.upper()],
        name.removesuffix("*"),
        ResourcePatternType.PREFIXED if is_prefix else ResourcePatternType.LITERAL,
        f"User:{account}",
        _ANY_HOST,
        AclOperation[operation],
        AclPermissionType.ALLOW,
    )


def grant_kafka(settings: Settings, accounts: Mapping[KafkaRole, str]) -> int:
    """Leave each account with exactly the rights of its role; older ACLs of these accounts go. Returns how many hold.

    Raises UsageError for a cluster without accounts or an account in two roles, BrokerUnreachableError, and
    ZipotifyError with what Kafka said when it refuses.
    """
    if not settings.kafka_security.startswith("SASL"):
        raise UsageError(
            "this Kafka knows no accounts", "set kafka_security to SASL_SSL, and an account that may grant"
        )
    if len(set(accounts.values())) < len(accounts):
        raise UsageError("one account is named for two roles", "each role has an account of its own")
    wanted = {account: acls(role, account) for role, account in accounts.items()}
    client = AdminClient({**client_options(settings), "bootstrap.servers": require_broker(settings), "log_level": 0})
    try:
        for account, bindings in wanted.items():
            _await(client.create_acls(bindings).values())
            _remove_others(client, account, bindings)
    except KafkaException as error:
        raise ZipotifyError(
            f"Kafka refused: {error.args[0].str()}",
            "use an account that may alter the cluster; it needs an authorizer",
        ) from None
    return sum(len(bindings) for bindings in wanted.values())


def _remove_others(client: AdminClient, account: str, wanted: list[AclBinding]) -> None:
    """What the account had beyond its role; new rights come before, so that what runs never lacks any."""
    there = client.describe_acls(_all_of(account)).result(timeout=_LIMIT_S)
    extra = [binding for binding in there if binding not in wanted]
    if extra:
        _await(client.delete_acls([_exactly(binding) for binding in extra]).values())


def _all_of(account: str) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        f"User:{account}",
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _await(answers: Iterable[object]) -> None:
    for answer in answers:
        answer.result(timeout=_LIMIT_S)  # type: ignore[attr-defined]
