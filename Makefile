# `make` alone lists all commands. RETRATO_NET and RETRATO_RUN_DIR select another suite.
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/bash

# RETRATO_PYTHON=… selects an interpreter; make then installs nothing.
PYTHON := $(or $(RETRATO_PYTHON),$(abspath $(or $(RETRATO_VENV_DIR),.run))/venv/bin/python)
BOOTSTRAP := $(if $(RETRATO_PYTHON),@true,@python3 -m infra.bootstrap)
BOOTSTRAP_OPTIONS =
BIN = $(dir $(PYTHON))

##@ Run the suite
.PHONY: up down upgrade image compose hosts deploy status accounts logs trace forecast metrics restart scale maintenance automation rotate certificate managed install uninstall doctor place reset psql promote switchover plan-changes
up: BOOTSTRAP_OPTIONS = $(if $(HA),--ha=$(HA)) $(if $(WATCH),--watch=$(WATCH))
up: ready ## install what is missing and start everything (LIMITS=loose allows load from one address; BACKUPS=off; WATCH=0 without Prometheus; HA=1 adds failover, HA=0 ends it; TRACES=1 traces every request)
	@$(if $(WATCH),RETRATO_WATCH=$(WATCH)) RETRATO_LIMITS=$(or $(LIMITS),usual) $(if $(BACKUPS),RETRATO_BACKUPS=$(BACKUPS)) $(if $(HA),RETRATO_HA=$(HA)) RETRATO_TRACE_SHARE=$(or $(TRACES),drawn) $(PYTHON) -m infra up $(if $(ANEW),--anew "$(ANEW)") $(if $(AS_IS),--as-is "$(AS_IS)")
down: ready ## stop everything; the data stays
	@$(PYTHON) -m infra down
upgrade: ready ## bring the running suite to another version while it serves: make upgrade TO=v1.1.0 (BACK=1 goes back; neither takes the checkout)
	@$(if $(RETRATO_PYTHON),RETRATO_PYTHON=$(RETRATO_PYTHON)) $(PYTHON) -m infra upgrade $(if $(TO),--to="$(TO)") $(if $(BACK),--back)
image: ready ## build the container images: make image BASE=<name@digest> (CPU=x86-64-v2 for older processors, ENGINE=docker, WORDS="…")
	@$(PYTHON) -m infra image --base="$(BASE)" $(if $(CPU),--cpu=$(CPU)) $(if $(ENGINE),--engine=$(ENGINE)) $(if $(WORDS),--words="$(WORDS)")
compose: ready ## render the compose file of the suite into .run/containers (NET=10.87 PUBLISH=127.0.0.1 PORTS=8080,8443 URL=https://… LIMITS=loose LOG_DRIVER=k8s-file; what is not said stays as it was)
	@$(PYTHON) -m infra compose $(if $(NET),--network=$(NET)) $(if $(PUBLISH),--publish=$(PUBLISH)) $(if $(PORTS),--ports=$(PORTS)) $(if $(URL),--url="$(URL)") $(if $(LIMITS),--limits=$(LIMITS)) $(if $(LOG_DRIVER),--log-driver=$(LOG_DRIVER))
hosts: BOOTSTRAP_OPTIONS = --ha=1
hosts: ready ## render what each of several hosts gets into .run/hosts (HOSTS=file with [hosts]; else the topology's; LIMITS=loose)
	@$(PYTHON) -m infra hosts $(if $(HOSTS),--drawing "$(HOSTS)") $(if $(LIMITS),--limits=$(LIMITS))
deploy: BOOTSTRAP_OPTIONS = --ha=1 --deploy
deploy: ready ## bring code and files to the hosts by ssh, and start them in order (HOSTS=file SSH_USER=root WORDS="…")
	@$(PYTHON) -m infra deploy $(if $(HOSTS),--drawing "$(HOSTS)") $(if $(SSH_USER),--user=$(SSH_USER)) $(if $(WORDS),--words="$(WORDS)")
status: ready ## show each process: address, state, memory, start time, version
	@$(PYTHON) -m infra status
accounts: ready ## show as which account each part runs, and what it can read and call
	@$(PYTHON) -m infra accounts
logs: ready ## follow the logs of a service: make logs S=feed (LEVEL=warning GREP=expression; SINCE=10m prints past lines by time)
	@$(PYTHON) -m infra logs "$(S)" --level "$(LEVEL)" --since "$(SINCE)" --grep "$(GREP)"
trace: ready ## show where one request spent its time, and its log lines: make trace R=<X-Request-ID> (HTML=1 writes a page)
	@$(PYTHON) -m infra trace "$(R)" $(if $(HTML),--html)
