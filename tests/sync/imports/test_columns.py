import pytest

from scrm.db import Database
from scrm.models import Relation
from scrm.sync.imports.columns import FIELDS, meaning_of, relation_of, tidy
from scrm.sync.imports.words import HEADERS
from tests.sync.imports.reading import held, load, only

GOOGLE_NOW = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
    "Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,"
    "Address 1 - Label,Address 1 - Country,Address 1 - Street,Address 1 - City,Website 1 - Label,Website 1 - Value"
)
GOOGLE_BEFORE = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,"
    "Phone 1 - Type,Phone 1 - Value,Address 1 - City,Address 1 - Country,Organization 1 - Type,"
    "Organization 1 - Name,Organization 1 - Title,Website 1 - Value"
)


def test_a_google_export_of_today_is_understood(database: Database) -> None:
    load(
        database,
        f"{GOOGLE_NOW}\nAda,M.,Example,,,,Dr.,,,,Acme,Engineer,R&D,1815-12-10,note,,Customers ::: * myContacts,"
        "Work,ada@example.test ::: a@example.test,Home,ada@home.example,Mobile,+49 170 5,Work,DE,Street 1,Berlin,"
        "Blog,https://ada.example\n",
    )
    ada = only(database)
    assert (ada.full_name, ada.first_name, ada.last_name) == ("Ada M. Example", "Ada", "Example")
    assert (ada.company, ada.title, ada.city, ada.country) == ("Acme", "Engineer", "Berlin", "DE")
    assert ada.emails == ("ada@example.test", "a@example.test", "ada@home.example")
    assert (ada.phones, ada.urls, ada.relation) == (("+49 170 5",), ("https://ada.example",), "customer")


def test_an_older_google_export_is_understood(database: Database) -> None:
    load(
        database,
        f"{GOOGLE_BEFORE}\nAda Example,Ada,,Example,,* myContacts,* Work,ada@example.test,Work,030 1,Berlin,Germany,,"
        "Acme,CTO,http://ada.example\n",
    )
    ada = only(database)
    assert (ada.full_name, ada.company, ada.title, ada.city) == ("Ada Example", "Acme", "CTO", "Berlin")
    assert (ada.emails, ada.relation) == (("ada@example.test",), "other")


def test_a_hubspot_export_is_understood(database: Database) -> None:
    load(
        database,
        "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Lifecycle Stage,Contact owner,"
        "Job Title,Company Name,City,Country/Region,Website URL,Twitter Username,"
        "LinkedIn URL,Associated Company IDs\n"
        "901,Ada,Example,ada@example.test,030 1,0170 2,Marketing Qualified Lead,Rita Rep,CTO,Acme,Berlin,Germany,"
        "acme.example,@ada,https://www.linkedin.com/in/ada,77\n",
    )
    ada = only(database)
    assert (ada.owner, ada.title, ada.company, ada.relation) == ("Rita Rep", "CTO", "Acme", "prospect")
    assert (ada.phones, ada.handles) == (("030 1", "0170 2"), (("x", "@ada"),))
    assert ada.urls == ("acme.example", "https://www.linkedin.com/in/ada")


def test_a_salesforce_data_export_is_understood(database: Database) -> None:
    load(
        database,
        '"Id","IsDeleted","MasterRecordId","AccountId","LastName","FirstName","Name","MailingCity","MailingCountry",'
        '"Phone","MobilePhone","Email","Title","OwnerId","Mastodon_Handle__c"\n'
        '"003A","false","","001B","Example","Ada","Ada Example","Berlin","Germany","030","0170","ada@example.test",'
        '"CTO","005C","@ada@social.example"\n'
        '"003B","true","003A","001B","Gone","Ben","Ben Gone","","","","","","","005C",""\n',
    )
    ada = only(database)
    assert (ada.full_name, ada.city, ada.country, ada.title) == ("Ada Example", "Berlin", "Germany", "CTO")
    assert ada.handles == (("mastodon", "@ada@social.example"),)


def test_a_salesforce_report_ends_with_lines_that_are_no_contacts(database: Database) -> None:
    report = load(
        database,
        '"Contact ID","Account Name","First Name","Last Name","Type","Email","Billing City"\n'
        '"003A","Acme","Ada","Example","Customer - Direct","ada@example.test","Berlin"\n'
        '\n"Contacts and Accounts"\n"Copyright (c) 2000-2026"\n',
    )
    ada = only(database)
    assert (ada.company, ada.relation, ada.kind) == ("Acme", "customer", "contact")
    assert [reject.line for reject in report.rejected] == [4, 5]


