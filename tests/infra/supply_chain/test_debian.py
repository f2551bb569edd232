"""What dpkg and apt say becomes parts, updates and the age of the list."""

from datetime import UTC, datetime
from pathlib import Path

from infra.bootstrap.debian import package_names
from infra.supply_chain.debian import (
    installed_packages,
    licences_of,
    outside_main,
    security_list_made_at,
    security_updates,
    with_all_that_they_need,
)

_LISTING = (
    "ii \tredis-server\t5:7.0.15-1\tdatabase\t, lsb-base (>= 3.2), redis-tools (= 5:7.0.15-1)\t\n"
    "ii \tredis-tools\t5:7.0.15-1\tdatabase\t, libc6 (>= 2.34), liblua5.1-0 | liblua\t\n"
    "ii \tlibc6\t2.36-9\tlibs\t, libgcc-s1\tglibc (= 2.36)\n"
    "ii \tluajit-lua\t2.1\tnon-free/libs\t, libc6\tliblua\n"
    "ii \tcowsay\t3.03\tgames\t, perl:any\t\n"
    "rc \tnginx\t1.22\thttpd\t, libc6\t\n"
)
_POLICY = """\
postgresql-15:
  Installed: 15.18-0+deb12u1
  Candidate: 15.20-0+deb12u1
  Version table:
     15.20-0+deb12u1 500
        500 http://deb.example/debian-security bookworm-security/main amd64 Packages
 *** 15.18-0+deb12u1 500
        500 http://deb.example/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
redis-server:
  Installed: 5:7.0.15-1~deb12u10
  Candidate: 5:7.0.15-1~deb12u10
  Version table:
 *** 5:7.0.15-1~deb12u10 500
        500 http://deb.example/debian-security bookworm-security/main amd64 Packages
        100 /var/lib/dpkg/status
     5:7.0.15-1~deb12u7 500
        500 http://deb.example/debian bookworm/main amd64 Packages
curl:
  Installed: 7.88.1-10+deb12u14
  Candidate: 7.88.1-10+deb12u15
  Version table:
     7.88.1-10+deb12u15 500
        500 http://deb.example/debian bookworm/main amd64 Packages
 *** 7.88.1-10+deb12u14 100
        100 /var/lib/dpkg/status
     7.88.1-10+deb12u5 500
        500 http://deb.example/debian-security bookworm-security/main amd64 Packages
python3.11:
  Installed: 3.11.2-6+deb12u6
  Candidate: 3.11.2-6+deb12u9
  Version table:
     3.11.2-6+deb12u9 500
        500 http://deb.example/debian-security bookworm-security/main amd64 Packages
     3.11.2-6+deb12u8 500
        500 http://deb.example/debian bookworm/main amd64 Packages
 *** 3.11.2-6+deb12u6 100
        100 /var/lib/dpkg/status
"""


def test_packages_come_with_all_that_they_need() -> None:
    installed = installed_packages(_LISTING)
    names, missing = with_all_that_they_need(["redis-server", "nginx"], installed)
    assert names == ["libc6", "luajit-lua", "redis-server", "redis-tools"]
    # A removed package whose settings stayed is not installed.
    assert missing == ["nginx"]
    assert outside_main(names, installed) == {"luajit-lua": "non-free/libs"}


def test_only_newer_versions_of_the_security_archive_are_updates() -> None:
    assert security_updates([], _POLICY) == {
        "postgresql-15": "15.20-0+deb12u1",
        "python3.11": "3.11.2-6+deb12u9",
    }


def test_the_list_is_as_old_as_its_signature_says(tmp_path: Path) -> None:
    assert security_list_made_at(tmp_path) is None
    (tmp_path / "a_InRelease").write_text("Label: Debian\nDate: Sun, 29 Nov 2026 02:15:35 UTC\n")
    assert security_list_made_at(tmp_path) is None
    (tmp_path / "b_InRelease").write_text(
        "Label: Debian-Security\nDate: Sat, 28 Nov 2026 02:53:00 UTC\n"
    )
    assert security_list_made_at(tmp_path) == datetime(2026, 11, 28, 2, 53, tzinfo=UTC)


def test_licences_are_read_from_fields_or_else_from_prose(tmp_path: Path) -> None:
    for name, text in {
        "fields": "Files: *\nLicense: BSD-3-clause\n body\n\nFiles: x\nLicense: GPL-2+\n"
        "License: Permission to use, copy, modify and distribute this software\n",
        "prose": "You find it in `/usr/share/common-licenses/GPL-2'.",
        "nothing": "ask the author",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "copyright").write_text(text)
    assert licences_of("fields", tmp_path) == ("BSD-3-clause", "GPL-2+")
    assert licences_of("prose", tmp_path) == ("GPL-2",)
    assert licences_of("nothing", tmp_path) == licences_of("absent", tmp_path) == ()


def test_this_machine_has_what_the_suite_needs() -> None:
    names, _missing = with_all_that_they_need(package_names(), installed_packages())
    assert "libc6" in names
    assert len(names) > len(package_names())