forecast: ready ## say when disk, connections, processors and memory run out, the daily peaks and the quietest hours
	@$(PYTHON) -m infra forecast
metrics: ready ## print the metrics of a process: make metrics P=feed-worker-1
	@$(PYTHON) -m infra metrics "$(P)"
restart: ready ## restart the replicas of a service one at a time: make restart S=feed
	@$(PYTHON) -m infra restart "$(S)"
scale: ready ## show the numbers of processes, or change one while all serves: make scale S=feed N=3 (or S=feed-worker; ALONE=1 allows a single one)
	@$(PYTHON) -m infra scale $(S) $(N) $(if $(ALONE),--alone)
maintenance: ready ## refuse changes while people read on: make maintenance ON=1 MESSAGE="…" MINUTES=30 (OFF=1 ends it)
	@$(PYTHON) -m infra maintenance $(if $(ON),--on) $(if $(OFF),--off) $(if $(MESSAGE),--message "$(MESSAGE)") $(if $(MINUTES),--minutes $(MINUTES))
automation: ready ## show what was done about alerts, or switch that: make automation OFF=1 (ON=1, or DRY=1 only says what it would do)
	@$(PYTHON) -m infra automation $(if $(ON),--on) $(if $(OFF),--off) $(if $(DRY),--dry)
rotate: ready ## replace secrets while everything runs: make rotate SECRET=media (or all; NOW=1 ends old values at once)
	@$(PYTHON) -m infra rotate "$(SECRET)" $(if $(NOW),--now)
install: BOOTSTRAP_OPTIONS = --public $(if $(HA),--ha=$(HA)) $(if $(WATCH),--watch=$(WATCH))
install: AS_ASKED = RETRATO_LIMITS=usual $(if $(BACKUPS),RETRATO_BACKUPS=$(BACKUPS)) $(if $(WATCH),RETRATO_WATCH=$(WATCH)) $(if $(HA),RETRATO_HA=$(HA))
install: place ready ## as root on a public machine: a systemd unit for each process, started at boot, and the firewall (HA=1, BACKUPS=on, WATCH=1)
	@$(AS_ASKED) $(PYTHON) -m infra install
	@$(AS_ASKED) $(PYTHON) -m infra up
uninstall: ready ## stop the suite and remove its units and the firewall; data stays (DATA=1 deletes it)
	@$(PYTHON) -m infra uninstall $(if $(DATA),--data)
doctor: ready ## say whether this machine is fit to serve people, and what to do where it is not
	@$(PYTHON) -m infra doctor
# A server's data has a place of its own, unless the suite has one already.
place:
	@test -e .run || test -n "$(RETRATO_RUN_DIR)" || { mkdir -p /var/lib/retrato && ln -s /var/lib/retrato .run; }
certificate: ready ## get or renew the public name's certificate now, and say what hinders
	@$(PYTHON) -m infra certificate
managed: ready ## ask whatever somebody else runs whether it is fit, and make the roles of processes there
	@$(PYTHON) -m infra managed
plan-changes: ready ## show how the suite differs from the topology, and which changes are refused and why
	@$(PYTHON) -m infra plan-changes
promote: ready ## make the replica of a lost primary the primary: make promote P=users-a
	@$(PYTHON) -m infra promote "$(P)" $(if $(GIVE_UP),--give-up-newer)
switchover: ready ## let the replica in sync lead a database (after make up HA=1): make switchover P=users-a
	@$(PYTHON) -m infra switchover "$(P)" $(if $(TO),--to "$(TO)")
reset: ready ## delete all data after a question (YES=1 skips the question)
	@$(PYTHON) -m infra reset $(if $(YES),--yes)

# Limits of upkeep (docs/operations/upkeep.md): SHARE is the largest fraction that it may change,
# GO=1 lifts that limit, and LOST names primaries whose losses are final.
WORDS = $(if $(SHARE),--share $(SHARE)) $(if $(GO),--go-on) $(if $(LOST),--lost=$(LOST))

##@ Fill it and look inside
.PHONY: demo migrate migrate-status reconcile check-deleted sweep verify-store mirror-store audit-timelines rebuild-timelines \
	reports hide suspend close-reports
demo: ready ## create a small world: people, follows, posts with pictures
	@$(PYTHON) -m infra.demo
migrate: ready ## migrate every logical shard to the newest schema
	@$(PYTHON) -m infra migrate
migrate-status: ready ## show the pending migrations of each logical shard
	@$(PYTHON) -m infra migrate-status
reconcile: ready ## compare both sides of every edge and all counts, repair certain drift (SHARE= GO=1 LOST=)
	@$(PYTHON) -m infra reconcile $(WORDS)
