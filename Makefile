# astout: `make demo` and `make test` do all the set-up they need; `make` only builds.
B        = build
PKGS     = lua5.4 sqlite3 jansson libevent libevent_pthreads uuid inih libedit libcrypto
ROOMS    = base ami store script dialer face sim
CFLAGS  ?= -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations \
           -Wwrite-strings -Wpointer-arith -Wundef -Wformat=2 -Wlogical-op -Wvla $(WERROR)
CPPFLAGS += -Iengine -I$(B) -D_GNU_SOURCE $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm -lpthread
SAN_FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)

SRC  = $(foreach r,$(ROOMS),$(wildcard engine/$r/*.c))
MAIN = engine/face/main.c
OBJ  = $(patsubst engine/%.c,$(B)/%.o,$(SRC))
LIB  = $(filter-out $(B)/face/main.o,$(OBJ))
UNIT = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

all: $(B)/astout

$(B)/astout: $(OBJ)
	@echo "  LINK  $@"
	@$(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: engine/%.c
	@mkdir -p $(@D)
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

clean:
	rm -rf $(B)

.PHONY: all unit clean
-include $(OBJ:.o=.d) $(UNIT:=.d)
