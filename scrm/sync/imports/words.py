"""Words of exports: headers, relations, placeholders. Data, read by columns.py; see there for the sources."""

from collections.abc import Mapping

from scrm.models import Relation

NETWORKS = (
    *("mastodon", "bluesky", "x", "linkedin", "facebook", "instagram", "youtube", "threads", "tiktok"),
    *("xing", "github", "viva_engage", "hcl_connections", "jive"),
)
NETWORK_WORDS: Mapping[str, str] = {network.replace("_", ""): network for network in NETWORKS} | {
    "twitter": "x",
    "xtwitter": "x",
    "bsky": "bluesky",
    "fediverse": "mastodon",
    "insta": "instagram",
    "yammer": "viva_engage",
}

_NAMES: Mapping[str, str] = {
    "id": "id contactid leadid recordid recordidcontact recordidcompany contactrecordid kundennummer kontaktid"
    " kontaktnummer externalid",
    "relation": "type accounttype contacttype lifecyclestage relation relationship labels groupmembership categories"
    " category kundentyp beziehung kategorie kategorien kontakttyp kontotyp lifecyclephase typ gruppe",
    "full_name": "name fullname contactname displayname leadname vollständigername anzeigename kontaktname"
    " ansprechpartner ansprechpartnerin vorundnachname",
    "first_name": "firstname givenname vorname prénom prenom",
    "middle_name": "middlename additionalname weiterevornamen zweitername",
    "last_name": "lastname familyname surname nachname familienname",
    "company": "company companyname companyaccount accountname account associatedcompany associatedcompanyprimary"
    " primarycompany organization organizationname organisation organisationname firma firmenname unternehmen"
    " unternehmensname zugeordnetesunternehmen employer arbeitgeber",
    "title": "title jobtitle organizationtitle position jobposition funktion berufsbezeichnung role"
    " stellenbezeichnung",
    "city": "city mailingcity billingcity businesscity addresscity workcity homecity ort stadt ortgeschäftlich"
    " postanschriftort",
    "country": "country countryregion mailingcountry billingcountry businesscountryregion businesscountry"
    " addresscountry workcountry land landregion landregiongeschäftlich",
    "language": "language preferredlanguage sprache bevorzugtesprache hslanguage",
    "owner": "owner contactowner leadowner accountowner companyowner ownername assignedto besitzer"
    " kontaktinhaber betreuer betreuerin zuständig zuständigerkontakt",
    "owner_email": "owneremail owneremailaddress contactowneremail leadowneremail accountowneremail besitzeremail"
    " betreueremail zuständigemail",
    "email": "email emailaddress emailvalue workemail businessemail homeemail additionalemailaddresses emailadresse"
    " mail otheremail personalemail",
    "phone": "phone phonenumber phonevalue mobile mobilephone mobilephonenumber businessphone workphone homephone"
    " otherphone telefon telefonnummer telefongeschäftlich mobiltelefon mobil handy rufnummer",
    "url": "website websiteurl websitevalue url webpage homepage webseite internetseite companydomainname blog",
    "is_deleted": "isdeleted deleted gelöscht",
    "kind": "kind recordkind objecttype",
}
_AROUND = (
    "",
    "handle",
    "username",
    "url",
    "profile",
    "profileurl",
    "link",
    "account",
    "companypage",
    "name",
    "konto",
)
HEADERS: Mapping[str, str] = {word: name for name, words in _NAMES.items() for word in words.split()} | {
    prefix + word + around: network
    for word, network in NETWORK_WORDS.items()
    for around in _AROUND
    for prefix in ("", "hs")
}

ACCOUNT_SIGNS = frozenset({"billingcity", "billingstreet", "numberofemployees", "companydomainname", "companyowner"})

EMPTY_WORDS = frozenset(
    {"", "-", "--", "—", "n/a", "#n/a", "na", "none", "null", "nil", "nan", "(no value)", "k. a.", "k.a.", "keine"}
    | {"keine angabe", "unbekannt", "unknown", "[not provided]", "not provided"}
)

_RELATIONS: Mapping[Relation, str] = {
    Relation.CUSTOMER: "customer customers client clients customerdirect customerchannel evangelist kunde kunden"
    " kundin kundinnen bestandskunde bestandskundin neukunde neukundin stammkunde stammkundin auftraggeber mandant"
    " mandantin",
    Relation.PROSPECT: "prospect prospects lead leads subscriber subscribers opportunity opportunities mql sql"
    " marketingqualifiedlead salesqualifiedlead interessent interessenten interessentin abonnent abonnentin"
    " neukontakt",
    Relation.PARTNER: "partner partners channelpartnerreseller channelpartner installationpartner technologypartner"
    " reseller partnerin wiederverkäufer vertriebspartner vertriebspartnerin händler händlerin kooperationspartner",
    Relation.SUPPLIER: "supplier suppliers vendor vendors lieferant lieferanten lieferantin zulieferer dienstleister",
}
RELATIONS: Mapping[str, Relation] = {
    word: relation for relation, words in _RELATIONS.items() for word in words.split()
}
