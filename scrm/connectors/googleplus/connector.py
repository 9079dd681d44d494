"""Google+: closed for consumers on 2 April 2019. Nothing can be called; what people saved of it can be read.

There are no terms any more to read; what ended them is named instead (as quoted by others, 2026-11-24).
"""

from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.googleplus.archive import ARCHIVE
from scrm.connectors.googleplus.places import NETWORK
from scrm.connectors.manifest import Manifest, Rule, Status, Terms
from scrm.errors import UnavailableError
from scrm.i18n import N_
from scrm.records import ProfileRecord


class GooglePlus(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="Google+",
        mark="G+",
        status=Status.ARCHIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source="https://blog.google/technology/safety-security/project-strobe/",
            read_on=date(2026, 11, 24),
            note=N_(
                "Google+ closed in 2019 and its terms with it. What people wrote there is still theirs: read the"
                " archive only of an account that is yours, and delete what somebody asks you to."
            ),
        ),
        reads=(
            N_("Your account's own posts and reshares, from a Takeout archive"),
            N_("Comments, +1s and reshares of your posts, with the names of the people"),
            N_("Posts in communities that were saved along"),
            N_("Your own comments and +1s at posts of others"),
        ),
    )
    streams = ()
    archives = (ARCHIVE,)

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        raise UnavailableError("Google+ is closed: only saved archives can be read", network=api.network)


connector = GooglePlus()
