"""Why a field is refused: a stable code, the values of its rule, and a sentence per language.

One table holds every code of all services; clients act on the codes and people read the sentences.
A second table maps pydantic's error types to our codes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LANGUAGES = ("en", "es")

# Code → a sentence per language, in the order of LANGUAGES; braces name values of the rule.
SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("This is needed.", "Hace falta este dato."),
    "unacceptable": ("This value is not acceptable.", "Este valor no es aceptable."),
    "unknown_field": ("There is no such field.", "No existe este campo."),
    "not_text": ("Text is needed.", "Tiene que ser un texto."),
    "not_unicode": ("This is not Unicode text.", "No es un texto Unicode."),
    "not_an_integer": ("A whole number is needed.", "Tiene que ser un número entero."),
    "not_a_number": ("A number is needed.", "Tiene que ser un número."),
    "not_a_boolean": ("True or false is needed.", "Tiene que ser verdadero o falso."),
    "not_a_list": ("A list is needed.", "Tiene que ser una lista."),
    "not_an_object": ("An object is needed.", "Tiene que ser un objeto."),
    "not_one_of": ("One of: {allowed}.", "Uno de estos: {allowed}."),
    "malformed": ("This is not of the right form.", "No tiene la forma correcta."),
    "too_short": ("The length is at least {min}.", "La longitud es de {min} como mínimo."),
    "too_long": ("At most {max} characters.", "Como máximo {max} caracteres."),
    "wrong_length": ("From {min} to {max} characters.", "De {min} a {max} caracteres."),
    "too_few": ("At least {min}.", "Al menos {min}."),
    "too_many": ("At most {max}.", "Como máximo {max}."),
    "wrong_count": ("From {min} to {max}.", "De {min} a {max}."),
    "too_small": ("At least {min}.", "Tiene que ser al menos {min}."),
    "too_great": ("At most {max}.", "Tiene que ser como máximo {max}."),
    "not_above": ("More than {above}.", "Tiene que ser mayor que {above}."),
    "not_below": ("Less than {below}.", "Tiene que ser menor que {below}."),
    "out_of_range": ("From {min} to {max}.", "Tiene que estar entre {min} y {max}."),
    "control_characters": ("Without control characters.", "Sin caracteres de control."),
    "several_lines": (
        "One line, without control characters.",
        "Una sola línea, sin caracteres de control.",
    ),
    "nothing_visible": ("Something has to be visible.", "Tiene que verse algo."),
    "too_many_marks": (
        "At most {max} accents or other marks on a letter.",
        "Como máximo {max} acentos u otros signos por letra.",
    ),
    "equal_to_name": (
        "A password differs from the username and the e-mail address.",
        "Una contraseña es distinta del nombre de usuario y de la dirección de correo.",
    ),
    "too_common": (
        "This password is among the first that are guessed.",
        "Esta contraseña es de las primeras que se prueban.",
    ),
    "given_twice": ("Each only once.", "Cada uno solo una vez."),
    "username_form": (
        "A username is made of a-z, 0-9, dots and underscores.",
        "Un nombre de usuario se compone de a-z, 0-9, puntos y guiones bajos.",
    ),
    "username_ends_in_dot": (
        "A username does not end in a dot.",
        "Un nombre de usuario no termina en punto.",
    ),
    "username_reserved": ("This username is reserved.", "Este nombre de usuario está reservado."),
    "not_an_email": (
        "This is not an e-mail address.",
        "No es una dirección de correo electrónico.",
    ),
    "not_a_web_address": (
        "A web address begins with http:// or https:// and a domain.",
        "Una dirección web empieza por http:// o https:// y un dominio.",
    ),
    "no_such_photo": ("You have no photo {id}.", "No tienes ninguna foto {id}."),
    "not_in_post": ("The post has no such photo.", "La publicación no tiene esa foto."),
    "over_the_edge": (
        "It reaches over the edge of the picture.",
        "Se sale del borde de la imagen.",
    ),
    "own_account": ("This is your own account.", "Es tu propia cuenta."),
    "own_content": ("This is your own.", "Esto es tuyo."),
    "unknown_cursor": (
        "No page of this list gave this cursor.",
        "Ninguna página de esta lista dio este cursor.",
    ),
}

# Code of a problem that is answered in the caller's language → its Spanish title.
TITLES_ES: Mapping[str, str] = {
    "invalid": "Algunos campos no son aceptables.",
    "idempotency_key_reused": "Esta Idempotency-Key ya se usó con otra petición.",
    "own_account": "Esto no se puede hacer con tu propia cuenta.",
    "not_an_image": "No es una imagen que se pueda leer.",
    "digest_mismatch": "Los bytes no tienen el resumen que se indicó.",
    "not_found": "Aquí no hay nada.",
}

# pydantic's error type → our code, and our names of its context values. All other types become
# `unacceptable`.
_LIBRARY: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "missing": ("missing", {}),
    "extra_forbidden": ("unknown_field", {}),
    "string_type": ("not_text", {}),
    "string_sub_type": ("not_text", {}),
    "string_unicode": ("not_unicode", {}),
    "not_unicode": ("not_unicode", {}),
    "string_too_short": ("too_short", {"min": "min_length"}),
    "string_too_long": ("too_long", {"max": "max_length"}),
    "string_pattern_mismatch": ("malformed", {}),
    "int_type": ("not_an_integer", {}),
    "int_parsing": ("not_an_integer", {}),
    "int_parsing_size": ("not_an_integer", {}),
    "int_from_float": ("not_an_integer", {}),
    "float_type": ("not_a_number", {}),
    "float_parsing": ("not_a_number", {}),
    "finite_number": ("not_a_number", {}),
    "bool_type": ("not_a_boolean", {}),
    "bool_parsing": ("not_a_boolean", {}),
    "list_type": ("not_a_list", {}),
    "tuple_type": ("not_a_list", {}),
    "dict_type": ("not_an_object", {}),
    "mapping_type": ("not_an_object", {}),
    "model_type": ("not_an_object", {}),
    "model_attributes_type": ("not_an_object", {}),
    "dataclass_type": ("not_an_object", {}),
    "literal_error": ("not_one_of", {"allowed": "expected"}),
    "enum": ("not_one_of", {"allowed": "expected"}),
    "too_short": ("too_few", {"min": "min_length"}),
    "too_long": ("too_many", {"max": "max_length"}),
    "greater_than_equal": ("too_small", {"min": "ge"}),
    "less_than_equal": ("too_great", {"max": "le"}),
    "greater_than": ("not_above", {"above": "gt"}),
    "less_than": ("not_below", {"below": "lt"}),
}
# A language range (RFC 9110, section 12.5.4): its primary tag and its quality.
_RANGE = re.compile(
    r"\s*(\*|[A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value: a code of the table, and the values of its rule.

    `told` is another service's sentence, used for a code that this process's table lacks.
    """

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    told: str = ""

    def sentence(self, language: str) -> str:
        """Return the sentence in `language`, one of LANGUAGES."""
        if self.code not in SENTENCES:
            return self.told or SENTENCES["unacceptable"][LANGUAGES.index(language)]
        return SENTENCES[self.code][LANGUAGES.index(language)].format_map(_Blank(self.values))


