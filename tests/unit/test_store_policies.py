"""Policies for object stores: of the form that the stores' own documents give, and with the least rights."""

from __future__ import annotations

import json

import jsonschema
import pytest
from typer.testing import CliRunner

from zipotify.access.store_policies import STORE_ROLES, StoreRole, policy
from zipotify.cli import application
from zipotify.errors import UsageError

_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
S3 = {
    "type": "object",
    "required": ["Version", "Statement"],
    "additionalProperties": False,
    "properties": {
        "Version": {"const": "2012-10-17"},
        "Statement": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["Sid", "Effect", "Action", "Resource"],
                "additionalProperties": False,
                "properties": {
                    "Sid": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
                    "Effect": {"enum": ["Allow", "Deny"]},
                    "Action": {**_TEXTS, "items": {"pattern": "^s3:[A-Za-z*]+$"}},
                    "Resource": {**_TEXTS, "items": {"pattern": "^arn:aws:s3:::[a-z0-9.-]+(/.+)?$"}},
                    "Condition": {"type": "object"},
                },
            },
        },
    },
}
"""The part of IAM's grammar that we use."""
GOOGLE = {
    "type": "object",
    "required": ["version", "bindings"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": 3},
        "bindings": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["role", "members", "condition"],
                "additionalProperties": False,
                "properties": {
                    "role": {"enum": ["roles/storage.objectUser", "roles/storage.objectViewer"]},
                    "members": _TEXTS,
                    "condition": {"type": "object", "required": ["title", "expression"]},
                },
            },
        },
    },
}
MEMBER = "serviceAccount:zipotify@project.iam.gserviceaccount.com"


@pytest.mark.parametrize("role", STORE_ROLES)
def test_each_policy_is_of_the_stores_form(role: StoreRole) -> None:
    jsonschema.validate(policy(role, "s3://bucket/a/lake"), S3)
    jsonschema.validate(policy(role, "gs://bucket/a/lake/", MEMBER), GOOGLE)


@pytest.mark.parametrize("role", STORE_ROLES)
def test_no_right_goes_beyond_the_lakes_path(role: StoreRole) -> None:
    for statement in policy(role, "s3://bucket/a/lake")["Statement"]:
        objects = [name for name in statement["Resource"] if name != "arn:aws:s3:::bucket"]
        assert all(name.startswith("arn:aws:s3:::bucket/a/lake/") for name in objects)
        if statement["Effect"] == "Allow":
            assert not any("*" in action for action in statement["Action"])
    object_rights, listing = policy(role, "gs://bucket/a/lake", MEMBER)["bindings"]
    parts = object_rights["condition"]["expression"].split(" || ")
    assert all(part.startswith('resource.name.startsWith("projects/_/buckets/bucket/objects/a/lake/') for part in parts)
    assert listing["condition"]["expression"] == 'resource.name == "projects/_/buckets/bucket"'


def test_a_builder_sees_no_personal_field_and_writes_nothing() -> None:
    allowed = [s for s in policy("builder", "s3://b-1/lake")["Statement"] if s["Effect"] == "Allow"]
    assert {action for statement in allowed for action in statement["Action"]} == {
        "s3:ListBucket",
        "s3:GetBucketLocation",
        "s3:GetObject",
    }
    for address in ("s3://b-1/lake", "gs://b-1/lake"):
        document = policy("builder", address, MEMBER)
        given = json.dumps(
            [s for s in document.get("Statement", document.get("bindings")) if s.get("Effect") != "Deny"]
        )
        assert "users_private" not in given
        assert "quarantine" not in given
    assert "users_private" in json.dumps(policy("builder", "s3://b-1/lake"))


@pytest.mark.parametrize(
    "address", ["", "s3://", "s3://bucket", "s3://bucket/", "/lake", "s3://b-1/a*", "s3://b-1/a?b"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no lake in an object store"):
        policy("writer", address)
    with pytest.raises(UsageError, match="member"):
        policy("writer", "gs://bucket/lake")


def test_the_verb_prints_what_a_store_takes() -> None:
    done = CliRunner().invoke(application(), ["access", "store", "builder", "--lake", "s3://bucket/lake"])
    assert json.loads(done.stdout) == policy("builder", "s3://bucket/lake")
