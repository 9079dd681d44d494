"""Connects a CRM outside, sets it up, says what is missing, and keeps the rules of its fields."""

from dataclasses import replace
from typing import TextIO

import click

from scrm.cli.crm_listen import listen
from scrm.cli.opening import open_for_command
from scrm.errors import InputError
from scrm.i18n import N_, _, gettext
from scrm.models import CrmState, RecordKind
from scrm.runtime import Core
from scrm.sync.crm.salesforce import connect as links
from scrm.sync.crm.salesforce import mapping, setup
from scrm.sync.crm.salesforce.access import CRM_ID, Credentials, domain_of
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.crm.salesforce.cursor import load
from scrm.sync.crm.salesforce.mapping import IfLong, Policy, Rule
from scrm.sync.crm.salesforce.options import Options
from scrm.sync.crm.salesforce.org import API_VERSION
from scrm.sync.crm.salesforce.package import build, new_fields
from scrm.sync.crm.salesforce.people import READS
from scrm.sync.crm.salesforce.setting_up import untranslated
from scrm.sync.crm.salesforce.shape import READ

KINDS = click.Choice(READS)


@click.group(help=_("Connect a CRM outside, set it up, and see how it is."))
def crm() -> None:
    """Replaced by the translated help."""


crm.add_command(listen)


@crm.command("connect", help=_("Connect an organization at Salesforce. Secrets are read from files, never as words."))
@click.argument("system", type=click.Choice([CRM_ID]))
@click.option("--domain", default="login", show_default=True, help=_("login, test, or your own like mycompany.my"))
@click.option("--consumer-key", required=True, help=_("Of the external client app."))
@click.option("--username", default="", help=_("Who scrm signs in as, with a private key."))
@click.option("--private-key", "key_file", type=click.File(), help=_("File with the private key (JWT bearer)."))
@click.option("--secret", "secret_file", type=click.File(), help=_("File with the secret (client credentials)."))
@click.option("--api-version", default=API_VERSION, show_default=True)
@click.option("--share", default=20, show_default=True, help=_("Percent of the organization's calls a day for scrm."))
def connect_crm(  # noqa: PLR0913 - one option each
    system: str,
    *,
    domain: str,
    consumer_key: str,
    username: str,
    key_file: TextIO | None,
    secret_file: TextIO | None,
    api_version: str,
    share: int,
) -> None:
    del system
    credentials = Credentials(
        domain=domain_of(domain),
        consumer_key=consumer_key,
        username=username,
        private_key=key_file.read() if key_file else "",
        consumer_secret=secret_file.read().strip() if secret_file else "",
    )
    core = open_for_command()
    known = links.connect(core, credentials, replace(_chosen(core), api_version=api_version, share_percent=share))
    kind = _("a sandbox") if known.is_sandbox else _("production")
    click.echo(
        _("Connected with %(name)s (%(id)s), %(kind)s.", name=known.organization, id=known.organization_id, kind=kind)
    )
    click.echo(_("Next: `scrm crm setup`, then `scrm crm use`."))
    core.db.close()


