"""Sign-in counts of this process alone, for while Redis is away."""

import time
from collections import OrderedDict, deque

from services.users.domain.sign_in_limits import Limit

# The least recently used goes first. To displace an account's count, an attacker would have to try
# a fifth as many names, which the limit per address prevents.
WINDOWS_MAX = 10_000


class LocalWindows:
    """Sliding windows by key, like those in Redis."""

    def __init__(self, windows_max: int = WINDOWS_MAX) -> None:
        self._windows: OrderedDict[str, deque[tuple[float, str]]] = OrderedDict()
        self._windows_max = windows_max

    def take(self, key: str, limit: Limit, member: str) -> int:
        """Milliseconds until a try is allowed; 0 if this one was counted."""
        now_ms = time.monotonic() * 1000
        window = self._windows.setdefault(key, deque())
        self._windows.move_to_end(key)
        while len(self._windows) > self._windows_max:
            self._windows.popitem(last=False)
        while window and window[0][0] <= now_ms - limit.window_ms:
            window.popleft()
        if len(window) >= limit.times_max:
            return max(1, int(window[0][0] + limit.window_ms - now_ms))
        window.append((now_ms, member))
        return 0

    def give_back(self, key: str, member: str) -> None:
        """Remove a counted try."""
        kept = [entry for entry in self._windows.get(key, ()) if entry[1] != member]
        if key in self._windows:
            self._windows[key] = deque(kept)
