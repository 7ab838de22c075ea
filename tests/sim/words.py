# SPDX-License-Identifier: ISC
"""Word lists for invented artists. Their purpose is variety: every name that
a page can stumble over (marks of other scripts, quotes, markup, length,
direction) turns up in a list of ordinary size."""

FIRST = """Velvet Paper Copper Silent Northern Hollow Electric Crimson Distant
Golden Lunar Static Wooden Midnight Salt Neon Broken Gentle Feral Marble Quiet
Burning Plastic Emerald Winter Lucid Rusty Solar Tender Borrowed Glass Crooked
Amber Drifting Painted Slow Secret Foreign Magnetic Sunken""".split()

SECOND = """Harbor Orchard Satellites Machine Foxes Lanterns Parade Rivers
Engine Wolves Garden Mirrors Cathedral Telegraph Swimmers Avenue Letters
Compass Horses Radio Tides Pilots Museum Thunder Carousel Weather Sparrows
Balcony Bicycles Horizon Ghosts Lighthouse Trams Meadow Signals Comets
Library Anchors Theatre Embers""".split()

SINGLE = """Nightglass Ovarra Kestrel Lumenade Tarn Marrowbone Helioscope Quill
Sundrift Vesper Oxbow Palindra Thicket Juno9 Mirrorball Cobalt Fernweh Zephyrine
Drumlin Saltwick Noctaluna Pebble Arbordale Ketura Brindle Halcyra""".split()

GIVEN = """Zoë Jürgen Anaïs Søren Łucja José Maëlle Björk-Ann Íris Chloé André
Žofie Mårten Élodie Nuño Gülşen Tomáš Ada Ingrid Paul Miriam Oskar""".split()

FAMILY = """Ångström Müller Peña Dvořáková Lindqvist Núñez Kovačević Østergaard
Weiß Desrosiers Yılmaz Ferreira Błoński Håkansson Marlow Quist Okonkwo
Ravenscroft Delacroix Tanaka""".split()

PHRASES = """Über den Dächern|Mädchen am Fluß|Señor Niebla|Café Minuit|
Ça Va Déjà|Größenwahn GmbH|Naïve Façade|Žluté Pampelišky|Smörgåsbord Disco|
Pão de Açúcar Trio|Fjällräven Echo|Élan Vitæ""".replace("\n", "").split("|")

EASTERN = """夜の灯台|青い電車|東京温室|サクラ・ラジオ|北方书店|月亮邮局|
慢船去海边|서울 새벽|파란 우산|안개 도시|ねこ時計|銀河喫茶""".replace(
    "\n", "").split("|")

CYRILLIC = """Тихий Океан|Северный Ветер|Бумажные Птицы|Зимний Сад|
Ночной Трамвай|Медный Кот|Київ Уночі|Жълта Луна""".replace(
    "\n", "").split("|")

RIGHT_TO_LEFT = """مقهى القمر|رحلة الصحراء|نجوم بيروت|רחוב הירח|שירי חורף|
آوای کویر""".replace("\n", "").split("|")

QUOTED = """"Quiet" Joe Marten|Rosa 'Thunder' Lind|O'Malley's Ghost|
The “Real” Thing Choir|Don't Ask Why|Rock'n'Roll Dentists|
Back\\slash Boys""".replace("\n", "").split("|")

MARKED = """<3 Machine|404 Gardens|A/B|K+K|100% Wool|drizzle.|VOLTA PRIMA|!!?|
#7|Sunny ☀ Side|&amp; Sons|Γαλάζιο Φως|ดาวเหนือ|रात की रेल|x|
🦊 Fox Emoji Duo""".replace("\n", "").split("|")

LONG = ("The Extraordinarily Patient Society for the Preservation of Very Old "
        "Phonographs, Wax Cylinders and Other Beautiful Noises from Before the "
        "Invention of Silence ({} Chapter)")

GENRES = """indie pop|dream pop|krautrock|chamber folk|synthwave|afrobeat|
ambient|math rock|neo-soul|chiptune|shoegaze|nordic jazz""".replace(
    "\n", "").split("|")
