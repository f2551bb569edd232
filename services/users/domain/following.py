"""What a follow begins as, and who may follow whom."""

from dataclasses import dataclass

from services.users.domain.edge_kinds import REQUESTED
from shared.errors import FieldError, Invalid
from shared.faults import fault


class OwnAccount(Invalid):
    """Nobody follows, blocks or mutes themselves."""

    code = "own_account"
    title = "This cannot be done with your own account."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("user_id", fault("own_account"))])


@dataclass(frozen=True, slots=True)
class FollowStep:
    """The state that a follow is to have, and the states that it may come from."""

    state: str
    replacing: tuple[str, ...]


def check_two_people(actor_id: int, subject_id: int) -> None:
    """Raises OwnAccount where there is only one."""
    if actor_id == subject_id:
        raise OwnAccount


def step_of_follow(*, subject_is_private: bool) -> FollowStep:
    """A private account is asked; whoever follows it already goes on to do so.

    A request to an account that has meanwhile opened becomes a follow.
    """
    if subject_is_private:
        return FollowStep(REQUESTED, replacing=("removed",))
    return FollowStep("active", replacing=("removed", REQUESTED))
