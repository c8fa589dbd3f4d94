# astout: `make demo` and `make test` do all the set-up they need; `make` only builds.
B        = build
PKGS     = lua5.4 sqlite3 jansson libevent libevent_openssl uuid libedit libssl libcrypto
ROOMS    = base record io conf ami store store/sqlite script/lua script/hook script/shell \
           dialer/core dialer/learn dialer/plan dialer/campaign dialer/list dialer/pbx dialer/call \
           dialer/pace dialer/decide dialer/noun dialer sim control console lab main
CFLAGS  ?= -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations \
           -Wwrite-strings -Wpointer-arith -Wundef -Wformat=2 -Wlogical-op -Wvla $(WERROR)
CPPFLAGS += -Iengine -I$(B) -D_GNU_SOURCE $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -lpthread
SAN_FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)

SRC  = $(foreach r,$(ROOMS),$(wildcard engine/$r/*.c))
MAIN = engine/main/main.c
OBJ  = $(patsubst engine/%.c,$(B)/%.o,$(SRC))
OBJ += $(B)/prelude.o
LIB  = $(filter-out $(B)/main/main.o,$(OBJ))
# The console's Lua, run in this order, becomes part of the binary.
PRELUDE = $(patsubst %,scripts/%.lua,console consoleout consoleshow consolehelp consoleline \
            consolecomplete)
UNIT = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

all: $(B)/astout

$(B)/astout: $(OBJ)
	@echo "  LINK  $@"
	@$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: engine/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -std=c11 $(WARN) $(CPPFLAGS) $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

$(B)/prelude.c: $(PRELUDE) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "console/inner.h"'; \
	   echo 'const struct shell_source console_prelude[] = {'; \
	   for f in $(PRELUDE); do echo "{\"$$(basename $$f)\","; \
	       sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $$f; echo '},'; done; \
	   echo '{0}};'; } >$@

$(B)/prelude.o: $(B)/prelude.c
	@echo "  CC    $<"
	@$(CC) -std=c11 $(WARN) $(CPPFLAGS) $(CFLAGS) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

$(B)/libastout.a: $(LIB)
	@rm -f $@ && ar rcs $@ $^

$(B)/unit/%: tests/unit/%.c $(B)/libastout.a
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) -std=c11 $(WARN) -Itests/unit $(CPPFLAGS) $(CFLAGS) $(SAN_FLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(B)/libastout.a $(LDLIBS) -lcmocka

unit: $(UNIT)

# Each of these sets up what it needs; the build itself then runs in a make of its own,
# which sees the packages.
demo:
	@tests/setup build
	@$(MAKE) --no-print-directory -s all
	@tests/demo

TEST_SET_UP = tests/setup test && $(MAKE) --no-print-directory -s -j2 all unit && \
              tests/check_rooms && tests/check_style && \
              luacheck -q strategies scripts conf tests/worlds
RUN_TESTS   = /usr/bin/python3 -m pytest -q --timeout 600

test:
	@echo "make test: everything, about 11 minutes on two idle cores (the first time some more, to make two Asterisks);"
	@echo "           make check shows most of it in less than one"
	@$(TEST_SET_UP)
	@$(RUN_TESTS) tests $(PYTEST)

# The format and what clang-tidy finds, with the versions of Debian 12 (14): others format otherwise
# and know other checks. About a minute on two idle cores; .clang-tidy says what is looked for.
FORMATTED = $(shell find engine tests/clock.c tests/unit tests/fuzz -name '*.[ch]')

lint:
	@tests/setup lint
	@$(MAKE) --no-print-directory -s lint-alone

lint-alone:
	@clang-format --dry-run -Werror $(FORMATTED)
	@printf '%s\n' $(SRC) | xargs -P2 -n8 sh -c 'clang-tidy --quiet "$$@" -- -std=c11 $(CPPFLAGS) 2>/dev/null' clang-tidy

# All tests with other clocks than the machine's: Sunday night, the night with an hour less and the one
# with an hour more, the last night of February (tests/at; one of your own: MOMENTS=2028-02-29T23:59@UTC).
MOMENTS = 2026-11-29T23:59:30@UTC 2027-03-28T01:59:30@Europe/Berlin \
          2026-10-25T02:59:30@Europe/Berlin 2027-02-28T23:59:30@UTC

test-clock:
	@echo "make test-clock: everything, at $(words $(MOMENTS)) moments: each takes as long as make test"
	@$(TEST_SET_UP)
	@for m in $(MOMENTS); do \
	    echo "$$m"; \
	    TZ=$${m#*@} tests/at "$${m%@*}" $(RUN_TESTS) tests $(PYTEST) || failed="$$failed $$m"; \
	done; [ -z "$$failed" ] || { echo "failed at$$failed"; exit 1; }

# Between two edits: what needs no real Asterisk and takes no seconds (markers in tests/conftest.py),
# on both cores at once.
check:
	@echo "make check: the unit tests and what is quick with the simulated Asterisk, under a minute on two idle cores;"
	@echo "            make test is everything"
	@$(TEST_SET_UP)
	@$(RUN_TESTS) -n 2 --dist loadgroup -m "not asterisk and not slow" tests/unit tests $(PYTEST)

# docs/console.md: its session is typed into a terminal; its reference and that of docs/ami.md
# come from the program.
docs: all
	@ASTOUT_UPDATE=1 /usr/bin/python3 -m pytest -q tests/e2e/test_console.py -k document
	@ASTOUT_UPDATE=1 /usr/bin/python3 -m pytest -q tests/test_docs.py -k ami

bench:
	@tests/setup test
	@$(MAKE) --no-print-directory -s -j2 all
	@/usr/bin/python3 tests/bench/bench.py

# docs/lab.md: what predictive dialing reaches, in some hundred shifts; goes on where it was stopped.
lab:
	@tests/setup build
	@$(MAKE) --no-print-directory -s -j2 all
	@/usr/bin/python3 tests/lab/lab.py

# Optional, with clang: coverage-guided, one minute each.
fuzz:
	@for t in framing users conf; do \
	    clang -std=c11 -g -O1 -D_GNU_SOURCE -Iengine $(CPPFLAGS) -fsanitize=fuzzer,address,undefined \
	        -o $(B)/fuzz-$$t tests/fuzz/$$t.c engine/base/*.c engine/record/*.c engine/io/*.c engine/conf/*.c engine/ami/message.c engine/ami/framing.c \
	        $(LDLIBS) && $(B)/fuzz-$$t -max_total_time=60 || exit 1; done

clean:
	rm -rf $(B)

.PHONY: all unit fuzz demo test test-clock check bench lab docs lint lint-alone clean
-include $(OBJ:.o=.d) $(UNIT:=.d)
