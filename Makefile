# A thin front door over CMake: `make help` lists what it opens. Written for Debian 12.

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

PROGRAMS := offgrid offgrid-pack offgrid-serve offgrid-sync

# Debian packages. This is the one list; CONTRIBUTING.md and CI refer to it.
BUILD_PACKAGES := ca-certificates ccache cmake g++ git help2man libarchive-dev libcli11-dev libcrypt-dev libcurl4-openssl-dev \
  libdb5.3-dev libdeflate-dev libfmt-dev libgdal-dev libgmock-dev libgtest-dev libhiredis-dev libjpeg62-turbo-dev \
  liblmdb-dev libmicrohttpd-dev libpcre2-dev libpoco-dev libpugixml-dev libspng-dev libsqlite3-dev \
  libssl-dev libturbojpeg0-dev libutf8proc-dev libwebp-dev libxxhash-dev ninja-build \
  nlohmann-json3-dev pkg-config python3
TEST_PACKAGES := apache2 bash-completion chromium curl db5.3-util gdal-bin libxml2-utils lmdb-utils man-db mapcache-cgi mapcache-tools memcached munge \
  openssl python3-gdal redis-server slurm-wlm sqlite3 systemd unzip zip
# What a device build links in of Debian; other machines' come from packaging/device/sysroot.sh. The last of
# them is only what pugixml's CMake package looks for.
DEVICE_LIBRARIES := libcli11-dev libcrypt-dev libdeflate-dev libjpeg62-turbo-dev libpcre2-dev libpugixml-dev libsqlite3-dev libssl-dev \
  libwebp-dev libxxhash-dev nlohmann-json3-dev zlib1g-dev libpugixml1v5
DEVICE_PACKAGES := dpkg-dev $(DEVICE_LIBRARIES)
ARM64_PACKAGES := g++-aarch64-linux-gnu
DEVICE_TEST_PACKAGES := binutils python3 qemu-user-static
DEB_PACKAGES := debhelper dpkg-dev
BENCH_PACKAGES := gdal-bin libapache2-mod-mapcache mapcache-tools nginx-light python3-gdal wrk
FORMAT_PACKAGES := clang-format git
LINT_PACKAGES := clang-tidy

# Not always Debian's: a machine with another Node.js has its own npm, and Debian's package would conflict with it.
NPM_PACKAGE := $(if $(shell command -v npm),,npm)

# What runs under ThreadSanitizer, which sees the locks of libraries too that are built without it.
THREAD_TESTS := offgrid_formats_test offgrid_serve_test offgrid_sync_test offgrid_sync_slow_test

WEB := serve/web
WEB_PACKAGES := $(WEB)/node_modules/.package-lock.json
DEVICE_LIBRARIES_OF := build/device-libraries
SERVERS := tests/servers
SERVER_PACKAGES := $(SERVERS)/node_modules/.package-lock.json
BENCH_SERVERS := tests/bench/servers
BENCH_SERVER_PACKAGES := $(BENCH_SERVERS)/node_modules/.package-lock.json
SOURCES := git ls-files --cached --others --exclude-standard '*.h' '*.cpp'

# $(call install_missing,PACKAGES): install those that are not there. Silent when all are.
define install_missing
@if command -v dpkg-query >/dev/null; then \
  present=" $$(dpkg-query -W -f='$${Package}:$${db:Status-Status} ' $(1) 2>/dev/null)"; \
  missing=; \
  for package in $(1); do \
    case "$$present" in *" $$package:installed "*) ;; *) missing="$$missing $$package" ;; esac; \
  done; \
  if [ -n "$$missing" ]; then \
    echo "Installing from Debian:$$missing"; \
    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
    $$sudo apt-get update -qq && \
    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
  fi; \
else echo "This is no Debian system; needed are the counterparts of: $(1)"; fi
endef

.DEFAULT_GOAL := all
.PHONY: all build demo test check quick-check format-check format layers lint asan tsan bench install clean help \
  device device-arm64 device-test deb manual build-packages test-packages bench-packages format-packages lint-packages \
  device-packages arm64-packages device-test-packages deb-packages

all: build demo  ## Install what is missing, build a release, run the main job on the sample (the default)

build: build/release/build.ninja  ## Build the programs into build/release/bin
	@cmake --build --preset release --parallel $(JOBS) --target $(PROGRAMS)

demo:  ## Pack the sample, serve it, replace a part of it while it is read
	@python3 examples/main_job.py --programs build/release/bin

test: test-packages $(SERVER_PACKAGES) build/release/build.ninja  ## Build and run all tests
	@cmake --build --preset release --parallel $(JOBS)
	@ctest --test-dir build/release --output-on-failure --parallel 2

check: quick-check asan lint  ## Format, layers, lint of what changed, fast tests under ASan and UBSan

quick-check: format-check layers

format-check: format-packages
	@$(SOURCES) | xargs -r clang-format --dry-run -Werror && echo "format ok"

format: format-packages  ## Format every source in place
	@$(SOURCES) | xargs -r clang-format -i

layers: build-packages
	@python3 tests/check_layers.py .

