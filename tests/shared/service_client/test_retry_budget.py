"""Retries stay below a tenth of the calls."""

from shared.service_client.retry_budget import SAVED_AT_START, SAVED_MAX, RetryBudget


def spend_all(budget: RetryBudget) -> int:
    spent = 0
    while budget.spend() and spent < 1_000:
        spent += 1
    return spent


def test_a_tenth_of_the_calls_may_be_repeated() -> None:
    budget = RetryBudget()
    spend_all(budget)
    for _ in range(200):
        budget.earn()
    assert 19 <= spend_all(budget) <= 21


def test_a_quiet_process_may_still_retry() -> None:
    assert spend_all(RetryBudget()) >= SAVED_AT_START


def test_a_good_hour_does_not_pay_for_a_storm() -> None:
    budget = RetryBudget()
    for _ in range(100_000):
        budget.earn()
    assert spend_all(budget) <= SAVED_MAX + 1
