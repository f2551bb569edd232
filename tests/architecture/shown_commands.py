"""Which test runs each command that the documents show, or why none does.

A command of make stands here by its target and the names of its words, any other as it is shown.
"""

from collections.abc import Mapping

_BY_NAME = ("tests/infra/test_commands_by_name.py",)
_SUITE = ("tests/suite.py",)
_MISTAKES = "tests/infra/mistakes/"
_BACKUPS = "tests/infra/backups/"
_FAILOVER = "tests/infra/failover/test_failover_suite.py"

# Command → the file in which a test runs it, and a text in that file by which one finds it.
RUN_BY: Mapping[str, tuple[str, str]] = {
    "make": (*_BY_NAME, '"help"'),
    "make accounts": (*_BY_NAME, '"accounts"'),
    "make audit-timelines": (*_BY_NAME, '"audit-timelines"'),
    "make backup": (*_BY_NAME, '"backup"'),
    "make backup KIND=": (f"{_BACKUPS}test_external_store.py", '"backup", "--kind", "full"'),
    "make backup-passphrase": (*_BY_NAME, '"backup-passphrase"'),
    "make backups": (*_BY_NAME, '"backups"'),
    "make check-deleted": (*_BY_NAME, '"check-deleted"'),
    "make check-deleted U=": (*_BY_NAME, '"check-deleted"'),
    "make close-reports S=": (*_BY_NAME, '"close-reports"'),
    "make down": (f"{_MISTAKES}losses.py", '.infra("down"'),
    "make hide": ("tests/journeys/test_moderation.py", '"feed", "hide"'),
    "make hide S=": ("tests/journeys/test_moderation.py", '"feed", "hide"'),
    "make hide S= UNDO=": ("tests/journeys/test_moderation.py", '"feed", "show"'),
    "make metrics P=": (*_BY_NAME, '"metrics"'),
    "make maintenance": (*_BY_NAME, '"maintenance"'),
    "make maintenance MESSAGE= MINUTES= ON=": (*_BY_NAME, '"maintenance", "ON=1"'),
    "make maintenance OFF=": (*_BY_NAME, '"maintenance", "OFF=1"'),
    "make migrate": (*_BY_NAME, '"migrate"'),
    "make migrate-status": (*_BY_NAME, '"migrate-status"'),
    "make plan-changes": (*_BY_NAME, '"plan-changes"'),
    "make promote": (f"{_BACKUPS}test_store_away.py", '"promote", PRIMARY'),
    "make promote P=": (f"{_BACKUPS}test_store_away.py", '"promote", PRIMARY'),
    "make psql": (*_BY_NAME, '"psql"'),
    "make psql P=": (*_BY_NAME, '"psql"'),
    "make rebuild-timelines": (*_BY_NAME, '"rebuild-timelines"'),
    "make reconcile": (*_BY_NAME, '"reconcile"'),
    "make reconcile GO=": (f"{_MISTAKES}promotions.py", '"reconcile", "--go-on"'),
    "make reports": (*_BY_NAME, '"reports"'),
    "make reset": (*_SUITE, '"reset", "--yes"'),
    "make restart S=": (*_SUITE, '"restart", service'),
    "make restore": (f"{_BACKUPS}test_restore_group.py", '"restore", "--group"'),
    "make restore AT= G= REPLACE=": (f"{_BACKUPS}test_restore_group.py", '"restore", "--group"'),
    "make restore FROM=": (f"{_BACKUPS}test_external_store.py", '"restore", "--source"'),
    "make restore G= REPLACE=": (f"{_BACKUPS}test_restore_group.py", '"restore", "--group"'),
    "make restore-drill": (f"{_BACKUPS}test_store_away.py", '"restore-drill"'),
    "make rotate": ("tests/failures/test_rotation.py", '"rotate", *words'),
    "make rotate SECRET=": ("tests/failures/test_rotation.py", '"rotate", *words'),
    "make scale": (*_BY_NAME, '"scale"'),
    "make scale N= S=": (*_BY_NAME, '"scale", "S=feed", "N=2"'),
    "make status": (*_BY_NAME, '"status"'),
    "make suspend": ("tests/journeys/test_moderation.py", '"users", "suspend"'),
    "make suspend U=": ("tests/journeys/test_moderation.py", '"users", "suspend"'),
    "make suspend U= UNDO=": ("tests/journeys/test_moderation.py", '"users", "reinstate"'),
    "make sweep": (*_BY_NAME, '"sweep"'),
    "make sweep DRY=": (*_BY_NAME, '"sweep", "DRY=1"'),
    "make switchover P=": (_FAILOVER, '"switchover"'),
    "make trace": (*_BY_NAME, '"trace"'),
    "make trace HTML= R=": (*_BY_NAME, '"trace", f"R={request_id}", "HTML=1"'),
    "make trace R=": (*_BY_NAME, '"trace"'),
    "make up": (*_SUITE, '"up"'),
    "make up ANEW=": (f"{_MISTAKES}losses.py", "--anew"),
    "make up AS_IS=": (f"{_MISTAKES}losses.py", "--as-is"),
    "make up TRACES=": (*_SUITE, '"RETRATO_TRACE_SHARE"'),
    "make up HA=": (_FAILOVER, '"--ha"'),
    "make up WATCH=": ("tests/infra/watching/test_watched_suite.py", "RETRATO_WATCH"),
    "make verify-store": (*_BY_NAME, '"verify-store"'),
    "python -m services.feed.app": (*_SUITE, '"up"'),
    "python -m services.feed.worker": (*_SUITE, '"up"'),
    "python -m services.feed.migrate": ("tests/infra/test_migrate_command.py", "migrate"),
    "python -m infra <command>": (*_SUITE, '"-m", "infra"'),
    "curl -s http://127.0.0.1:8080/v1/users": ("tests/journeys/test_guide.py", "README"),
    'curl -s "http://127.0.0.1:8080/v1/timelines/home?limit=20"': (
        "tests/journeys/test_guide.py",
        "PAGING",
    ),
    "curl --cacert .run/pki/ca.crt --cert .run/pki/watch-reader.crt": (
        "tests/infra/watching/test_watched_suite.py",
        "query(",
    ),
    "openssl x509 -noout -enddate -in .run/pki/users.crt": (*_BY_NAME, "-enddate"),
}

