# PostgreSQL's extension build (PGXS), and the commands of the README:
# make demo, make test, make bench.

EXTENSION = segmentation
MODULE_big = segmentation
PGFILEDESC = "segmentation - customer segmentation inside the database"

# the rooms, each knowing only those before it, as test/layers checks; a room's
# own list has its C, and its SQL in the order of installation
ROOMS = types measure rule model market lock override decide refresh explain define restore starter

REGRESS = \
	extension \
	kept_plans \
	currencies \
	currencies_iso \
	segment_id \
	segment_id_order \
	segment_id_properties \
	currency_price \
	currency_price_ops \
	currency_price_rounding \
	currency_price_order \
	currency_price_estimates \
	currency_price_index \
	currency_price_aggs \
	currency_price_windows \
	currency_price_properties \
	currency_price_revenue \
	currency_price_format \
	tiers \
	exchange_rates \
	exchange_rates_properties \
	markets \
	market_checks \
	messages \
	hints \
	iso_codes \
	iso_codes_lists \
	price_list \
	nps \
	nps_tally \
	latest_nps_class \
	nps_properties \
	nps_environment \
	rfm \
	rfm_properties \
	rfm_orders \
	arguments \
	model_rules \
	model_explain \
	model_explain_properties \
	key_types \
	model_completed \
	model_row_security \
	model_erasure \
	model_program \
	model_refresh \
	model_failures \
	model_faults \
	model_failure_kinds \
	model_overrides \
	model_names \
	model_impact \
	model_starters \
	model_starters_rfm \
	model_starters_orders \
	model_sources \
	model_moment \
	source_clock \
	model_failing_ranks \
	model_column_once \
	model_starters_hostile \
	lock_install \
	lock_installer \
	lock_quoting \
	lock_lost \
	lock_conditions \
	lock_conditions_generated \
	lock_subscriptions \
	lock_customers \
	lock_offers \
	lock_keys \
	lock_names \
	lock_move \
	lock_partitions \
	lock_triggers \
	lock_security \
	lock_rights \
	lock_repair \
	lock_renames \
	lock_statement \
	lock_waits \
	lock_markets \
	model_nulls \
	model_generated \
	model_random \
	model_settings \
	model_mistakes \
	model_limits \
	model_telco \
	model_blood \
	telco \
	chinook \
	model_catalogue \
	model_security \
	model_lost \
	model_rights \
	model_retention \
	model_migrations \
	printed \
	check_dump \
	model_swapped \
	install_traps \
	check_restore \
	catalog \
	soft_errors
ISOLATION = \
	concurrent_change \
	concurrent_subscriptions \
	concurrent_move \
	concurrent_delete \
	concurrent_install \
	concurrent_deferred \
	concurrent_offer \
	concurrent_partition \
	exchange_rates \
	model_cycle \
	concurrent_overrides \
	concurrent_activation \
	concurrent_market \
	concurrent_retire \
	concurrent_catalogue_key \
	dropped_meanwhile \
	concurrent_refresh \
	concurrent_forget \
	refresh_definition

PG_CONFIG ?= pg_config
OPTFLAGS ?=

srcroot := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
include $(srcroot)/src/room.mk $(ROOMS:%=$(srcroot)/src/%/room.mk)
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(srcroot)/segmentation.control)

DATA_built = segmentation--$(EXTVERSION).sql
DATA = $(notdir $(wildcard $(srcroot)/segmentation--*--*.sql))
REGRESS_OPTS += --load-extension=segmentation --no-locale --encoding=UTF8
ISOLATION_OPTS += --inputdir=$(srcroot)/test --load-extension=segmentation --no-locale --encoding=UTF8
EXTRA_CLEAN = build

PG_CPPFLAGS = -I$(srcroot)/src -DSEGMENTATION_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = $(OPTFLAGS)
# until PostgreSQL 16 libraries see each other's functions: ours calls its own,
# whatever others of the same names are loaded
ifeq ($(shell uname -s), Linux)
SHLIB_LINK += -Wl,-Bsymbolic
endif
ifdef WERROR
PG_CPPFLAGS += -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS += -Wextra -Wno-unused-parameter -Werror
endif

# a PostgreSQL that was built in its own source tree has lost PGXS's own VPATH
ifneq ($(CURDIR),$(abspath $(srcroot)))
VPATH := $(srcroot)
endif

# no headers of the server: only the commands that can install them
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h),)
include $(PGXS)
else
all install installcheck:
	@$(srcroot)/test/packages --explain
clean:
	rm -rf $(EXTRA_CLEAN)
endif

# PGXS knows no headers, and makes no folders in a VPATH build
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcroot)/src/*.h $(srcroot)/src/*/*.h) | $(addprefix $(CURDIR)/,$(sort $(dir $(OBJS))))
$(addprefix $(CURDIR)/,$(sort $(dir $(OBJS)))):
	mkdir -p $@

segmentation--$(EXTVERSION).sql: $(SQL) $(srcroot)/Makefile $(srcroot)/segmentation.control
	cat $(filter %.sql,$^) > $@

MINUTES ?= 30
.PHONY: demo test format test-versions test-upgrade test-settings bench valgrind fuzz coverage dist
list-%:
	@echo $($*)
demo:
	@$(srcroot)/demo/run
test:
	@$(srcroot)/test/more-packages
	@$(srcroot)/test/with-server test/run
format:
	@$(srcroot)/test/format
test-versions:
	@$(srcroot)/test/versions $(VERSIONS)
test-upgrade:
	@$(srcroot)/test/upgrades $(UPGRADES)
test-settings:
	@$(srcroot)/test/settings $(SETTINGS)
bench:
	@SEGMENTATION_CONF="$$(cat $(srcroot)/test/bench/postgresql.conf)" \
		$(srcroot)/test/with-server test/bench/run
coverage:
	@$(srcroot)/test/coverage
valgrind:
	@$(srcroot)/test/valgrind
fuzz:
	@$(srcroot)/test/fuzz/run $(srcroot)/build/fuzz -max_total_time=$$(($(MINUTES) * 60))
dist:
	git -C $(srcroot) archive --format zip --prefix=segmentation-$(EXTVERSION)/ -o "$(CURDIR)/segmentation-$(EXTVERSION).zip" HEAD
