"""The first state of a follow, and who may follow whom."""

from dataclasses import dataclass

from services.users.domain.edge_kinds import REQUESTED
from shared.errors import FieldError, Invalid
from shared.faults import fault


class OwnAccount(Invalid):
    """A person tried to follow, block or mute themselves."""

    code = "own_account"
    title = "This cannot be done with your own account."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("user_id", fault("own_account"))])


@dataclass(frozen=True, slots=True)
class FollowStep:
    """The new state of a follow, and the states that it may replace."""

    state: str
    replacing: tuple[str, ...]


def check_two_people(actor_id: int, subject_id: int) -> None:
    """Raise OwnAccount if both ids are the same."""
    if actor_id == subject_id:
        raise OwnAccount


def step_of_follow(*, subject_is_private: bool) -> FollowStep:
    """A private account gets a request, unless the viewer follows it already.

    A request to an account that has become public turns into a follow.
    """
    if subject_is_private:
        return FollowStep(REQUESTED, replacing=("removed",))
    return FollowStep("active", replacing=("removed", REQUESTED))
