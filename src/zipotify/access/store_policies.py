"""Who may do what with a lake in an object store, as policies to hand to the store: IAM of S3, bindings of Google's.

`writer` is for whoever writes the lake (stream, loads, jobs, erasure, ledger), `builder` for warehouse builds on a
machine of their own: it reads the tables that models read, and neither personal attributes nor refused records.
"""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from zipotify.contracts.analyses import ANALYSES
from zipotify.contracts.tables import BRONZE, QUARANTINE, USERS_PRIVATE
from zipotify.errors import UsageError

StoreRole = Literal["writer", "builder"]
STORE_ROLES: tuple[StoreRole, ...] = get_args(StoreRole)
_READ, _WRITE = ["s3:GetObject"], ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
_ADDRESS = re.compile(r"(s3|gs)://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^*?\s]*[^*?\s/])/?")
_READABLE = ("catalog/*", *(f"{table.path}/*" for table in (*BRONZE.values(), *ANALYSES)), "erasure.applied")
_HIDDEN = tuple(f"{table.path}/*" for table in (USERS_PRIVATE, QUARANTINE))


def policy(role: StoreRole, address: str, member: str = "") -> dict[str, Any]:
    """The role's policy for a lake at s3://bucket/path (an IAM policy) or gs://bucket/path (IAM bindings of a member).

    Raises UsageError for another address, and for Google's without a member.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise UsageError(f"'{address}' is no lake in an object store", "write s3://BUCKET/PATH or gs://BUCKET/PATH")
    kind, bucket, path = found.groups()
    if kind == "s3":
        return _s3(role, bucket, path)
    if not member:
        raise UsageError("a binding of Google's names its member", "pass --member serviceAccount:NAME@PROJECT…")
    return _gcs(role, bucket, path, member)


def _s3(role: StoreRole, bucket: str, path: str) -> dict[str, Any]:
    """Everything is denied that no statement allows; what is denied here stays so, whatever another policy allows."""
    here = f"arn:aws:s3:::{bucket}"
    objects = ["*"] if role == "writer" else list(_READABLE)
    statements = [
        _statement("ListLake", "Allow", ["s3:ListBucket"], [here])
        | {"Condition": {"StringLike": {"s3:prefix": [path, f"{path}/*"]}}},
        _statement("FindBucket", "Allow", ["s3:GetBucketLocation"], [here]),
        _statement("Objects", "Allow", _WRITE if role == "writer" else _READ, [f"{here}/{path}/{o}" for o in objects]),
    ]
    if role == "builder":
        hidden = [f"{here}/{path}/{pattern}" for pattern in _HIDDEN]
        statements.append(_statement("NoPersonalFields", "Deny", ["s3:*Object*"], hidden))
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(name: str, effect: str, actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": name, "Effect": effect, "Action": actions, "Resource": resources}


def _gcs(role: StoreRole, bucket: str, path: str, member: str) -> dict[str, Any]:
    """Bindings with conditions, as `gcloud storage buckets set-iam-policy` takes them (version 3)."""
    objects = f"projects/_/buckets/{bucket}/objects/{path}/"
    patterns = [""] if role == "writer" else [pattern.removesuffix("*") for pattern in _READABLE]
    starts = " || ".join(f'resource.name.startsWith("{objects}{pattern}")' for pattern in patterns)
    listing = f'resource.name == "projects/_/buckets/{bucket}"'
    bindings = [
        _binding(
            "roles/storage.objectUser" if role == "writer" else "roles/storage.objectViewer", member, role, starts
        ),
        _binding("roles/storage.objectViewer", member, f"{role}-lists", listing),
    ]
    return {"version": 3, "bindings": bindings}


def _binding(role: str, member: str, title: str, expression: str) -> dict[str, Any]:
    return {
        "role": role,
        "members": [member],
        "condition": {"title": f"zipotify-{title}", "expression": expression},
    }
