"""The broker: Apache Kafka as one KRaft node on loopback, or topics on a cluster that is there already."""