class _Blank(dict[str, str]):
    """Shows "…" for a value that another service left out, instead of raising KeyError."""

    def __missing__(self, key: str) -> str:
        return "…"


def fault(code: str, **values: float | str) -> Fault:
    """Make a Fault; `values` are those that the code's sentence names."""
    return Fault(code, {name: str(value) for name, value in values.items()})


def fault_of_library(kind: str, context: Mapping[str, Any]) -> Fault:
    """Translate a pydantic error, given its type and its context."""
    code, names = _LIBRARY.get(kind, ("unacceptable", {}))
    return Fault(code, {name: _plain(context.get(theirs)) for name, theirs in names.items()})


def language_of(accept_language: str) -> str:
    """Return the language that an Accept-Language header prefers; English if it accepts none.

    Only the first 400 characters count.
    """
    liked: dict[str, float] = {}
    for part in accept_language[:400].split(","):
        found = _RANGE.fullmatch(part)
        if found is not None:
            quality = float(found[2]) if found[2] is not None else 1.0
            liked[found[1].lower()] = max(quality, liked.get(found[1].lower(), 0.0))
    by_language = {one: liked.get(one, liked.get("*", 0.0)) for one in LANGUAGES}
    best = max(LANGUAGES, key=lambda one: by_language[one])
    return best if by_language[best] > 0 else LANGUAGES[0]


def _plain(value: Any) -> str:
    # pydantic lists literals as "'a', 'b' or 'c'"; the English "or" must not reach other languages.
    return str(value).replace(" or ", ", ").replace("'", "") if value is not None else "…"
