# One command each; `make` alone lists them. RETRATO_NET and RETRATO_RUN_DIR select another suite.
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/bash

# With RETRATO_PYTHON=… that interpreter is used as it is, and nothing is installed.
PYTHON := $(or $(RETRATO_PYTHON),$(abspath $(or $(RETRATO_VENV_DIR),.run))/venv/bin/python)
BOOTSTRAP := $(if $(RETRATO_PYTHON),@true,@python3 -m infra.bootstrap)
BIN = $(dir $(PYTHON))

##@ Run the suite
.PHONY: up down status logs trace restart reset psql promote plan-changes
up: ready ## install what is missing, start everything (LIMITS=loose: for load from one address; BACKUPS=off)
	@RETRATO_LIMITS=$(or $(LIMITS),usual) $(if $(BACKUPS),RETRATO_BACKUPS=$(BACKUPS)) $(PYTHON) -m infra up $(if $(ANEW),--anew "$(ANEW)") $(if $(AS_IS),--as-is "$(AS_IS)")
down: ready ## stop everything; the data stays
	@$(PYTHON) -m infra down
status: ready ## a table: process, address, state, memory, since when
	@$(PYTHON) -m infra status
logs: ready ## follow the logs of a service: make logs S=feed
	@$(PYTHON) -m infra logs "$(S)"
trace: ready ## every line about one request, in the order of time: make trace R=<X-Request-ID>
	@$(PYTHON) -m infra trace "$(R)"
restart: ready ## a rolling restart, one replica at a time: make restart S=feed
	@$(PYTHON) -m infra restart "$(S)"
plan-changes: ready ## what the topology says and the suite is not yet; what cannot become so, and why
	@$(PYTHON) -m infra plan-changes
promote: ready ## a lost primary's replica takes its place: make promote P=users-a
	@$(PYTHON) -m infra promote "$(P)"
reset: ready ## delete the data, after asking (YES=1 does not ask)
	@$(PYTHON) -m infra reset $(if $(YES),--yes)

# How far upkeep may go: the largest share that it may change, to go on beyond it, and which
# primaries' losses are for good (docs/operations/upkeep.md).
WORDS = $(if $(SHARE),--share $(SHARE)) $(if $(GO),--go-on) $(if $(LOST),--lost=$(LOST))

##@ Fill it and look inside
.PHONY: demo migrate migrate-status reconcile check-deleted sweep verify-store mirror-store audit-timelines rebuild-timelines \
	reports hide suspend close-reports
demo: ready ## a small world: people, follows, posts with pictures
	@$(PYTHON) -m infra.demo
migrate: ready ## bring every logical shard to the newest schema
	@$(PYTHON) -m infra migrate
migrate-status: ready ## how far each logical shard is
	@$(PYTHON) -m infra migrate-status
reconcile: ready ## compare both sides of every edge and all counts, repair what surely drifted (SHARE= GO=1 LOST=)
	@$(PYTHON) -m infra reconcile $(WORDS)
sweep: ready ## take away abandoned uploads, photos in no post, orphans of two looks (DRY=1 only counts; SHARE= GO=1 LOST=)
	@$(PYTHON) -m infra sweep $(if $(DRY),--dry-run) $(WORDS)
verify-store: ready ## compare database and store, both ways, and with what was there before (LOST=)
	@$(PYTHON) -m infra verify-store $(if $(LOST),--lost=$(LOST))
mirror-store: ready ## copy to the second bucket what it lacks, then compare (BACK=1 the other way)
	@$(PYTHON) -m infra mirror-store $(if $(BACK),--back)
audit-timelines: ready ## compare home timelines with what they should be (N=1000 readers)
	@$(PYTHON) -m infra audit-timelines $(if $(N),--sample $(N)) $(if $(LOST),--lost=$(LOST))
rebuild-timelines: ready ## make home timelines anew, with progress (U="<user id>": one; SHARE= GO=1 LOST=)
	@$(PYTHON) -m infra rebuild-timelines $(if $(U),--user $(U)) $(WORDS)
check-deleted: ready ## does anything still name a deleted account? make check-deleted U="<user id> [ids of its posts, photos]"
	@$(PYTHON) -m infra check-deleted $(U)
reports: ready ## what people have reported, where no operator has closed it
	@$(PYTHON) -m infra reports
hide: ready ## hide a post or a comment from everybody: make hide S=post:<id> (UNDO=1 shows it again)
	@$(PYTHON) -m infra hide "$(S)" $(if $(UNDO),--undo)
suspend: ready ## end an account's sessions and hide all of it: make suspend U=<user id> (UNDO=1 reinstates)
	@$(PYTHON) -m infra suspend "$(U)" $(if $(UNDO),--undo)
close-reports: ready ## leave something as it is and close its reports: make close-reports S=post:<id>, comment:… or user:…
	@$(PYTHON) -m infra close-reports "$(S)"
psql: ready ## psql as the superuser: make psql P=users-a
	@$(PYTHON) -m infra psql "$(P)"

##@ Keep it
.PHONY: backup backups backup-passphrase restore restore-drill
backup: ready ## take a backup now, beside those of the schedule (KIND=full)
	@$(PYTHON) -m infra backup --kind $(or $(KIND),incr)
backups: ready ## what there is, and to which moments it can be restored
	@$(PYTHON) -m infra backups
