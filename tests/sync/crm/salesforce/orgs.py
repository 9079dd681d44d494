"""A sandbox org with our objects in it, connected."""

from typing import Any

from scrm.runtime import Core
from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.schema import make_object
from scrm.sync.crm.salesforce.access import Credentials
from scrm.sync.crm.salesforce.connect import connect
from scrm.sync.crm.salesforce.options import Options
from scrm.sync.crm.salesforce.package import FOLDER
from scrm.sync.crm.salesforce.setup import PERMISSION_SET

INTEGRATION = "integration@nordwerk.example"


def jwt_of(org: Salesforce, **changes: str) -> Credentials:
    app = org.app()
    values = {key: app[key] for key in ("consumer_key", "private_key", "username")}
    return Credentials(**({"domain": "login"} | values | changes))


def connected(core: Core, org: Salesforce, **options: Any) -> None:
    connect(core, jwt_of(org), Options(**({"share_percent": 100} | options)))


def plant(org: Salesforce) -> None:
    """Our objects as they stand in an org after set-up, open to the integration user."""
    add_queues(org)
    assert org.people.deploy_source(str(FOLDER)) == []
    org.people.assign(PERMISSION_SET, INTEGRATION)


def add_queues(org: Salesforce) -> None:
    """Leads may belong to a queue, so the path to an owner's name leads through queues too."""
    queues = make_object("Group", {"name": "Group", "label": "Group", "labelPlural": "Groups", "keyPrefix": "00G"})
    for name in ("Id", "Name", "Email"):
        queues.add(org.schema["User"].fields[name.lower()])
    org.schema.add(queues)
