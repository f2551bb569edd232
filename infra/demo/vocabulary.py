"""The names, places and sentences of the demo's world."""


def _words(text: str) -> tuple[str, ...]:
    # One name per line would take three pages.
    return tuple(text.split())


GIVEN_NAMES = _words(
    "ada amara anders anika aoife arjun astrid beatriz bruno camille carlos celine chidi clara"
    " dalia daniel diego elif elena emeka emil esra farah felix finn freya gabriel greta hana"
    " hassan helena hugo ida imani ines ingrid isak ivy jamal jana jonas josefa juno kai karim"
    " katya kenji kofi lara laszlo leila leo lina luca lucia maja malik mara marco matteo maya"
    " mei milan mina miriam nadia naomi nia nils noor nora oda olga omar oscar paola paula pedro"
    " petra priya rafael rania rosa ruben ruth saida sana selma silas simone sofia soren tariq"
    " teresa theo thora tomas uma vera viktor wanda yara yusuf zadie zeynep zora"
)
FAMILY_NAMES = _words(
    "abara adeyemi almeida andersen aydin baker bauer becker bergman bianchi castro chen costa"
    " dahl demir diaz dubois eriksen esposito farkas ferrari fischer fontaine garcia gruber haddad"
    " hansen hoffmann horvat ibrahim ito jansen kaur keller kim kowalski kruger larsen laurent"
    " lefevre lindgren lopez marino mensah meyer moreau moreno mori nakamura novak nowak nyberg"
    " okafor okoye olsen ortiz patel pereira petrov quist rahman ricci rossi sato schmidt silva"
    " singh sorensen tanaka torres usman varga vidal virtanen weber winter yilmaz zhang"
)

# The places of each kind of photograph: name, latitude, longitude.
PLACES = {
    "sea": (
        ("Praia da Adraga", 38.8016, -9.4853),
        ("Skagen", 57.7209, 10.5839),
        ("Étretat", 49.7072, 0.2050),
    ),
    "hills": (
        ("Val d'Orcia", 43.0670, 11.6210),
        ("Lake District", 54.4609, -3.0886),
        ("Tatra", 49.2500, 20.0000),
    ),
    "city": (
        ("Shinjuku", 35.6938, 139.7034),
        ("Rotterdam", 51.9244, 4.4777),
        ("Lagos Island", 6.4550, 3.3941),
    ),
    "lights": (
        ("Kreuzberg", 52.4986, 13.4033),
        ("Old Montréal", 45.5075, -73.5540),
        ("Alfama", 38.7118, -9.1300),
    ),
    "tiles": (
        ("Porto", 41.1579, -8.6291),
        ("Isfahan", 32.6546, 51.6680),
        ("Fez", 34.0181, -5.0078),
    ),
    "flower": (
        ("Kew Gardens", 51.4787, -0.2956),
        ("Keukenhof", 52.2697, 4.5463),
        ("Bogotá", 4.7110, -74.0721),
    ),
}

CAPTIONS = {
    "sea": (
        "Low tide, nobody else about. #sea #longwalk",
        "The sun took its time tonight. #sea #goldenhour",
        "Salt in everything, including the camera. #coast",
        "Last swim of the year, probably. #sea",
    ),
    "hills": (
        "Five ridges, counted twice. #hills #morning",
        "Worth getting up at four for. #hiking #mist",
        "The bus had left, so we walked. #hills",
        "Quiet enough to hear the sheep. #slowtravel",
    ),
    "city": (
        "Someone is always awake. #city #night",
        "View from the laundry room. #rooftops",
        "Counted the lit windows and lost. #city",
        "The moon, and the office cleaners. #nightshift",
    ),
    "lights": (
        "Missed the focus and kept it. #bokeh",
        "After the concert, still humming. #nightlights",
        "Rain on the window of the tram. #city #rain",
        "No idea what this was, but I liked it. #abstract",
    ),
    "tiles": (
        "Every floor here is an exhibition. #tiles #pattern",
        "Looked down for once. #geometry",
        "My grandmother's kitchen, more or less. #tiles",
        "Found it behind the station. #pattern #colour",
    ),
    "flower": (
        "First one of the spring. #garden",
        "It lasted a day. #flower #macro",
        "From the neighbour, over the fence. #garden",
        "Tried to draw it first. #botanical",
    ),
}
MENTIONS = ("with @{name}", "— thank you @{name}", "@{name} was right about the light")

DEVICES = ("phone", "old phone", "tablet")
