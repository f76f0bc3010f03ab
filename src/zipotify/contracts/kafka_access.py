"""How clients prove who they are to Kafka, and how they know it: one place for librdkafka's and Spark's spellings."""

from __future__ import annotations

from zipotify.errors import ConfigError
from zipotify.settings import Settings


def client_options(settings: Settings) -> dict[str, str]:
    """Options of librdkafka (producers, consumers, admin); empty for the embedded broker, which is on loopback."""
    if settings.kafka_security == "PLAINTEXT":
        return {}
    options: dict[str, str] = {"security.protocol": settings.kafka_security}
    if settings.kafka_ca_file is not None:
        options["ssl.ca.location"] = str(settings.kafka_ca_file)
    if settings.kafka_security.startswith("SASL"):
        username, password = _credentials(settings)
        options |= {"sasl.mechanism": settings.kafka_sasl_mechanism, "sasl.username": username}
        options["sasl.password"] = password
    return options


def spark_options(settings: Settings) -> dict[str, str]:
    """The same for Spark's source and sink, which hand what begins with `kafka.` to the Java client."""
    if settings.kafka_security == "PLAINTEXT":
        return {}
    options: dict[str, str] = {"kafka.security.protocol": settings.kafka_security}
    if settings.kafka_ca_file is not None:
        options |= {"kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.location": str(settings.kafka_ca_file)}
    if settings.kafka_security.startswith("SASL"):
        options["kafka.sasl.mechanism"] = settings.kafka_sasl_mechanism
        options["kafka.sasl.jaas.config"] = _jaas(settings)
    return options


def _jaas(settings: Settings) -> str:
    """Java's way to name an account; quotes and backslashes in it are escaped as its parser wants."""
    username, password = (value.replace("\\", "\\\\").replace('"', '\\"') for value in _credentials(settings))
    module = "plain.PlainLoginModule" if settings.kafka_sasl_mechanism == "PLAIN" else "scram.ScramLoginModule"
    return f'org.apache.kafka.common.security.{module} required username="{username}" password="{password}";'


def _credentials(settings: Settings) -> tuple[str, str]:
    if settings.kafka_username is None or settings.kafka_password is None:
        raise ConfigError(
            f"kafka_security is {settings.kafka_security}, and kafka_username or kafka_password is missing",
            "set ZIPOTIFY_KAFKA_USERNAME and ZIPOTIFY_KAFKA_PASSWORD in the environment",
        )
    return settings.kafka_username, settings.kafka_password.get_secret_value()
