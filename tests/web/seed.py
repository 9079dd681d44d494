"""Fills a database with invented people: contacts, profiles, candidates with evidence, interactions, connections."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.matching.model import SHIPPED
from scrm.models import (
    Candidate,
    Connection,
    Contact,
    Interaction,
    Judge,
    Judgment,
    Link,
    MatchModelRow,
    MatchState,
    Profile,
    Run,
    StreamState,
    TimelineEntry,
    User,
    Verdict,
    uuid7,
)
from tests.web.seed_cases import evidence_for, plain
from tests.web.seed_cases import waiting as waiting_case

PEOPLE = (
    (
        "Katharina",
        "Lüdenscheidt",
        "Rheinisch-Westfälische Antriebstechnik- und Zahnradfabrik GmbH & Co. KG",
        "Oberhausen",
    ),
    ("Kathrin", "Lüdenscheid", "Stadtwerke Oberhausen Netzgesellschaft mbH", "Oberhausen"),
    ("Çağla", "Öztürk-Yıldırım", "Yıldırım Lojistik A.Ş.", "İzmir"),
    ("Maximiliane", "Freifrau von Schönburg-Wiesenthal", "Vereinigte Oberrheinische Wärmepumpen KGaA", "Emmendingen"),
    ("Nadia", "Al-Hussaini", "Gulf Cooling Trading", "Manama"),
    ("Mei", "Tanaka", "Tanaka Seiki", "Hamamatsu"),
    ("Zoë", "Świętochowska", "Hurtownia Bałtyk", "Gdańsk"),
    ("Dimitar", "Stoyanov", "Stoyanov Engineering", "Plovdiv"),
    ("Aoife", "Ní Bhriain", "Limerick Controls", "Limerick"),
    ("Jürgen", "Krüßmann", "Krüßmann Maschinenbau", "Jever"),
)
TEXTS = (
    ("de", "Gilt die Lieferzusage für die Kegelradgetriebe auch noch nach der Werksumstellung im Juni?"),
    ("en", "Thanks to @nordwerk for the quick spare part. Running again since noon."),
    (
        "de",
        "Können wir den Wartungsvertrag vor dem Herbst auf Vollservice umstellen? Unser Hausmeister geht im August.",
    ),
    ("ar", "هل ينطبق ذلك على الطراز WP-40 أيضًا؟"),
    ("en", "Is there a drawing of the flange? The one on the page is cut off."),
)


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """Ids of what was made, for tests."""

    contacts: list[Contact]
    waiting: list[Profile]
    linked: list[Profile]
    steward: User
    rep: User
    admin: User


def seed(db: Database, *, cases: int = 3, talk: int = 60) -> Seeded:
    """Fill an empty database: `cases` profiles in review, two linked ones, of which the first said `talk` things."""
    now = db.clock.now().replace(microsecond=0)
    with db.write("test.seed") as session:
        users = [
            _user(session, name, role, now)
            for name, role in (
                ("Þórunn Guðjónsdóttir", "admin"),
                ("Aurélie Nguyễn-Dubois", "steward"),
                ("Siobhán Ní Bhriain", "rep"),
            )
        ]
        model = MatchModelRow(name="shipped-1", body=json.loads(SHIPPED.to_json()), created_at=now, activated_at=now)
        session.add(model)
        contacts = [_contact(session, number, now) for number in range(len(PEOPLE))]
        session.flush()
        waiting = [waiting_case(session, contacts, model, number, now) for number in range(cases)]
        linked = [_linked(session, contacts[3], network, users[1], model, now) for network in ("harbor", "quay")]
        session.flush()
        connection = _connection(session, now)
        _talk(session, linked[0], connection, talk, now)
        _talk(session, linked[1], connection, 4, now)
        for profile in waiting:
            _talk(session, profile, connection, 3, now)
        _answer(session, linked[0], connection, now)
        _entries(session, linked, contacts[3], now)
    return Seeded(contacts=contacts, waiting=waiting, linked=linked, admin=users[0], steward=users[1], rep=users[2])


def _user(session: Session, name: str, role: str, now: datetime) -> User:
    row = User(public_id=uuid7(), name=name, email=f"{role}@nordwerk.example", role=role, created_at=now)
    session.add(row)
    session.flush()
    return row


def _contact(session: Session, number: int, now: datetime) -> Contact:
    first, last, company, city = PEOPLE[number]
    row = Contact(
        public_id=uuid7(),
        crm_id="local",
        native_id=f"seed-{number}",
        full_name=f"{first} {last}",
        first_name=first,
        last_name=last,
        sort_name=plain(f"{last} {first}"),
        company=company,
        title="Leiterin Beschaffung",
        city=city,
        language="de",
        emails=[f"{plain(first)[0]}.{plain(last).split()[-1]}@company{number}.example"],
        relation="customer",
        owner="Jürgen Krüßmann-Østergaard",
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    return row


def _linked(
    session: Session, contact: Contact, network: str, steward: User, model: MatchModelRow, now: datetime
) -> Profile:
    row = Profile(
        public_id=uuid7(),
        network=network,
        native_id=f"l-{network}",
        handle=f"maxi-{network}",
        display_name="Maximiliane Schönburg",
        url=f"https://{network}.example/@maxi",
        first_seen_at=now - timedelta(days=400),
        updated_at=now,
        match_state=MatchState.LINKED.value,
    )
    session.add(row)
    session.flush()
    by_person = network == "harbor"
    judgment = Judgment(
        profile_id=row.id,
        contact_id=contact.id,
        verdict=Verdict.POSITIVE.value,
        judge=(Judge.STEWARD if by_person else Judge.ENGINE).value,
        user_id=steward.id if by_person else None,
        probability=0.997,
        created_at=now - timedelta(days=20),
    )
    session.add(judgment)
    session.flush()
    session.add(Link(profile_id=row.id, contact_id=contact.id, judgment_id=judgment.id, linked_at=now))
    session.add(
        Candidate(
            profile_id=row.id,
            contact_id=contact.id,
            bits=4.2,
            probability=0.997,
            evidence=evidence_for(contact, good=True),
            for_review=False,
            model_id=model.id,
            computed_at=now,
        )
    )
    return row


def _connection(session: Session, now: datetime) -> Connection:
    row = Connection(
        public_id=uuid7(),
        network="harbor",
        base_url="https://harbor.example",
        native_id="own",
        label="@nordwerk@harbor.example",
        created_at=now - timedelta(days=30),
    )
    session.add(row)
    session.flush()
    session.add(
        StreamState(
            connection_id=row.id,
            stream="notes",
            due_at=now + timedelta(minutes=4),
            read_at=now,
            reached_at=now - timedelta(days=700),
            items=8412,
            quarantined=2,
        )
    )
    session.add(
        Run(
            connection_id=row.id,
            stream="notes",
            started_at=now - timedelta(minutes=1),
            ended_at=now,
            outcome="done",
            pages=3,
            items=120,
            stored=118,
            quarantined=2,
        )
    )
    return row


def _talk(session: Session, profile: Profile, connection: Connection, count: int, now: datetime) -> None:
    dice = random.Random(profile.native_id)
    rows = []
    for number in range(count):
        language, text = TEXTS[number % len(TEXTS)]
        rows.append(
            {
                "public_id": uuid7(),
                "network": profile.network,
                "scope": "",
                "native_id": f"{profile.native_id}-{number}",
                "kind": ("mention", "reply", "post", "reaction")[number % 4],
                "direction": "in",
                "audience": "private" if number % 9 == 8 else "public",
                "profile_id": profile.id,
                "party_id": profile.id,
                "connection_id": connection.id,
                "occurred_at": now - timedelta(hours=7 * number, minutes=dice.randrange(60)),
                "received_at": now,
                "text": text if number % 4 != 3 else None,
                "url": f"https://{profile.network}.example/{profile.native_id}/{number}",
                "language": language,
                "version": 1,
                "edited_at": now - timedelta(hours=7 * number - 1) if number == 5 else None,
                "deleted_at": now if number == 6 else None,
            }
        )
    session.execute(insert(Interaction), rows)


def _answer(session: Session, profile: Profile, connection: Connection, now: datetime) -> None:
    """Our post, their answer to it, and ours to that."""
    own = Profile(
        public_id=uuid7(),
        network="harbor",
        native_id="own",
        handle="nordwerk",
        display_name="Nordwerk",
        is_internal=True,
        match_state="internal",
        first_seen_at=now,
        updated_at=now,
    )
    session.add(own)
    session.flush()
    said = (
        ("t1", own, None, "Service in winter: what to check before the frost.", 90),
        ("t2", profile, "t1", "Gilt das auch für Geräte, die vor 2022 in Betrieb genommen wurden?", 60),
        ("t3", own, "t2", "Ja, das gilt für alle Geräte ab Baujahr 2022.", 30),
    )
    for native_id, author, parent, text, minutes in said:
        session.add(
            Interaction(
                public_id=uuid7(),
                network="harbor",
                native_id=native_id,
                kind="reply" if parent else "post",
                direction="in" if author is profile else "out",
                audience="public",
                profile_id=author.id,
                party_id=None if parent is None else profile.id,
                connection_id=connection.id,
                occurred_at=now - timedelta(minutes=minutes),
                received_at=now,
                text=text,
                url=f"https://harbor.example/{native_id}",
                language="de",
                thread_key="t1",
                in_reply_to=parent,
                version=1,
            )
        )


def _entries(session: Session, profiles: list[Profile], contact: Contact, now: datetime) -> None:
    session.flush()
    rows = session.scalars(select(Interaction).where(Interaction.party_id.in_([row.id for row in profiles]))).all()
    states = ("done", "done", "todo", "done", "parked")
    for number, row in enumerate(rows):
        state = "held" if row.network == "quay" else states[number % 5]
        session.add(
            TimelineEntry(
                crm_id="local",
                external_key=f"1-{row.id}",
                interaction_id=row.id,
                contact_id=contact.id,
                interaction_version=1,
                state=state,
                reason="Held back: the network's terms do not allow this." if state == "held" else None,
                record_id=f"r{row.id}" if state == "done" else None,
                due_at=now if state == "todo" else None,
            )
        )


FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def talk_much(db: Database, profile: Profile, count: int) -> None:
    """Give one profile very many interactions, in portions."""
    for start in range(0, count, 5000):
        with db.write("test.talk") as session:
            session.execute(
                insert(Interaction),
                [
                    {
                        "public_id": uuid7(),
                        "network": profile.network,
                        "scope": "",
                        "native_id": f"much-{profile.id}-{number}",
                        "kind": "mention",
                        "direction": "in",
                        "audience": "public",
                        "profile_id": profile.id,
                        "party_id": profile.id,
                        "occurred_at": FIRST + timedelta(seconds=number),
                        "received_at": FIRST,
                        "text": f"Text {number}",
                        "version": 1,
                    }
                    for number in range(start, min(start + 5000, count))
                ],
            )
