# What can be made here: `make` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Where `make run` stores: local or minio.
STORE ?= local
JOBS ?= $(shell nproc)

# The images. ENGINE is docker, podman or buildah; PLATFORM is linux/amd64 or linux/arm64, and empty the engine's own;
# BUILD_FLAGS go to the engine as they are.
ENGINE ?= docker
COLLECTOR_IMG ?= collector:v0.1.0
HISTORYSERVER_IMG ?= historyserver:v0.1.0
PLATFORM ?=
BUILD_FLAGS ?=
# Docker knows by itself on what it builds; Debian 12's buildah and podman are to be told.
OWN_PLATFORM = $(if $(filter-out docker,$(notdir $(ENGINE))),--build-arg BUILDPLATFORM=linux/$(subst aarch64,arm64,$(subst x86_64,amd64,$(shell uname -m))))
VERSION = $(shell awk '/^project/ {print $$3}' CMakeLists.txt)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
# The commit's time and not this minute's: the same commit gives the same labels.
CREATED ?= $(shell TZ=UTC0 git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null || date -u +%Y-%m-%dT%H:%M:%SZ)

DEBUG_FLAGS = $(if $(PLATFORM),--platform $(PLATFORM) $(OWN_PLATFORM)) $(BUILD_FLAGS)
IMAGE_FLAGS = $(if $(PLATFORM),--platform $(PLATFORM) $(OWN_PLATFORM)) --build-arg VERSION=$(VERSION) \
  --build-arg REVISION=$(REVISION) --build-arg CREATED=$(CREATED) $(BUILD_FLAGS)

# One compiler cache serves every checkout (cmake/compiler.cmake takes the checkout's path out of what is compiled).
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.PHONY: help
help:  ## list the targets
	@echo "make TARGET"
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  %-24s %s\n' "$$name" "$$text"; done

.PHONY: deps
deps:  ## install what is missing: Debian packages, and the tools that tests need (Ray, MinIO, pytest)
	@scripts/packages.sh build run test
	@scripts/tools.sh ray tests minio azurite >/dev/null
	@echo "deps: all is there"

.PHONY: packages
packages:
	@scripts/packages.sh build run

.PHONY: build
build: packages  ## build both programs: build/bin/collector, build/bin/historyserver
	@scripts/build.sh release collector historyserver
	@mkdir -p build/bin
	@for program in collector historyserver; do ln -sfn "../release/bin/$$program" "build/bin/$$program"; done

.PHONY: run
run: build  ## a real Ray node and the collector beside it, and what it stored (STORE=local or minio)
	@scripts/run.sh $(STORE)

.PHONY: test
test:  ## everything: unit tests, sanitizers, lint, fuzzing, whole processes, real Ray and MinIO
	@scripts/test.sh

.PHONY: check
check: lint  ## lint and the unit tests of the release build: what a pull request has to pass first
	@scripts/build.sh release
	@ctest --test-dir build/release --output-on-failure --no-tests=error -j $(JOBS)

.PHONY: test-image
test-image: packages  ## the images and real pods of them alone (as make test does, too)
	@scripts/packages.sh test image
	@scripts/test_image.sh

.PHONY: diagram
diagram:  ## draw the folders of src/ and their arrows into docs/architecture.md
	@python3 scripts/folder_diagram.py

.PHONY: manifests
manifests:  ## make config/*.yaml from config/kustomize
	@scripts/manifests.sh

.PHONY: soak
soak: build  ## chaos until something breaks (SEED=, ROUNDS=, CHAOS_STORE=minio, local, azurite, gcs, an S3 server's name or all)
	@"$$(scripts/tools.sh tests)" -m tests.chaos --store $(or $(CHAOS_STORE),all) $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS))

.PHONY: picture
picture: build  ## draw docs/grafana-dashboard.png from a real run of five minutes
	@scripts/picture.sh

.PHONY: picture-historyserver
picture-historyserver: build  ## draw docs/historyserver-*.png: a recorded session in a real Chromium
	@scripts/packages.sh test
	@variables=$$(scripts/tools.sh --variables tests ray minio) && eval "$$variables" && \
	  RAYHISTORY_PICTURES=docs "$$RAYHISTORY_PYTHON" -m pytest -q tests/historyserver/test_chromium.py

.PHONY: localimage-collector
localimage-collector:  ## the collector's image (ENGINE=docker, podman or buildah; COLLECTOR_IMG=, PLATFORM=)
	$(ENGINE) build --file Dockerfile.collector --tag $(COLLECTOR_IMG) $(IMAGE_FLAGS) .

.PHONY: localimage-historyserver
localimage-historyserver:  ## the History Server's, with Ray's dashboard (the same, HISTORYSERVER_IMG=)
	$(ENGINE) build --file Dockerfile.historyserver --tag $(HISTORYSERVER_IMG) $(IMAGE_FLAGS) .

# Each takes the bare image that the engine has by then, and adds a shell to it.
.PHONY: localimage-collector-debug
localimage-collector-debug: localimage-collector  ## the collector's image with a shell and kill beside it (the tag ends in -debug)
	$(ENGINE) build --file Dockerfile.debug --tag $(COLLECTOR_IMG)-debug --build-arg IMAGE=$(COLLECTOR_IMG) $(DEBUG_FLAGS) .

.PHONY: localimage-historyserver-debug
localimage-historyserver-debug: localimage-historyserver  ## the same for the History Server
	$(ENGINE) build --file Dockerfile.debug --tag $(HISTORYSERVER_IMG)-debug --build-arg IMAGE=$(HISTORYSERVER_IMG) $(DEBUG_FLAGS) .

.PHONY: test-heavy
test-heavy: build  ## what takes minutes: 30,000 log files, a file of 10 GB, the image for the other architecture
	@"$$(scripts/tools.sh tests)" -m pytest tests -m heavy --durations=0

.PHONY: test-stores
test-stores: build  ## the S3 servers that are slow to build or to start: Ceph, SeaweedFS, Garage and s3s-fs; an hour the first time, then minutes
	@scripts/build.sh release store_test
	@scripts/tools.sh versitygw rclone moto s3s-fs ceph seaweedfs garage >/dev/null
	@RAYHISTORY_BIN_DIR=$(CURDIR)/build/release/bin "$$(scripts/tools.sh tests)" -m pytest tests -q --durations=0 -m stores

.PHONY: stores-table
stores-table: build  ## write the table of S3 servers in docs/stores.md from what each of them does
	@scripts/tools.sh versitygw rclone moto s3s-fs ceph seaweedfs garage >/dev/null
	@"$$(scripts/tools.sh tests)" -m tests.stores.docs_table

.PHONY: bench
bench:  ## measure: the pieces, and the whole collector beside its goals (ARGS=--help)
	@scripts/bench.sh $(ARGS)

.PHONY: lint
lint: packages  ## clang-tidy, clang-format, include arrows, shellcheck, actionlint; changes nothing
	@scripts/packages.sh test
	@scripts/build.sh release --configure-only
	@scripts/tools.sh
	@scripts/lint.sh

.PHONY: format
format:  ## clang-format on every C++ file
	@scripts/packages.sh test
	@git ls-files --cached --others --exclude-standard -- '*.h' '*.cpp' | xargs --no-run-if-empty clang-format-14 -i

.PHONY: clean
clean:  ## remove build/, and stop what an earlier `make run` left running; fetched tools stay
	@if [[ -x scripts/run.sh ]]; then scripts/run.sh stop; fi
	@rm -rf build