sweep: ready ## remove abandoned uploads, photos in no post, objects found orphaned twice (DRY=1 only counts; SHARE= GO=1 LOST=)
	@$(PYTHON) -m infra sweep $(if $(DRY),--dry-run) $(WORDS)
verify-store: ready ## compare database and store both ways, and with the last good run (LOST=)
	@$(PYTHON) -m infra verify-store $(if $(LOST),--lost=$(LOST))
mirror-store: ready ## copy missing objects to the second bucket, then compare (BACK=1 copies back)
	@$(PYTHON) -m infra mirror-store $(if $(BACK),--back)
audit-timelines: ready ## compare home timelines with the database (N=1000 viewers)
	@$(PYTHON) -m infra audit-timelines $(if $(N),--sample $(N)) $(if $(LOST),--lost=$(LOST))
rebuild-timelines: ready ## rebuild home timelines, with progress (U="<user id>" rebuilds one; SHARE= GO=1 LOST=)
	@$(PYTHON) -m infra rebuild-timelines $(if $(U),--user $(U)) $(WORDS)
check-deleted: ready ## search for traces of a deleted account: make check-deleted U="<user id> [ids of its posts, photos]"
	@$(PYTHON) -m infra check-deleted $(U)
reports: ready ## list the open reports
	@$(PYTHON) -m infra reports
hide: ready ## hide a post or a comment from everybody: make hide S=post:<id> (UNDO=1 shows it again)
	@$(PYTHON) -m infra hide "$(S)" $(if $(UNDO),--undo)
suspend: ready ## end an account's sessions and hide its content: make suspend U=<user id> (UNDO=1 reinstates)
	@$(PYTHON) -m infra suspend "$(U)" $(if $(UNDO),--undo)
close-reports: ready ## close the reports of something without hiding it: make close-reports S=post:<id>, comment:… or user:…
	@$(PYTHON) -m infra close-reports "$(S)"
psql: ready ## open psql as the superuser: make psql P=users-a
	@$(PYTHON) -m infra psql "$(P)"

##@ Keep it
.PHONY: backup backups backup-passphrase restore restore-drill
backup: ready ## take a backup now, besides the scheduled ones (KIND=full)
	@$(PYTHON) -m infra backup --kind $(or $(KIND),incr)
backups: ready ## list the backups, and the times to which they can restore
	@$(PYTHON) -m infra backups
backup-passphrase: ready ## show the passphrase that opens the backups; keep it elsewhere
	@$(PYTHON) -m infra backup-passphrase
restore: ready ## restore to a time in UTC: make restore AT="2026-11-29 12:00:00" (G=feed, REPLACE=1, INTO=folder NET=127.35, FROM= SUITE=)
	@$(PYTHON) -m infra restore --at "$(AT)" --group "$(G)" --source "$(FROM)" --suite-name "$(SUITE)" \
		--into "$(INTO)" --network "$(NET)" $(if $(REPLACE),--replace)
restore-drill: ready ## restore beside the suite to now and to a random time, and compare all tables (SEED=7)
	@$(PYTHON) -m infra restore-drill $(if $(SEED),--seed $(SEED))

##@ Work on it
.PHONY: check audit test test-fast test-data test-suite test-long fmt openapi fuzz bench profile load bench-alerts bench-fan-out bench-images bench-internal bench-limits bench-overload bench-picture-loads bench-reset bench-sign-in bench-stream bench-upload prove drills lock
check: ready-dev ## check format, lint, types, import contracts and tidiness
	@$(BIN)ruff format --check .
	@$(BIN)ruff check .
	@$(PYTHON) -m mypy
	@$(BIN)lint-imports
	@$(PYTHON) -m pytest -q tests/architecture
audit: ready-dev ## check parts of others: published bugs, licences, a bill of materials (ADVISORIES=<service with the interface of OSV>)
	@$(PYTHON) -m infra.supply_chain $(if $(ADVISORIES),--mirror "$(ADVISORIES)")
test: ready-dev ## run the three tiers below, in parallel if the machine allows, in temporary suites
	@$(PYTHON) -m tests $(T)
test-fast: ready-dev ## run tests that need no server: domain, contracts, architecture, one process
	@$(PYTHON) -m pytest -m "fast and not long" $(T)
test-data: ready-dev ## run tests that need Postgres or Redis
	@$(PYTHON) -m pytest -m "data and not long" $(T)
test-suite: ready-dev ## run tests that need all processes: journeys, failures
	@$(PYTHON) -m pytest -m "suite and not long" $(T)
