"""The form of usernames, and reserved ones."""

import re

from shared.errors import Conflict
from shared.faults import Fault, fault

USERNAME_CHARACTERS_MAX = 30
USERNAME_PATTERN = r"^[a-z0-9._]{0,29}[a-z0-9_]$"

_ALLOWED = re.compile(USERNAME_PATTERN)

# Names that could pass for the operator, and path segments that clients put beside usernames.
RESERVED_USERNAMES = frozenset(
    {
        "about", "abuse", "account", "accounts", "activity", "admin", "administrator", "api",
        "auth", "billing", "blog", "by-username", "contact", "copyright", "current", "developer",
        "developers", "docs", "explore", "favicon.ico", "feed", "feedback", "gateway", "help",
        "home", "hostmaster", "info", "legal", "live", "login", "logout", "mail", "me", "media",
        "metrics", "moderator", "news", "noreply", "official", "postmaster", "posts", "press",
        "privacy", "ready", "retrato", "robots.txt", "root", "search", "security", "settings",
        "sign_in", "sign_up", "signin", "signup", "staff", "status", "suggested", "support",
        "system", "tags", "team", "terms", "upload", "users", "webmaster", "www",
    }
)  # fmt: skip

# What looks alike within the characters of usernames. All else that Unicode's list of confusables
# (UTS 39) has for them is no character of a username, such as full-width or Cyrillic letters.
# What is left out comes first, because it may stand between two letters that look like one.
_LOOKALIKES = (
    (".", ""), ("_", ""), ("0", "o"), ("1", "l"), ("i", "l"), ("rn", "m"), ("vv", "w"),
)  # fmt: skip


class UsernameTaken(Conflict):
    """Another account has this username, or is about to get it."""

    code = "username_taken"
    title = "This username is taken."


def username_key(username: str) -> str:
    """The directory key of a username: case does not distinguish two people."""
    return username.casefold()


def is_username(text: str) -> bool:
    """Whether an account can have this username; operators may assign reserved ones."""
    return _ALLOWED.fullmatch(text) is not None


def username_fault(username: str) -> Fault | None:
    """Why a person may not choose this username; None if it is fine."""
    if not username or len(username) > USERNAME_CHARACTERS_MAX:
        return fault("wrong_length", min=1, max=USERNAME_CHARACTERS_MAX)
    if username.endswith("."):
        return fault("username_ends_in_dot")
    if not is_username(username):
        return fault("username_form")
    if _skeleton(username) in _RESERVED_SKELETONS:
        return fault("username_reserved")
    return None


def _skeleton(username: str) -> str:
    """The same text for all usernames that a hasty reader takes for one another."""
    for lookalike, plain in _LOOKALIKES:
        username = username.replace(lookalike, plain)
    return username


_RESERVED_SKELETONS = frozenset(map(_skeleton, RESERVED_USERNAMES))
