"""Rules of posts and timelines; nothing runs."""
