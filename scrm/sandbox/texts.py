"""What people write in the sandbox: short texts by occasion and language.

`{product}` and `{number}` are filled in by the scenario; a language without a text of an occasion writes English.
"""

from __future__ import annotations

PRODUCTS = ("NW-40", "NW-63", "NW-90 Kegelrad", "Flux 2.2", "Flux 7.5", "Servo S3")

QUESTION = {
    "de": (
        "Gibt es für den {product} noch Ersatzlager? Unserer läuft seit {number} Jahren.",
        "Welche Ölsorte empfehlt ihr für den {product} bei −20 °C?",
        "Geht der {product} auf den alten Flansch, oder brauchen wir einen Adapter?",
    ),
    "en": (
        "Is the {product} still available with the long shaft? Need {number} of them.",
        "What is the lead time on the {product} at the moment?",
        "Does the {product} come with an ATEX certificate?",
    ),
    "fr": ("Bonjour, quel est le délai pour {number} {product} ?", "Le {product} existe-t-il en inox ?"),
    "es": ("¿Tenéis el {product} en stock? Necesitamos {number} unidades.",),
    "tr": ("{product} için yedek parça var mı? {number} adet lazım.", "{product} teslim süresi nedir?"),
    "pl": ("Czy {product} jest dostępny od ręki? Potrzebujemy {number} sztuk.",),
    "vi": ("Cho hỏi {product} còn hàng không ạ? Bên tôi cần {number} cái.",),
    "el": ("Καλησπέρα, υπάρχει διαθέσιμο το {product}; Θέλουμε {number} τεμάχια.",),
    "uk": ("Добрий день, чи є {product} на складі? Потрібно {number} шт.",),
    "bg": ("Здравейте, имате ли {product}? Трябват ни {number} броя.",),
    "sr": ("Да ли је {product} на стању? Треба нам {number} комада.",),
    "ar": ("مرحبا، هل {product} متوفر؟ نحتاج {number} قطع.",),
    "ja": ("{product}の納期を教えてください。{number}台必要です。",),
    "he": ("שלום, האם {product} זמין במלאי? צריך {number} יחידות.",),
    "sv": ("Hej! Finns {product} i lager? Vi behöver {number} stycken.",),
    "nl": ("Is de {product} nog leverbaar? Wij zoeken er {number}.",),
    "it": ("Buongiorno, il {product} è disponibile? Ce ne servono {number}.",),
    "pt": ("O {product} ainda está disponível? Precisamos de {number}.",),
    "zh": ("请问{product}有现货吗?需要{number}台。",),
    "ko": ("{product} 재고 있나요? {number}대 필요합니다.",),
}
PRAISE = {
    "de": (
        "Der {product} läuft bei uns seit {number} Monaten ohne Murren. Danke, Nordwerk! 👏",
        "Großes Lob an den Kundendienst: heute angerufen, morgen Ersatzteil da.",
    ),
    "en": (
        "Swapped in a {product} over lunch. Quietest gearbox on the line now. 🎉",
        "Support picked up on the second ring. On a Friday. Respect.",
    ),
    "fr": ("Le {product} tourne comme une horloge. Bravo à l'équipe ! 👌",),
    "es": ("{number} meses con el {product} y ni un ruido. ¡Gracias!",),
    "tr": ("{product} {number} aydır sorunsuz çalışıyor, teşekkürler! 👍",),
    "pl": ("{product} działa bez zarzutu od {number} miesięcy. Polecam!",),
    "ar": ("{product} يعمل بهدوء منذ {number} أشهر. شكرا لكم! 🌟",),
    "ja": ("{product}、静かで素晴らしいです。ありがとうございます🙇",),
    "he": ("{product} עובד מצוין כבר {number} חודשים. תודה! 🙏",),
    "uk": ("{product} працює чудово вже {number} місяців. Дякуємо! 💙💛",),
}
COMPLAINT = {
    "de": (
        "Unsere Lieferung mit {number} Stück {product} ist seit zwei Wochen überfällig. Wo bleibt sie?",
        "Schon wieder der falsche Flansch am {product}. So kann ich nicht bauen. 📷",
        "Ihr habt {number} Kartons geliefert und einer war leer. Ernsthaft?",
    ),
    "en": (
        "Third week waiting for {number} x {product}. Nobody answers my mails.",
        "Our {product} arrived with a cracked housing. 📷 Who do I talk to?",
    ),
    "fr": ("Livraison de {number} {product} toujours pas arrivée… On attend depuis lundi.",),
    "es": ("El pedido de {number} {product} llega con dos semanas de retraso. Así no.",),
    "tr": ("{number} adet {product} siparişimiz hâlâ gelmedi. Ne zaman gelecek?",),
    "pl": ("Dostawa {product} spóźniona o {number} dni. Co się dzieje?",),
    "el": ("Η παράδοση του {product} άργησε {number} μέρες. Τι γίνεται;",),
    "ar": ("تأخر طلب {product} أسبوعين. متى يصل؟ 😕",),
    "ja": ("{product}がまだ届きません。{number}日遅れています。",),
    "nl": ("Levering van {number} x {product} is weer te laat. Wat is er aan de hand?",),
    "it": ("La consegna di {number} {product} è in ritardo. Qualche notizia?",),
}
ANSWER = {
    "de": (
        "Danke für die Nachricht! Wir schauen nach und melden uns noch heute. /Femke",
        "Ja, das geht. Schicken Sie uns bitte die Seriennummer? /Lars",
        "Das tut uns leid. Die Spedition meldet Zustellung morgen früh. /Femke",
    ),
    "en": (
        "Thanks for asking! Yes, about three weeks from stock. /Lars",
        "Sorry about that. Please send us the serial number by mail, we will sort it out today. /Femke",
    ),
    "tr": ("Merhaba, stokta var. Fiyatı e-postayla gönderiyorum. /Yusuf",),
}
THANKS = {
    "de": ("Super, danke!", "Alles klar, Seriennummer kommt per Mail.", "Na endlich. Danke trotzdem."),
    "en": ("Perfect, thank you!", "Mail is on its way.", "That was quick, cheers."),
    "fr": ("Merci beaucoup !",),
    "es": ("¡Muchas gracias!",),
    "tr": ("Çok teşekkürler!",),
    "pl": ("Dziękuję!",),
    "vi": ("Cảm ơn nhiều!",),
    "el": ("Ευχαριστώ πολύ!",),
    "uk": ("Дуже дякую!",),
    "ar": ("شكرا جزيلا!",),
    "ja": ("ありがとうございます!",),
    "he": ("תודה רבה!",),
    "sv": ("Tack så mycket!",),
    "it": ("Grazie mille!",),
    "pt": ("Muito obrigado!",),
    "zh": ("谢谢!",),
    "ko": ("감사합니다!",),
}
REMARK = {
    "de": ("Das Problem kennen wir auch, bei uns half ein neuer Dichtring.", "Same here. Warten auf {number} Stück."),
    "en": ("Same here, a firmware update fixed it for us.", "Following, we have {number} of those."),
    "fr": ("Pareil chez nous.",),
    "pl": ("U nas to samo.",),
}
NEWS = {
    "de": (
        "Neu: Der {product} kommt jetzt mit Edelstahlwelle. https://nordwerk.example/datenblatt #Antriebstechnik",
        "Wir sind auf der Motorenmesse in Halle {number}. Kaffee gibt es auch. ☕ #Nordwerk",
        "Heute in der Endmontage: {number} {product} für eine Förderanlage. 📷 #Nordwerk #Antriebstechnik",
        "Stellenangebot: Wir suchen eine Konstrukteurin oder einen Konstrukteur in Bremen. #Nordwerk",
        "Betriebsferien vom 24.12. bis 6.1., der Notdienst bleibt erreichbar.\n\nAllen eine ruhige Zeit!",
    ),
}
HEARSAY = {
    "de": (
        "Kennt jemand die Getriebe von #Nordwerk? Taugen die was?",
        "Im Container gefunden: ein {product}. Läuft noch! #Nordwerk",
    ),
    "en": (
        "Anyone here running #Nordwerk drives in a cold store?",
        "Rescued a {product} from the scrapyard. Still turns. #Nordwerk 📷",
    ),
    "fr": ("Quelqu'un connaît les transmissions #Nordwerk ?",),
    "ja": ("#Nordwerk のモーターを拾った。まだ回る。",),
}
SMALL_TALK = {
    "de": ("Feierabend. 🚲", "Erster Schnee! ❄️", "Der Drucker hat heute Recht behalten."),
    "en": ("Back from the hills.", "Coffee first. ☕", "Match day."),
    "fr": ("Premier café de la semaine ☕",),
    "ar": ("مساء الخير من هنا 🌙",),
    "he": ("בוקר טוב ☀️",),
    "ja": ("今日も一日お疲れさまでした🍵",),
    "tr": ("Günaydın ☀️",),
}
QUOTE = {
    "de": ("Guter Hinweis, das bestellen wir.", "Endlich!"),
    "en": ("This is handy.", "Finally."),
    "fr": ("Enfin !",),
}
DIRECT = {
    "de": ("Könnten Sie mir ein Angebot über {number} {product} schicken? Danke.",),
    "en": ("Could you send me a quote for {number} x {product}? Thanks.",),
    "fr": ("Pourriez-vous m'envoyer un devis pour {number} {product} ?",),
}
