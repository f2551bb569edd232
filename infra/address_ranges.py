"""The addresses that a role may take when it grows: a range behind its last drawn one."""

from collections.abc import Collection, Sequence

_LAST_BYTE_MAX = 254


def free_behind(drawn: Sequence[str], others: Collection[str]) -> list[str]:
    """Return the addresses between a role's last drawn one and the next one of `others`.

    No two roles share one, because drawn addresses bound each range. So the addresses of a role
    depend on its own number only, and not on the order in which roles grew.
    """
    front, _dot, last = drawn[-1].rpartition(".")
    taken = set(others) - set(drawn)
    free = list[str]()
    for byte in range(int(last) + 1, _LAST_BYTE_MAX + 1):
        address = f"{front}.{byte}"
        if address in taken:
            break
        if address not in drawn:
            free.append(address)
    return free