lint: asan lint-packages
	@tests/lint_changed.sh build/asan

asan: test-packages build-packages $(WEB_PACKAGES) $(SERVER_PACKAGES)
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan --parallel $(JOBS)
	@ctest --test-dir build/asan --output-on-failure --parallel 2 --label-exclude slow

tsan: test-packages build-packages $(WEB_PACKAGES)  ## Run what has threads under ThreadSanitizer, the load test included
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan --parallel $(JOBS) --target $(THREAD_TESTS)
	@set -e; for program in $(THREAD_TESTS); do \
	  TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1" OFFGRID_REPLACES=100 \
	    build/tsan/bin/$$program --gtest_brief=1; done

bench: build test-packages bench-packages $(BENCH_SERVER_PACKAGES)  ## Measure packing, serving and replaces beside others
	@python3 tests/bench/pack_bench.py --pack build/release/bin/offgrid-pack
	@python3 tests/bench/transfer_bench.py --pack build/release/bin/offgrid-pack
	@python3 tests/bench/serve_bench.py --serve build/release/bin/offgrid-serve
	@python3 tests/bench/replace_bench.py --program build/release/bin/offgrid-sync
	@python3 tests/bench/replace_cost_bench.py --program build/release/bin/offgrid-sync

device: device-packages $(WEB_PACKAGES) $(DEVICE_LIBRARIES_OF)/native/complete  ## Build the server as one file that needs only libc, in build/device/bin
	@cmake --preset device >/dev/null
	@cmake --build --preset device --parallel $(JOBS) --target offgrid-serve
	@ls -lh build/device/bin/offgrid-serve

device-arm64: arm64-packages $(WEB_PACKAGES) $(DEVICE_LIBRARIES_OF)/arm64/complete  ## The same for 64-bit ARM, in build/device-arm64/bin
	@cmake --preset device-arm64 >/dev/null
	@cmake --build --preset device-arm64 --parallel $(JOBS) --target offgrid-serve
	@ls -lh build/device-arm64/bin/offgrid-serve

device-test: device device-test-packages  ## Run it where there is nothing but libc, and that for ARM when it was built
	@python3 tests/device/device_test.py build/device/bin/offgrid-serve
	@if [ -e build/device-arm64/bin/offgrid-serve ]; then \
	  python3 tests/device/device_test.py build/device-arm64/bin/offgrid-serve --emulator qemu-aarch64-static; fi

manual: build  ## Write the manual pages into build/release/manual
	@cmake --build --preset release --target manual

deb: manual deb-packages  ## Build Debian packages of the programs into build/deb
	@mkdir -p build/deb
	@DEB_RULES_REQUIRES_ROOT=no DEB_BUILD_OPTIONS=noautodbgsym debian/rules binary >build/deb/log 2>&1 || { cat build/deb/log; exit 1; }
	@debian/rules clean >/dev/null
	@ls -lh build/deb/*.deb

install: manual  ## Install the programs, manual pages and completions under PREFIX (/usr/local); DESTDIR is heeded
	@cmake --install build/release --prefix $(PREFIX)

clean:  ## Remove everything that was built
	@rm -rf build

help:  ## Show this
	@awk -F ':.*  ## ' '/^[a-z0-9-]+:.*  ## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build-packages:
	$(call install_missing,$(BUILD_PACKAGES) $(NPM_PACKAGE))

test-packages:
	$(call install_missing,$(TEST_PACKAGES))

bench-packages:
	$(call install_missing,$(BENCH_PACKAGES))

format-packages:
	$(call install_missing,$(FORMAT_PACKAGES))

device-packages: build-packages
	$(call install_missing,$(DEVICE_PACKAGES))

arm64-packages: device-packages
	$(call install_missing,$(ARM64_PACKAGES))

device-test-packages:
	$(call install_missing,$(DEVICE_TEST_PACKAGES))

deb-packages:
	$(call install_missing,$(DEB_PACKAGES))

lint-packages:
	$(call install_missing,$(LINT_PACKAGES))

# Configured once; from then on the build looks after itself.
build/release/build.ninja: | build-packages $(WEB_PACKAGES)
	@cmake --preset release >/dev/null

# Debian's sources and packages for a device build: see packaging/device.
$(DEVICE_LIBRARIES_OF)/native/complete: packaging/device/static_libraries.sh | device-packages
	@packaging/device/static_libraries.sh $(@D)

$(DEVICE_LIBRARIES_OF)/arm64/complete: packaging/device/static_libraries.sh build/sysroot-arm64/complete
	@packaging/device/static_libraries.sh $(@D) aarch64-linux-gnu build/sysroot-arm64

build/sysroot-arm64/complete: packaging/device/sysroot.sh | arm64-packages
	@packaging/device/sysroot.sh $(@D) arm64 $(DEVICE_LIBRARIES)

# From npm: the viewer's library, and the servers that the tests and the benchmarks run against.
$(WEB_PACKAGES) $(SERVER_PACKAGES) $(BENCH_SERVER_PACKAGES): %/node_modules/.package-lock.json: %/package-lock.json | build-packages
	@npm ci --prefix $* --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
