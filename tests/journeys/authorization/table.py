"""The table: the outcome of each operation, by relation and privacy.

Each line holds the eight outcomes in the order of the heading. A number is the status. `+` is 200
with the owner's thing in the reply, and `-` is 200 without it. A request to a public account is a
follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NO_POST = {"photo_ids": ["{photo_id}"]}
TUS = {"Tus-Resumable": "1.0.0"}
APPEND = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
DRAFT = {"Upload-Draft-Interop-Version": "8"}
DRAFT_APPEND = {
    **DRAFT,
    "Upload-Complete": "?0",
    "Content-Type": "application/partial-upload",
    "Upload-Offset": "0",
}
REPORT = {"reason": "spam"}
PASSWORDS = {"current_password": "{password}", "new_password": "{password}"}


@dataclass(frozen=True)
class Row:
    """One operation, its outcomes, and how to call it if the path is not enough.

    * `about` distinguishes rows of one operation.
    * `address` replaces the path.
    * `shows` is what `+` and `-` look for.
    * `actor` makes the call; an owner acts on the viewer.
    * A row that `disturbs` changes the relation of the two.
    * A row that `ends_session` runs in a new session.
    * Of a row that `is_endless`, only the beginning is read.

    No row takes away what a later row needs.
    """

    operation: str
    public: str
    private: str
    about: str = ""
    address: str = ""
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    shows: str = "{user_id}"
    actor: Literal["viewer", "owner"] = "viewer"
    disturbs: bool = False
    ends_session: bool = False
    is_endless: bool = False

    @property
    def name(self) -> str:
        return f"{self.operation} {self.about}".strip()


def same(operation: str, outcomes: str, **how: Any) -> Row:
    """A row for which privacy makes no difference."""
    return Row(operation, outcomes, outcomes, **how)


# Independent of viewer and owner: open to all, or to all who are signed in.
OPEN = "422 422 422 422 422 422 422 422"
SIGNED_IN = "401 200 200 200 200 200 200 200"
DONE = "401 204 204 204 204 204 204 204"

# fmt: off
ROWS: tuple[Row, ...] = (
    #                                  anon fol  req  str  bl'd bl'r ex   self
    same("POST /v1/users",            OPEN, body={}),
    same("POST /v1/sessions",         OPEN, body={}),
    same("POST /v1/sessions/refresh", OPEN, body={}),
    same("GET /v1/sessions",           "401  -    -    -    -    -    -    +",
        shows="{session_id}"),
    same("DELETE /v1/sessions/current", DONE, ends_session=True),
    same("DELETE /v1/sessions/{session_id}",
                                       "401  404  404  404  404  404  404  204"),
    same("GET /v1/me",                 "401  -    -    -    -    -    -    +"),
    same("GET /v1/me/quota",           SIGNED_IN),
    same("PATCH /v1/me",               SIGNED_IN, body={"bio": "Fog."}),
    same("PATCH /v1/me",               "401  422  422  422  422  422  422  409",
         about="with the owner's published photo", body={"avatar_photo_id": "{photo_id}"}),
    # Nobody has requested a copy yet; afterwards everybody has.
    same("GET /v1/me/export",          "401  404  404  404  404  404  404  404"),
    same("POST /v1/me/export",         "401  202  202  202  202  202  202  202",
         body={"password": "{password}"}),
    # Without the password, so that the cast survives: 422 means that access was granted.
    same("DELETE /v1/me",              "401  422  422  422  422  422  422  422", body={}),
    # Anybody with a receipt may read it; nobody has this one.
    same("GET /v1/deletions/{receipt_id}",
                                       "404  404  404  404  404  404  404  404",
        address="/v1/deletions/1.nobodys"),
    same("PUT /v1/me/password",        DONE, body=PASSWORDS),
    same("POST /v1/me/email/verification",
                                       "401  202  202  202  202  202  202  202"),
    # Nobody has typed the right code, so the refusal is the code's.
    same("PUT /v1/me/email/verification",
                                       "401  403  403  403  403  403  403  403",
        body={"code": "000000"}),
    # Without an address, so that nobody gets a message: 422 means that access was granted.
    same("POST /v1/me/email",          "401  422  422  422  422  422  422  422",
        body={"password": "{password}"}),
    same("PUT /v1/me/email",           "401  403  403  403  403  403  403  403",
        body={"code": "000000"}),
    same("POST /v1/password-resets",   "422  422  422  422  422  422  422  422", body={}),
    same("PUT /v1/password-resets",    "403  403  403  403  403  403  403  403",
        body={"new_password": "staple incorrectly", "link": "1.nobodys"}),
    # Whoever has a link needs no session; nobody has this one.
    same("POST /v1/links",             "403  403  403  403  403  403  403  403",
        body={"link": "1.nobodys"}),

    same("GET /v1/users/{user_id}",    "401  +    +    +    404  404  +    +"),
    same("GET /v1/users/by-username/{username}",
                                       "401  +    +    +    404  404  +    +"),
    Row("GET /v1/users/{user_id}/followers",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    same("GET /v1/users/{user_id}/followers",
                                       "401  +    +    +    -    -    +    +",
        about="of a third person", address="/v1/users/{witness_id}/followers"),
    Row("GET /v1/users/{user_id}/following",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    same("GET /v1/users/search",       "401  +    +    +    -    -    +    +",
        address="/v1/users/search?q={username}"),
    # The viewer follows a person who follows the owner.
    same("GET /v1/users/suggested",    "401  -    -    +    -    -    +    -"),
    same("GET /v1/relationships",      SIGNED_IN, address="/v1/relationships?ids={user_id}"),
    same("PUT /v1/users/{user_id}/follow",
                                       "401  200  200  200  404  404  200  422", disturbs=True),
    same("DELETE /v1/users/{user_id}/follow",
                                       "401  200  200  200  404  404  200  422", disturbs=True),
    # The viewer's own block does not prevent blocking and unblocking again.
    same("PUT /v1/users/{user_id}/block",
                                       "401  200  200  200  404  200  200  422", disturbs=True),
    same("DELETE /v1/users/{user_id}/block",
                                       "401  200  200  200  404  200  200  422", disturbs=True),
    same("PUT /v1/users/{user_id}/mute",
                                       "401  200  200  200  404  404  200  422", disturbs=True),
    same("DELETE /v1/users/{user_id}/mute",
                                       "401  200  200  200  404  404  200  422"),
    same("GET /v1/me/blocks",          "401  -    -    -    -    +    -    -"),
    same("GET /v1/me/mutes",           "401  -    -    -    -    -    -    -"),
    same("GET /v1/me/follow-requests", "401  -    -    -    -    -    -    -"),
    Row("GET /v1/me/follow-requests", about="by the owner", actor="owner", shows="{viewer_id}",
        public=                        "401  -    -    -    -    -    -    -",
        private=                       "401  -    +    -    -    -    -    -"),
    same("PUT /v1/me/follow-requests/{user_id}",
                                       "401  404  404  404  404  404  404  404"),
    same("PUT /v1/me/follow-requests/{user_id}",
                                       "401  200  200  404  404  404  404  404", disturbs=True,
        about="by the owner", actor="owner", address="/v1/me/follow-requests/{viewer_id}"),
    same("DELETE /v1/me/follow-requests/{user_id}",
                                       "401  200  200  200  404  404  200  200", disturbs=True,
        about="by the owner", actor="owner", address="/v1/me/follow-requests/{viewer_id}"),
    same("DELETE /v1/me/followers/{user_id}",
                                       "401  200  200  200  404  404  200  200", disturbs=True,
        about="by the owner", actor="owner", address="/v1/me/followers/{viewer_id}"),

    same("POST /v1/photos",            "401  415  415  415  415  415  415  415",
        headers={"Content-Type": "text/plain"}),
    same("GET /v1/photos/{photo_id}",  "401  404  404  404  404  404  404  +", shows="{photo_id}"),
    same("GET /v1/filters",            "200  200  200  200  200  200  200  200"),
    # The photo of a post: for its owner access is granted.
    same("PATCH /v1/photos/{photo_id}","401  404  404  404  404  404  404  200",
        body={"alt_text": "Fog."}),
    same("DELETE /v1/photos/{photo_id}",
                                       "401  204  204  204  204  204  204  409"),
    # Without a version of the protocol: refused after access, or for the owner after the lookup.
    same("OPTIONS /v1/uploads",        "204  204  204  204  204  204  204  204"),
    same("POST /v1/uploads",           "401  412  412  412  412  412  412  412"),
    same("HEAD /v1/uploads/{upload_id}",
                                       "401  404  404  404  404  404  404  200", headers=TUS),
    same("PATCH /v1/uploads/{upload_id}",
                                       "401  404  404  404  404  404  404  204", headers=APPEND),
    same("HEAD /v1/uploads/{upload_id}",
                                       "401  404  404  404  404  404  404  204", headers=DRAFT,
        about="by the draft"),
    # The row by tus has appended at this offset.
    same("PATCH /v1/uploads/{upload_id}",
                                       "401  404  404  404  404  404  404  409",
        headers=DRAFT_APPEND, about="by the draft"),
    same("DELETE /v1/uploads/{upload_id}",
                                       "401  204  204  204  204  204  204  204", headers=TUS),
    same("HEAD /v1/uploads/{upload_id}",
                                       "401  404  404  404  404  404  404  404", headers=TUS,
        about="once given up"),
    same("POST /v1/posts",             "401  404  404  404  404  404  404  409", body=NO_POST),
    Row("GET /v1/posts/{post_id}", shows="{post_id}",
        public=                        "401  +    +    +    404  404  +    +",
        private=                       "401  +    404  404  404  404  404  +"),
    Row("GET /v1/posts", address="/v1/posts?ids={post_id}", shows="{post_id}",
        public=                        "401  +    +    +    -    -    +    +",
        private=                       "401  +    -    -    -    -    -    +"),
    Row("GET /v1/users/{user_id}/posts", shows="{post_id}",
        public=                        "401  +    +    +    404  404  +    +",
        private=                       "401  +    404  404  404  404  404  +"),
    # Posts of a private account are under no tag, not even for followers.
    Row("GET /v1/timelines/tags/{tag}", shows="{post_id}",
        public=                        "401  +    +    +    -    -    +    +",
        private=                       "401  -    -    -    -    -    -    -"),
    # Popular posts may be some seconds old; other tests check the members of the list.
    Row("GET /v1/explore", shows="{post_id}",
        public=                        "401  200  200  200  -    -    200  200",
        private=                       "401  -    -    -    -    -    -    -"),
    Row("GET /v1/tags/search", shows="{tag}", address="/v1/tags/search?q={tag}",
        public=                        "401  +    +    +    -    -    +    +",
        private=                       "401  -    -    -    -    -    -    -"),
    Row("PUT /v1/posts/{post_id}/like",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    Row("GET /v1/posts/{post_id}/likes",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    Row("GET /v1/me/likes", shows="{post_id}",
        public=                        "401  +    +    +    -    -    +    +",
        private=                       "401  +    -    -    -    -    -    +"),
    Row("DELETE /v1/posts/{post_id}/like",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    Row("PUT /v1/posts/{post_id}/save",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    Row("GET /v1/me/saves", shows="{post_id}",
        public=                        "401  +    +    +    -    -    +    +",
        private=                       "401  +    -    -    -    -    -    +"),
    Row("DELETE /v1/posts/{post_id}/save",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    Row("PATCH /v1/posts/{post_id}", body={"caption": "Fog."},
        public=                        "401  403  403  403  404  404  403  200",
        private=                       "401  403  404  404  404  404  404  200"),
    Row("PUT /v1/posts/{post_id}/pin",
        public=                        "401  403  403  403  404  404  403  200",
        private=                       "401  403  404  404  404  404  404  200"),
    Row("DELETE /v1/posts/{post_id}/pin",
        public=                        "401  403  403  403  404  404  403  200",
        private=                       "401  403  404  404  404  404  404  200"),
    Row("POST /v1/posts/{post_id}/comments", body={"text": "Fog."},
        public=                        "401  201  201  201  404  404  201  201",
        private=                       "401  201  404  404  404  404  404  201"),
    # The reply is to a comment of the owner, under a third person's visible post.
    same("POST /v1/posts/{post_id}/comments",
                                       "401  201  201  201  404  404  201  201",
        about="in reply on a third person's post",
        address="/v1/posts/{witness_post_id}/comments",
        body={"text": "Yes.", "reply_to": "{witness_comment_id}"}),
    Row("GET /v1/posts/{post_id}/comments", shows="{comment_id}",
        public=                        "401  +    +    +    404  404  +    +",
        private=                       "401  +    404  404  404  404  404  +"),
    same("GET /v1/posts/{post_id}/comments",
                                       "401  +    +    +    -    -    +    +",
        about="of a third person's post",
        address="/v1/posts/{witness_post_id}/comments", shows="{witness_comment_id}"),
    same("POST /v1/reports",           "401  201  201  201  404  404  201  422",
        about="of a user", body={**REPORT, "kind": "user", "id": "{user_id}"}),
    Row("POST /v1/reports", about="of a post", body={**REPORT, "kind": "post", "id": "{post_id}"},
        public=                        "401  201  201  201  404  404  201  422",
        private=                       "401  201  404  404  404  404  404  422"),
    Row("POST /v1/reports", about="of a comment",
        body={**REPORT, "kind": "comment", "id": "{comment_id}"},
        public=                        "401  201  201  201  404  404  201  422",
        private=                       "401  201  404  404  404  404  404  422"),
    Row("PUT /v1/comments/{comment_id}/like",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    Row("DELETE /v1/comments/{comment_id}/like",
        public=                        "401  200  200  200  404  404  200  200",
        private=                       "401  200  404  404  404  404  404  200"),
    Row("DELETE /v1/comments/{comment_id}", address="/v1/comments/{spare_comment_id}",
        public=                        "401  403  403  403  404  404  403  204",
        private=                       "401  403  404  404  404  404  404  204"),
    Row("DELETE /v1/posts/{post_id}", address="/v1/posts/{spare_post_id}",
        public=                        "401  403  403  403  404  404  403  204",
        private=                       "401  403  404  404  404  404  404  204"),
    same("GET /v1/activity",           SIGNED_IN),
    same("PUT /v1/activity/seen",      DONE),
    same("GET /v1/stream", SIGNED_IN, is_endless=True),
    Row("GET /v1/timelines/home", shows="{post_id}",
        public=                        "401  +    +    -    -    -    -    +",
        private=                       "401  +    -    -    -    -    -    +"),
)
# fmt: on
