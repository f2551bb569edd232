"""Tells a host's runner what systemctl would tell systemd: `tell.py PIPE WORD NAME…`."""

import sys
from pathlib import Path


def main(pipe: Path, word: str, names: list[str]) -> int:
    """Return 0; for `has-started` 1 unless a start of these names was told before."""
    started = pipe.with_suffix(".started")
    known = started.read_text(encoding="utf-8").split() if started.exists() else []
    if word == "has-started":
        return 0 if set(names) <= set(known) else 1
    if word == "start":
        started.write_text("\n".join([*known, *names]), encoding="utf-8")
    with pipe.open("a", encoding="utf-8") as commands:
        commands.write(f"{word} {' '.join(names)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