@crm.command("setup", help=_("Show what would be created in the organization, and create it after a yes."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@click.option("--check-only", is_flag=True, help=_("Have Salesforce check it without creating anything."))
def setup_crm(*, yes: bool, check_only: bool) -> None:
    core = open_for_command()
    org = SalesforceCrm(core)
    shape = org.look_again()
    package = build(shape, org.options.api_version)
    click.echo(f"{org.options.organization} ({org.options.organization_id})")
    for kind, names in sorted(package.members.items()):
        if kind != "CustomField":
            click.echo(f"  {kind}: {', '.join(names)}")
    fields = new_fields(package, shape)
    click.echo(
        "  "
        + _(
            "Fields: %(new)s new, %(same)s as they are",
            new=len(fields),
            same=len(package.members["CustomField"]) - len(fields),
        )
    )
    for name in fields:
        click.echo(f"    + {name}")
    if not (yes or check_only):
        click.confirm(_("Create this there?"), abort=True)
    objections = setup.deploy(org.org, package, check_only=check_only)
    if setup.are_of_language(objections):
        click.echo(gettext(setup.NO_GERMAN))
        objections = setup.deploy(org.org, untranslated(org), check_only=check_only)
    for line in objections:
        click.echo(f"  - {line}")
    if objections:
        raise InputError(N_("Salesforce does not take it; nothing was created."))
    if check_only:
        click.echo(_("Salesforce would take it. Nothing was created."))
    else:
        if not setup.assign(org.org, org.options.user_id):
            click.echo(
                _(
                    "Assign the permission set %(name)s to the user of scrm by hand: it may not do that itself.",
                    name=setup.PERMISSION_SET,
                )
            )
        org.look_again()
        _report(org)
    core.db.close()


@crm.command(help=_("Say who we are there, what is missing, and how much of the budget is left."))
def check() -> None:
    core = open_for_command()
    org = SalesforceCrm(core)
    org.look_again()
    kind = _("a sandbox") if org.options.is_sandbox else _("production")
    click.echo(f"{org.options.organization} ({org.options.organization_id}), {kind}, API {org.options.api_version}")
    budget = org.budget()
    click.echo(_("Calls left for us today: %(left)s of %(all)s", left=budget.remaining, all=budget.limit))
    _progress(core)
    is_well = _report(org)
    core.db.close()
    if not is_well:
        raise SystemExit(1)


@crm.command("use", help=_("Read contacts from the organization and write timelines to it, from now on."))
@click.option("--no-longer", is_flag=True, help=_("Stop that; what was written stays."))
def use_crm(*, no_longer: bool) -> None:
    core = open_for_command()
    org = None if no_longer else SalesforceCrm(core)
    if org is not None and (gaps := setup.missing(org.look_again(), org.field_map, dict(org.options.extras))):
        for line in gaps:
            click.echo(f"  - {line}")
        raise InputError(N_("Not used: something is missing there. `scrm crm setup` helps."))
    links.use(core, is_active=not no_longer)
    core.wake("pull", None)
    core.db.close()


@crm.command(help=_("Forget the access to the organization. Contacts and entries stay."))
def disconnect() -> None:
    core = open_for_command()
    links.disconnect(core)
    core.db.close()


@crm.command("read-field", help=_("Read a field of your own, too. OBJECT: Contact, Lead or Account."))
@click.argument("object_name", metavar="OBJECT", type=click.Choice(READ))
@click.argument("field", metavar="FIELD")
@click.option("--as", "kind", type=KINDS, required=True, help=_("What it holds."))
@click.option("--network", default="", help=_("With --as handle: at which network, e.g. mastodon."))
@click.option("--no-longer", is_flag=True)
def read_field(object_name: str, field: str, kind: str, network: str, *, no_longer: bool) -> None:
    if kind == "handle" and not network and not no_longer:
        raise click.UsageError(_("Name the network."))
    core = open_for_command()
    chosen = links.options_of(core)
    extra = chosen.extras[object_name].changed(field, kind, network, no_longer=no_longer)
    links.change(core, replace(chosen, extras=dict(chosen.extras) | {object_name: extra}))
    core.wake("pull", None)
    core.db.close()


@crm.command(
    "fields", help=_("List which of our fields goes where in a timeline record, who wins, and what is wrong.")
)
def fields_of() -> None:
    core = open_for_command()
    org = SalesforceCrm(core)
    click.echo(_("Version %(num)s of the rules", num=org.field_map.version))
    name = ""
    for rule in org.field_map.rules:
        if name != mapping.OBJECT_OF[rule.kind]:
            name = mapping.OBJECT_OF[rule.kind]
            click.echo(name)
        there = org.shape.fields(name).get(rule.target)
        kind = f"{there['type']} {there['length'] or ''}".strip() if there else "–"
        click.echo(f"  {rule.source:12} {rule.target:20} {rule.policy:11} {kind}")
    for line in mapping.faults(org.field_map.rules, org.shape):
        click.echo(f"  - {line}")
    core.db.close()


@crm.command("field", help=_("Say where one of our fields goes and who wins; makes a new version of the rules."))
@click.argument("source", type=click.Choice(sorted({one for names in mapping.SOURCES.values() for one in names})))
@click.option(
    "--of",
    "of",
    type=click.Choice([kind.value for kind in RecordKind]),
    default=RecordKind.INTERACTION.value,
    show_default=True,
    help=_("Of which record it is a field."),
)
@click.option("--to", "target", help=_("The field in Salesforce."))
@click.option("--rule", "policy", type=click.Choice([policy.value for policy in Policy]))
@click.option("--if-long", type=click.Choice([choice.value for choice in IfLong]))
@click.option("--preview", is_flag=True, help=_("Only say what would be wrong."))
def change_field(
    source: str, of: str, target: str | None, policy: str | None, if_long: str | None, *, preview: bool
) -> None:
    kind = RecordKind(of)
    if source not in mapping.SOURCES[kind]:
        raise click.UsageError(_("Expected one of: %(names)s", names=", ".join(mapping.SOURCES[kind])))
    core = open_for_command()
    org = SalesforceCrm(core)

    def change(rule: Rule) -> Rule:
        return replace(
            rule,
            target=target or rule.target,
            policy=Policy(policy) if policy else rule.policy,
            if_long=IfLong(if_long) if if_long else rule.if_long,
        )

    rules = [change(rule) if (rule.kind, rule.source) == (kind, source) else rule for rule in org.field_map.rules]
    faults = mapping.faults(rules, org.shape)
    for line in faults:
        click.echo(f"  - {line}")
    if faults:
        raise InputError(N_("These rules cannot work in this organization; nothing was changed."))
    if preview:
        click.echo(_("These rules can work. Nothing was changed."))
    else:
        click.echo(_("Version %(num)s of the rules", num=links.store_rules(core, rules)))
    core.db.close()


def _chosen(core: Core) -> Options:
    """What was chosen before, else the defaults."""
    return links.chosen_before(core) or Options()


def _report(org: SalesforceCrm) -> bool:
    """Print what is missing; True when nothing is."""
    gaps = setup.missing(org.shape, org.field_map, dict(org.options.extras))
    for line in gaps:
        click.echo(f"  - {line}")
    if not gaps:
        click.echo(_("Everything is there and open to us."))
    return not gaps


def _progress(core: Core) -> None:
    """How far the first reading is."""
    with core.db.read() as session:
        state = session.get(CrmState, CRM_ID)
    for name, place in load(state.cursor if state else None).items():
        if place.job is not None:
            click.echo(
                _("%(name)s: %(read)s of %(total)s read", name=name, read=place.job.read, total=place.job.total)
            )
    if state is not None and state.problem:
        click.echo(gettext(N_("Writing waits: %(problem)s"), problem=state.problem))