def test_salesforce_accounts_and_leads_keep_their_kind(database: Database) -> None:
    load(database, "Id,Name,Type,BillingCity,Website\n001A,Acme AG,Technology Partner,Bonn,acme.example\n")
    load(database, "Lead ID,First Name,Last Name,Company,Email\n00Q1,Ben,Example,Beta,ben@example.test\n")
    account, lead = held(database)
    assert (account.kind, account.full_name, account.city, account.relation) == (
        "account",
        "Acme AG",
        "Bonn",
        "partner",
    )
    assert (lead.kind, lead.company) == ("lead", "Beta")


def test_a_row_with_a_company_alone_is_an_account(database: Database) -> None:
    load(database, "Company name;Company Domain Name;Type\nAcme AG;acme.example;Vendor\n")
    acme = only(database)
    assert (acme.kind, acme.full_name, acme.urls, acme.relation) == (
        "account",
        "Acme AG",
        ("acme.example",),
        "supplier",
    )


def test_a_german_outlook_export_is_understood(database: Database) -> None:
    load(
        database,
        "Anrede;Vorname;Nachname;Firma;Position;Ort geschäftlich;Land/Region geschäftlich;E-Mail-Adresse;"
        "Mobiltelefon;Webseite;Kategorien;Sprache;Betreuer\n"
        "Frau;Jörg;Müller;Süß GmbH;Einkauf;Köln;Deutschland;jm@example.test;0170;"
        "suess.example;Lieferant;Deutsch;Rita\n",
    )
    row = only(database)
    assert (row.full_name, row.company, row.title, row.city, row.country) == (
        "Jörg Müller",
        "Süß GmbH",
        "Einkauf",
        "Köln",
        "Deutschland",
    )
    assert (row.relation, row.language, row.owner) == ("supplier", "Deutsch", "Rita")


def test_outlooks_title_is_a_form_of_address_when_there_is_a_job_title(database: Database) -> None:
    load(database, "Title,First Name,Last Name,Job Title,E-mail Address\nDr.,Ada,Example,CTO,ada@example.test\n")
    assert only(database).title == "CTO"


def test_columns_of_networks_hold_handles_or_pages(database: Database) -> None:
    report = load(
        database,
        "Name,Mastodon,Bluesky,X (Twitter),LinkedIn Profile,Facebook URL,Instagram,Website\n"
        "Ada,@ada@social.example,ada.bsky.social,@ada; @ada_work,linkedin.com/in/ada,https://facebook.example/ada,"
        "a person with blanks,javascript:alert(1)\n",
    )
    ada = only(database)
    assert ada.handles == (
        ("mastodon", "@ada@social.example"),
        ("bluesky", "ada.bsky.social"),
        ("x", "@ada"),
        ("x", "@ada_work"),
    )
    assert ada.urls == ("linkedin.com/in/ada", "https://facebook.example/ada")
    assert [(item.line, item.column) for item in report.ignored] == [(2, "Website"), (2, "Instagram")]


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("Customer - Channel", Relation.CUSTOMER),
        ("Channel Partner / Reseller", Relation.PARTNER),
        ("Installation Partner", Relation.PARTNER),
        ("Prospect", Relation.PROSPECT),
        ("opportunity", Relation.PROSPECT),
        ("Evangelist", Relation.CUSTOMER),
        ("Bestandskundin", Relation.CUSTOMER),
        ("Interessent", Relation.PROSPECT),
        ("Händler", Relation.PARTNER),
        ("Lieferant", Relation.SUPPLIER),
        ("* myContacts ::: Kunden", Relation.CUSTOMER),
        ("Press", Relation.OTHER),
        ("", Relation.OTHER),
    ],
)
def test_words_for_relations_are_known_in_both_languages(text: str, relation: Relation) -> None:
    assert relation_of([text]) is relation


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("  Ada  ", "Ada"),
        ('="0049123"', "0049123"),
        ("'+49 170 5", "+49 170 5"),
        ("'=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("'t Hooft", "'t Hooft"),
        ("nul\x00l", "nul\ufffdl"),
        ("N/A", ""),
        ("k. A.", ""),
        ("-", ""),
    ],
)
def test_a_value_is_tidied(text: str, tidied: str) -> None:
    assert tidy(text) == tidied


def test_a_mapping_comes_before_what_we_would_guess() -> None:
    headers = ["Name", "E-Mail", "Kürzel", "Title", "Job Title"]
    assert meaning_of(headers) == ["full_name", "email", None, None, "title"]
    mapping = {"Name": "company", "Kürzel": "mastodon", "E-Mail": "", "Title": "title"}
    assert meaning_of(headers, mapping) == ["company", None, "mastodon", "title", "title"]


def test_every_word_for_a_column_names_a_field() -> None:
    assert set(HEADERS.values()) <= set(FIELDS)
    assert all(word == word.casefold() and word.isalpha() for word in HEADERS)
