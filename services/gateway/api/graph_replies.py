"""Replies that the routes of the follow graph share."""

from fastapi import Request, Response

from services.gateway.api.problem_codes import (
    INVALID,
    NOT_FOUND,
    OWN_ACCOUNT,
    UNAUTHENTICATED,
    problems,
)
from services.gateway.api.replies import link_to_next, private_reply
from services.gateway.api.reply_docs import page, reply
from services.gateway.domain.pages import PageRequest
from services.gateway.resources import resources_of
from services.gateway.views.people import (
    CountedPersonPage,
    PersonPage,
    public_counted_page,
    public_person_page,
)
from shared.contracts import people as contract

_NEW_RELATIONSHIP = reply(200, contract.RelationshipReply, "Your new relationship.")

RELATIONSHIP = {
    **_NEW_RELATIONSHIP,
    **problems(UNAUTHENTICATED, NOT_FOUND, OWN_ACCOUNT),
}
ANSWERED = {**_NEW_RELATIONSHIP, **problems(UNAUTHENTICATED, NOT_FOUND)}
COUNTED_PEOPLE = {
    **page(CountedPersonPage, "A page of people."),
    **problems(UNAUTHENTICATED, NOT_FOUND, INVALID),
}
OWN_PEOPLE = {
    **page(PersonPage, "A page of people."),
    **problems(UNAUTHENTICATED, INVALID),
}


def people_reply(request: Request, asked: PageRequest, found: contract.PersonPage) -> Response:
    """A page of people, with a Link header to the next one."""
    shown = public_person_page(found, resources_of(request).url_of())
    return private_reply(shown, headers=link_to_next(request, asked, found["next_cursor"]))


def counted_people_reply(
    request: Request, asked: PageRequest, found: contract.CountedPersonPage
) -> Response:
    """A page of a list whose length is public, with a Link header to the next one."""
    shown = public_counted_page(found, resources_of(request).url_of())
    return private_reply(shown, headers=link_to_next(request, asked, found["next_cursor"]))
