"""Words that stand around names without being names.

A title, a suffix or a particle never makes a key of its own; an affix is what people put around their name in a
handle ("RepSmith", "smith_official"). Then the mailboxes of a role, the domains of free mail, the hosts that
everybody shares, and the pages of networks that are no profiles.
"""

# ruff: noqa: SIM905 - word lists are read and extended as text

TITLES = frozenset(
    """dr prof professor mr mrs ms miss mx sir dame lord lady hon rev fr pater pfarrer rabbi imam
    dipl ing mag mba phd md dds dphil dsc msc bsc ba ma llm llb esq cpa rn herr frau hr fru don dona
    sen senator rep representative gov governor congressman congresswoman del delegate assemblymember councilmember
    mdb mdl mep mp mla msp mdep depute deputy minister ministerin rechtsanwalt rechtsanwaeltin ra stb
    mme mlle monsieur sig sra senor senora dott dottssa avv univ habil hc cand stud dra""".split()
)
SUFFIXES = frozenset("jr sr ii iii iv junior senior jun sen".split())
PARTICLES = frozenset(
    """von van vom zu zum zur der den dem de del della delle di da das do dos du des la le las los el al ul bin ibn
    bint ben abu ter ten te af av y e i und auf zer st bar o op het in""".split()
)
NOT_NAMES = frozenset(
    """null none nil undefined nan unknown unbekannt anonymous anonym nobody user username admin administrator test
    na n/a deleted guest gast name noname kontakt contact info member mitglied lastname firstname""".split()
)
NOT_NAME_PHRASES = frozenset(
    {"not provided", "n a", "no name", "deleted user", "deleted account", "first last", "facebook user"}
)
AFFIXES = frozenset(
    """the real official offiziell offiziel iam im its mr mrs ms dr prof ask team hey hello say just only
    rep sen senator representative gov governor congressman congresswoman congress delegate del assemblyman
    assemblywoman assembly asm am speaker mayor councilman councilwoman council state staterep statesen
    staterepresentative statesenator ltgov ag sos sec treasurer judge vote votefor elect reelect for
    usrep us usa uk eu de dev codes code tech hq tv online blog writes tweets mp mdb mdl mep mla
    photo photography music art design studio cto ceo md phd esq jr sr""".split()
)
LEGAL_FORMS = frozenset(
    """gmbh ag kg ohg ug se ev eg mbh co inc incorporated llc ltd limited plc corp corporation company llp lp sa sas
    sarl srl spa bv nv oy ab as aps kft sro zrt doo pte pty""".split()
)
ROLE_MAILBOXES = frozenset(
    """info sales contact kontakt office buero hello hallo mail post admin support help team service press presse
    marketing hr jobs karriere career billing accounts accounting finance invoice rechnung buchhaltung webmaster
    postmaster hostmaster noreply no-reply donotreply abuse security privacy datenschutz newsletter news events
    reception empfang zentrale sekretariat verwaltung enquiries inquiries general welcome orders order shop
    """.split()
)
FREE_DOMAINS = frozenset(
    """gmail.com googlemail.com yahoo.com yahoo.de yahoo.fr yahoo.co.uk yahoo.co.jp ymail.com rocketmail.com
    hotmail.com hotmail.de hotmail.fr hotmail.co.uk outlook.com outlook.de live.com live.de msn.com icloud.com me.com
    mac.com aol.com aol.de gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de arcor.de posteo.de
    mailbox.org proton.me protonmail.com pm.me tutanota.com tuta.io fastmail.com hey.com zoho.com yandex.ru
    yandex.com mail.ru bk.ru list.ru inbox.ru rambler.ru qq.com 163.com 126.com sina.com naver.com hanmail.net
    daum.net
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tin.it alice.it wp.pl o2.pl onet.pl
    interia.pl seznam.cz centrum.cz comcast.net verizon.net att.net sbcglobal.net cox.net charter.net earthlink.net
    btinternet.com sky.com virginmedia.com bluewin.ch telenet.be skynet.be ziggo.nl kpnmail.nl xs4all.nl
    uol.com.br bol.com.br terra.com.br rediffmail.com mail.com email.com inbox.com""".split()
)
SHARED_HOSTS = frozenset(
    """github.io gitlab.io blogspot.com wordpress.com medium.com substack.com tumblr.com wixsite.com weebly.com
    linktr.ee about.me notion.site google.com bit.ly t.co youtu.be carrd.co facebook.com instagram.com
    twitter.com x.com
    linkedin.com xing.com youtube.com tiktok.com threads.net bsky.app bsky.social mastodon.social
    github.com gitlab.com
    reddit.com pinterest.com vk.com telegram.org t.me discord.gg slack.com flickr.com stackoverflow.com""".split()
)
NOT_ACCOUNTS = frozenset(
    "home search explore i intent share sharer login settings help about hashtag p reel stories watch pages groups "
    "events profile.php topics features pricing orgs sponsors".split()
)
