"""Documented replies that the routes of the graph share."""

from shared.contracts.people import CountedPersonPage, PersonPage, RelationshipReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply

RELATIONSHIP = {
    **reply(
        200,
        RelationshipReply,
        "The viewer's new relationship with the person.",
    ),
    **problem_replies(401, 404, 422, 503),
}
COUNTED_PEOPLE = {
    **reply(200, CountedPersonPage, "Newest first; a page may be short."),
    **problem_replies(401, 404, 422, 503),
}
PEOPLE = {
    **reply(200, PersonPage, "Newest first; a page may be short."),
    **problem_replies(401, 404, 422, 503),
}
