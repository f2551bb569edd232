"""The README at the top of an export, for the person who opens it."""

from collections.abc import Mapping

README_NAME = "README.md"

# Document → its contents.
DOCUMENTS: Mapping[str, str] = {
    "profile": "your profile, with the fields that only you see",
    "devices": "where you are signed in",
    "messages": "which messages went to your address in the last month",
    "following": "whom you follow, and whom you have asked",
    "followers": "who follows you, and who has asked you",
    "blocked": "whom you have blocked",
    "muted": "whom you have muted",
    "posts": "your posts, newest first; `photo_ids` names their pictures",
    "former_captions": "what captions of yours said before you edited them",
    "likes": "the posts that you like",
    "saves": "the posts that you have saved",
    "comments": "what you have written under posts",
    "comment_likes": "the comments that you like",
    "activity": "what others did that concerns you",
    "photos": "your photos: sizes, descriptions, and how each was edited",
}


def export_readme() -> str:
    """The page as Markdown, which also reads well as plain text."""
    lines = [f"* `{document}.json`: {said}." for document, said in DOCUMENTS.items()]
    return "\n".join(
        [
            "# Your account",
            "",
            "This archive holds what your account holds. Each document is a JSON array in UTF-8:",
            "",
            *lines,
            "* `photos/<id>.jpg`: each picture in its largest size. Originals are not kept.",
            "",
            "Fields have the names of the public API. Ids are strings of decimal digits. Times are",
            "RFC 3339 in UTC, with milliseconds and `Z`. Places in a text count code points.",
            "",
        ]
    )