backup-passphrase: ready ## what opens the backups: to be kept elsewhere
	@$(PYTHON) -m infra backup-passphrase
restore: ready ## to a moment in UTC: make restore AT="2026-11-29 12:00:00" (G=feed, REPLACE=1, INTO=folder NET=127.35, FROM= SUITE=)
	@$(PYTHON) -m infra restore --at "$(AT)" --group "$(G)" --source "$(FROM)" --suite-name "$(SUITE)" \
		--into "$(INTO)" --network "$(NET)" $(if $(REPLACE),--replace)
restore-drill: ready ## restore beside the suite to now and to a random moment, and compare all tables (SEED=7)
	@$(PYTHON) -m infra restore-drill $(if $(SEED),--seed $(SEED))

##@ Work on it
.PHONY: check test test-fast test-data test-suite test-long fmt openapi fuzz bench profile load bench-fan-out bench-images bench-internal bench-limits bench-overload bench-sign-in bench-stream bench-upload drills lock
check: ready-dev ## format, lint, types, import contracts, tidy
	@$(BIN)ruff format --check .
	@$(BIN)ruff check .
	@$(PYTHON) -m mypy
	@$(BIN)lint-imports
	@$(PYTHON) -m pytest -q tests/architecture
test: ready-dev ## the three tiers below, side by side where the machine allows, in suites that leave nothing
	@$(PYTHON) -m tests $(T)
test-fast: ready-dev ## tests that need no server: domain, contracts, architecture, one process
	@$(PYTHON) -m pytest -m "fast and not long" $(T)
test-data: ready-dev ## tests that need Postgres or Redis
	@$(PYTHON) -m pytest -m "data and not long" $(T)
test-suite: ready-dev ## tests that need all processes: journeys, failures
	@$(PYTHON) -m pytest -m "suite and not long" $(T)
test-long: ready-dev ## the tests that take minutes each: mistakes of operators, losses, promotions
	@$(PYTHON) -m pytest -m long --timeout=1800 $(T)
fmt: ready-dev ## format, and mend what the linter can mend
	@$(BIN)ruff format .
	@$(BIN)ruff check --fix .
openapi: ready-dev ## write all OpenAPI documents to docs/api/, where they are compared; nothing needs to run
	@$(PYTHON) -m tests.contract.documents
fuzz: ready-dev ## try the documents with made-up requests, longer than make test does (N=200 for each route)
	@RETRATO_FUZZ_EXAMPLES=$(or $(N),200) $(PYTHON) -m pytest tests/contract --timeout=3600 -q $(T)
bench: ready-dev ## what requests cost, next to their floors: a table and a page (after make up LIMITS=loose)
	@$(PYTHON) -m bench
profile: ready-dev ## a flame graph under load: make profile P=home, profile or posts (W=feed-1: of that process)
	@$(PYTHON) -m bench.profile $(or $(P),home) --process $(or $(W),gateway-1)
load: ready-dev ## a day of phones in some minutes, after looking for the knee: make load MINUTES=3 (after make up LIMITS=loose)
	@$(PYTHON) -m bench.load --minutes $(or $(MINUTES),3)
bench-fan-out: ready-dev ## posts to 10,000 timelines, next to what Redis could do at most (after make up)
	@$(PYTHON) -m bench.fan_out
bench-images: ready-dev ## what a photo costs, next to its floor and to other engines (needs djpeg)
	@$(PYTHON) -m bench.images
bench-internal: ready-dev ## what one call between two services costs
	@$(PYTHON) -m bench.internal_call
bench-limits: ready-dev ## what it costs to count a request against its caller's limits (after make up)
	@$(PYTHON) -m bench.limits
bench-overload: ready-dev ## three times the knee for a minute (after make up LIMITS=loose)
	@$(PYTHON) -m bench.overload
bench-sign-in: ready-dev ## does the time of a failed sign-in tell whether the account exists? (after make up)
	@$(PYTHON) -m bench.sign_in_timing
bench-stream: ready-dev ## how soon 500 connected viewers hear of a post, a gateway killed too (after make up LIMITS=loose)
	@$(PYTHON) -m bench.stream
bench-upload: ready-dev ## from the first byte of a picture to its being ready, step by step (after make up LIMITS=loose)
	@$(PYTHON) -m bench.upload_to_ready
drills: ready-dev ## break the suite under load in all ways that it must bear, then a table (RATE= RESTARTS=10 D="isolation")
	@$(PYTHON) -m bench.drills $(if $(RATE),--rate $(RATE)) --restarts $(or $(RESTARTS),2) $(if $(D),--only $(D))
lock: ready-dev ## pin the newest versions of what infra/locks/*.in ask for
	@cd infra/locks && for name in main dev; do \
		$(PYTHON) -m piptools compile $(LOCK_OPTIONS) --output-file=$$name.txt $$name.in; done
	@cd infra/locks && for name in gateway users upload feed infra; do \
		$(PYTHON) -m piptools compile $(LOCK_OPTIONS) --constraint=main.txt --output-file=$$name.txt $$name.in; done
	@cd infra/locks && $(PYTHON) -m piptools compile $(LOCK_OPTIONS) \
		--output-file=decoder.txt ../../services/upload/decoder/requirements.in

LOCK_OPTIONS := --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help ready ready-dev
ready:
	$(BOOTSTRAP)
ready-dev:
	$(BOOTSTRAP) --dev
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
