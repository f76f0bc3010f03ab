"""`zipotify access`: accounts, API tokens and the audit log of the dashboard."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zipotify.access.audit import operator
from zipotify.cli.common import HomeOption, settings_for

if TYPE_CHECKING:
    from zipotify.access.middleware import Gate

app = typer.Typer(no_args_is_help=True, help="Accounts, API tokens and the audit log of the dashboard.")

RoleName = Literal["viewer", "analyst", "admin"]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")]
RoleOption = Annotated[RoleName, typer.Option("--role", help="What it may do.")]


@app.command("add")
def add(context: typer.Context, name: NameArgument, role: RoleOption = "viewer", home: HomeOption = None) -> None:
    """Add an account and print its generated password, once.

    Example: `zipotify access add ann --role analyst`
    """
    from zipotify.access.roles import Role

    gate = _gate(context, home)
    password = gate.accounts.add(name, Role.named(role))
    gate.audit.append(operator(), "account added", name=name, role=role)
    typer.echo(password)


@app.command("password")
def password(context: typer.Context, name: NameArgument, home: HomeOption = None) -> None:
    """Set an account's password, asked for here or read as one line from standard input; ends its sessions.

    Example: `zipotify access password ann`
    """
    from zipotify.access.accounts import FIRST_ACCOUNT
    from zipotify.access.protect import forget_first_password

    gate = _gate(context, home)
    is_asked = sys.stdin.isatty()
    secret = typer.prompt("New password", hide_input=True, confirmation_prompt=True) if is_asked else input()
    gate.accounts.set_password(name, secret)
    gate.audit.append(operator(), "password set", name=name)
    if name == FIRST_ACCOUNT:
        forget_first_password(settings_for(context, home))


@app.command("unlock")
def unlock(context: typer.Context, name: NameArgument, home: HomeOption = None) -> None:
    """Unlock an account that was locked by too many wrong passwords.

    Example: `zipotify access unlock ann`
    """
    gate = _gate(context, home)
    gate.accounts.unlock(name)
    gate.audit.append(operator(), "account unlocked", name=name)


@app.command("remove")
def remove(context: typer.Context, name: NameArgument, home: HomeOption = None) -> None:
    """Remove an account and end its sessions.

    Example: `zipotify access remove ann`
    """
    gate = _gate(context, home)
    gate.accounts.remove(name)
    gate.audit.append(operator(), "account removed", name=name)


@app.command("list")
def list_accounts(context: typer.Context, home: HomeOption = None) -> None:
    """List the accounts.

    Example: `zipotify access list`
    """
    for account in _gate(context, home).accounts.all():
        notes = [note for note, is_so in (("locked", account.is_locked), ("generated", account.must_change)) if is_so]
        typer.echo(" ".join([account.name, account.role.name.lower(), *notes]))


@app.command("token")
def token(
    context: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for.")],
    role: RoleOption = "viewer",
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="api, metrics, sql or admin; may be repeated. Default: api.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How long it is valid.")] = 90,
    home: HomeOption = None,
) -> None:
    """Make an API token and print it, once: only its hash is kept.

    Example: `zipotify access token prometheus --scope metrics`
    """
    from zipotify.access.roles import Role

    gate = _gate(context, home)
    made = gate.tokens.add(label, Role.named(role), scope or ["api"], days)
    gate.audit.append(operator(), "token added", label=label, role=role, scopes=" ".join(scope or ["api"]))
    typer.echo(made)


@app.command("tokens")
def tokens(context: typer.Context, home: HomeOption = None) -> None:
    """List the API tokens, without their secrets.

    Example: `zipotify access tokens`
    """
    for row in _gate(context, home).tokens.all():
        until = datetime.fromtimestamp(row["expires_at_s"], UTC).strftime("%Y-%m-%d")
        state = "revoked" if row["revoked_at_s"] else f"until {until}"
        typer.echo(f"{row['token_id']} {row['label']} {row['role']} [{row['scopes']}] {state}")


@app.command("revoke")
def revoke(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `zipotify access tokens` shows it.")],
    home: HomeOption = None,
) -> None:
    """Revoke an API token at once.

    Example: `zipotify access revoke 0a1b2c3d4e5f`
    """
    gate = _gate(context, home)
    gate.tokens.revoke(token_id)
    gate.audit.append(operator(), "token revoked", token=token_id)


@app.command("audit")
def audit(context: typer.Context, home: HomeOption = None) -> None:
    """Print the audit log and check that no line of it was changed or taken out; exit code 1 when one was.

    Example: `zipotify access audit`
    """
    log = _gate(context, home).audit
    if log.path.exists():
        typer.echo(log.path.read_text(), nl=False)
    count, last = log.verify()
    typer.echo(f"unbroken: {count} lines, the last has the hash {last}", err=True)


@app.command("serving")
def serving(
    context: typer.Context,
    writer: Annotated[str | None, typer.Option("--writer", metavar="ACCOUNT", help="For stream, builds, jobs.")] = None,
    reader: Annotated[str | None, typer.Option("--reader", metavar="ACCOUNT", help="For dashboards.")] = None,
    home: HomeOption = None,
) -> None:
    """Give accounts of the PostgreSQL serving database the least rights that they need; run it as its owner.

    Example: `zipotify access serving --writer zipotify_parts --reader zipotify_dashboard`
    """
    from zipotify.access.serving_roles import SERVING_ROLES, grant_serving
    from zipotify.contracts.serving import connect
    from zipotify.errors import UsageError

    named = dict(zip(SERVING_ROLES, (writer, reader), strict=True))
    accounts = {role: account for role, account in named.items() if account}
    if not accounts:
        raise UsageError("no account is named", "name one with --writer or --reader")
    settings = settings_for(context, home)
    engine = connect(settings.serving_address())
    try:
        grant_serving(engine, accounts)
    finally:
        engine.dispose()
    typer.echo(", ".join(f"{account} is a {role}" for role, account in accounts.items()))


@app.command("kafka")
def kafka(
    context: typer.Context,
    producer: Annotated[str | None, typer.Option("--producer", metavar="ACCOUNT", help="Sends events.")] = None,
    stream: Annotated[str | None, typer.Option("--stream", metavar="ACCOUNT", help="For Spark.")] = None,
    ledger: Annotated[str | None, typer.Option("--ledger", metavar="ACCOUNT", help="For ledger and jobs.")] = None,
    dashboard: Annotated[str | None, typer.Option("--dashboard", metavar="ACCOUNT", help="For dashboards.")] = None,
    admin: Annotated[str | None, typer.Option("--admin", metavar="ACCOUNT", help="Makes topics, grants.")] = None,
    home: HomeOption = None,
) -> None:
    """Give accounts of an external Kafka exactly the ACLs that their part needs; other ACLs of theirs are removed.

    Run it with the account of somebody who may alter the cluster (`kafka_username`).

    Example: `zipotify access kafka --producer shop --stream spark --ledger ops --dashboard board`
    """
    from zipotify.access.kafka_acls import KAFKA_ROLES, grant_kafka
    from zipotify.errors import UsageError

    named = dict(zip(KAFKA_ROLES, (producer, stream, ledger, dashboard, admin), strict=True))
    accounts = {role: account for role, account in named.items() if account}
    if not accounts:
        raise UsageError("no account is named", "name one with --producer, --stream, --ledger, --dashboard or --admin")
    settings = settings_for(context, home)
    count = grant_kafka(settings, accounts)
    granted: dict[str, str] = {str(role): account for role, account in accounts.items()}
    _gate(context, home).audit.append(operator(), "kafka accounts granted", **granted)
    typer.echo(f"{count} ACLs hold: " + ", ".join(f"{account} is {role}" for role, account in accounts.items()))


@app.command("store")
def store(
    context: typer.Context,
    role: Annotated[Literal["writer", "builder"], typer.Argument(help="writer: stream, loads, jobs; builder: builds.")],
    lake: Annotated[str | None, typer.Option("--lake", metavar="ADDRESS", help="Default: the home's lake_url.")] = None,
    member: Annotated[str, typer.Option("--member", help="Google: who gets the role.")] = "",
    home: HomeOption = None,
) -> None:
    """Print the policy of least right for a lake in an object store: IAM for s3://, bindings for gs://.

    Example: `zipotify access store builder --lake s3://my-bucket/lake > builder.json`
    """
    import json

    from zipotify.access.store_policies import policy

    address = lake or settings_for(context, home).lake_url or ""
    typer.echo(json.dumps(policy(role, address, member), indent=2))


def _gate(context: typer.Context, home: HomeOption) -> Gate:
    """The home's accounts and so on, as for loopback: no first account is made on the way."""
    from zipotify.access.protect import gate_of

    return gate_of(settings_for(context, home, dashboard_host="127.0.0.1"))