test-long: BOOTSTRAP_OPTIONS = --ha=1 --public
test-long: ready-dev ## run tests that take minutes each: operators' mistakes, losses, promotions
	@$(PYTHON) -m pytest -m long --timeout=1800 $(T)
fmt: ready-dev ## format, and fix what the linter can fix
	@$(BIN)ruff format .
	@$(BIN)ruff check --fix .
openapi: ready-dev ## write the OpenAPI documents to docs/api/, which tests compare; needs no running suite
	@$(PYTHON) -m tests.contract.documents
fuzz: ready-dev ## send generated requests to every documented route, more than make test does (N=200 each)
	@RETRATO_FUZZ_EXAMPLES=$(or $(N),200) $(PYTHON) -m pytest tests/contract --timeout=3600 -q $(T)
bench: ready-dev ## measure the cost of requests next to their floors: a table and a page (after make up LIMITS=loose)
	@$(PYTHON) -m bench
profile: ready-dev ## record a flame graph under load: make profile P=home, profile or posts (W=feed-1 selects a process)
	@$(PYTHON) -m bench.profile $(or $(P),home) --process $(or $(W),gateway-1)
load: ready-dev ## find the knee, then simulate a day of phones: make load MINUTES=3 (after make up LIMITS=loose)
	@$(PYTHON) -m bench.load --minutes $(or $(MINUTES),3)
bench-alerts: ready-dev ## break a watched suite, and measure how soon each alert is told (QUIET=30 breaks nothing; A="RedisAway")
	@$(PYTHON) -m bench.alerts $(if $(QUIET),--quiet $(QUIET)) $(if $(A),--only $(A))
bench-fan-out: ready-dev ## measure posts to 10,000 timelines, next to the limit of Redis (after make up)
	@$(PYTHON) -m bench.fan_out
bench-images: ready-dev ## measure the cost of a photo, next to its floor and other engines (needs djpeg)
	@$(PYTHON) -m bench.images
bench-internal: ready-dev ## measure the cost of one call between services
	@$(PYTHON) -m bench.internal_call
bench-limits: ready-dev ## measure the cost of a rate limit check (after make up)
	@$(PYTHON) -m bench.limits
bench-overload: ready-dev ## run three times the knee for a minute (after make up LIMITS=loose)
	@$(PYTHON) -m bench.overload
bench-picture-loads: ready-dev ## count the requests and bytes of pictures, by how a phone caches them (after make up LIMITS=loose)
	@$(PYTHON) -m bench.picture_loads
bench-reset: ready-dev ## measure whether a forgotten password's time reveals that the account exists (after make up)
	@$(PYTHON) -m bench.reset_timing
bench-sign-in: ready-dev ## measure whether a failed sign-in's time reveals that the account exists (after make up)
	@$(PYTHON) -m bench.sign_in_timing
bench-stream: ready-dev ## measure how soon 500 viewers hear of a post, also with a killed gateway (after make up LIMITS=loose)
	@$(PYTHON) -m bench.stream
bench-upload: ready-dev ## measure a picture's way from first byte to ready, step by step (after make up LIMITS=loose)
	@$(PYTHON) -m bench.upload_to_ready
prove: ready-dev ## load and break the suite, then check that nothing acknowledged is lost (MINUTES=10 SEED=1; goes on after Ctrl-C)
	@$(PYTHON) -m prove --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1) $(if $(FAULTS),--only $(FAULTS))
drills: ready-dev ## break the suite under load in all ways that it must survive (RATE= RESTARTS=10 D="isolation")
	@$(PYTHON) -m bench.drills $(if $(RATE),--rate $(RATE)) --restarts $(or $(RESTARTS),2) $(if $(D),--only $(D))
lock: ready-dev ## pin the newest versions of the requirements in infra/locks/*.in
	@cd infra/locks && for name in main dev ha deploy; do \
		$(PYTHON) -m piptools compile $(LOCK_OPTIONS) --output-file=$$name.txt $$name.in; done
	@cd infra/locks && for name in gateway users upload feed infra; do \
		$(PYTHON) -m piptools compile $(LOCK_OPTIONS) --constraint=main.txt --output-file=$$name.txt $$name.in; done
	@cd infra/locks && $(PYTHON) -m piptools compile $(LOCK_OPTIONS) \
		--output-file=decoder.txt ../../services/upload/decoder/requirements.in

LOCK_OPTIONS := --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help ready ready-dev
ready:
	$(BOOTSTRAP) $(BOOTSTRAP_OPTIONS)
ready-dev:
	$(BOOTSTRAP) --dev $(BOOTSTRAP_OPTIONS)
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