_MEASURES = "it measures for minutes; its parts are tested in tests/bench"
_PROVES = "it breaks the suite for minutes; tests/failures/test_proof.py runs its short form"
_RUNS_TESTS = "it runs the tests, and would run itself"
_ONE_S_OWN = "it changes the reader's own checkout"
_LOOKS = "it only looks at the machine"

# Command → why no test runs it.
LEFT_OUT: Mapping[str, str] = {
    "make bench": _MEASURES,
    "make bench-alerts": _MEASURES,
    "make bench-fan-out": _MEASURES,
    "make bench-images": _MEASURES,
    "make bench-internal": _MEASURES,
    "make bench-limits": _MEASURES,
    "make bench-overload": _MEASURES,
    "make bench-picture-loads": _MEASURES,
    "make bench-sign-in": _MEASURES,
    "make bench-stream": _MEASURES,
    "make bench-upload": _MEASURES,
    "make drills": _MEASURES,
    "make prove": _PROVES,
    "make prove MINUTES= SEED=": _PROVES,
    "make load": _MEASURES,
    "make profile P=": _MEASURES,
    "make check": _RUNS_TESTS,
    "make fuzz": _RUNS_TESTS,
    "make test": _RUNS_TESTS,
    "make test-data": _RUNS_TESTS,
    "make test-data T=": _RUNS_TESTS,
    "make test-fast": _RUNS_TESTS,
    "make test-fast T=": _RUNS_TESTS,
    "make test-long": _RUNS_TESTS,
    "make test-suite": _RUNS_TESTS,
    "make test-suite T=": _RUNS_TESTS,
    "make fmt": _ONE_S_OWN,
    "make openapi": f"{_ONE_S_OWN}; tests/contract/test_snapshots.py makes the same documents",
    "make audit": "it asks an advisory service; tests/infra/supply_chain tests its parts",
    "make audit ADVISORIES=": "tests/infra/supply_chain/test_advisories.py asks a service with it",
    "make lock": "it asks a package index for newer versions",
    "make demo": "tests/infra/demo tests its parts; the whole takes a minute",
    "make logs": "it follows the logs until Ctrl-C",
    "make logs S=": "it follows the logs until Ctrl-C",
    "make mirror-store": "its action is tested in tests/upload/actions/test_mirror_store.py",
    "make mirror-store BACK=": "its action is tested in tests/upload/actions/test_mirror_store.py",
    "make restore AT= INTO= NET=": "two suites at once; restores elsewhere are tested with FROM=",
    "make restore AT= REPLACE=": "of all groups; that of one is run",
    "make up BACKUPS=": "the word is rendered: tests/infra/rendering",
    "make up LIMITS=": "suites of tests start so, by the variable behind the word",
    "nft -f .run/etc/nginx/connections.nft": "it changes the firewall of the machine",
    "df -h .run": _LOOKS,
    "du -xh --max-depth=3 .run": _LOOKS,
    "cd retrato": _ONE_S_OWN,
    "git ": _ONE_S_OWN,
    "pre-commit install": _ONE_S_OWN,
    "export RETRATO_BACKUP_ACCESS_KEY=": f"set by {_BACKUPS}test_external_store.py",
}
