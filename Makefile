# PostgreSQL's extension build (PGXS), and the commands of the README:
# make demo, make test, make bench.

EXTENSION = segmentation
MODULE_big = segmentation
PGFILEDESC = "segmentation - customer segmentation inside the database"

# each room's C, and the SQL that declares it, in the order of installation
OBJS = \
	src/segmentation.o \
	src/relation.o \
	src/expression.o \
	src/refusal.o \
	src/key.o \
	src/types/currency.o \
	src/types/segment_id.o \
	src/types/segment_id_order.o \
	src/types/decimal.o \
	src/types/decimal_numeric.o \
	src/types/currency_price.o \
	src/types/currency_price_parts.o \
	src/types/currency_price_ops.o \
	src/types/currency_price_round.o \
	src/types/currency_price_revenue.o \
	src/types/currency_price_format.o \
	src/types/currency_price_compare.o \
	src/types/currency_price_selfuncs.o \
	src/types/currency_price_support.o \
	src/types/currency_price_sum.o \
	src/types/currency_price_sum_io.o \
	src/types/tier_scale.o \
	src/types/tier.o \
	src/measure/revenue_tier.o \
	src/measure/score.o \
	src/measure/normal.o \
	src/measure/nps_class.o \
	src/measure/nps_tally.o \
	src/measure/nps_tally_ops.o \
	src/measure/nps.o \
	src/measure/latest_nps_class.o \
	src/measure/quantile.o \
	src/measure/quantile_io.o \
	src/measure/rfm.o \
	src/rule/normal.o \
	src/lock/definition.o \
	src/lock/condition.o \
	src/lock/author.o \
	src/lock/queries.o \
	src/lock/messages.o \
	src/lock/rights.o \
	src/lock/watch.o \
	src/lock/depend.o \
	src/lock/installed.o \
	src/lock/run.o \
	src/lock/cache.o \
	src/lock/lookup.o \
	src/lock/running.o \
	src/lock/check.o \
	src/lock/subscription.o \
	src/lock/statement.o \
	src/lock/moved.o \
	src/lock/customer.o \
	src/lock/offer.o \
	src/lock/key.o \
	src/lock/move.o \
	src/lock/forget.o \
	src/market/snapshot_key.o \
	src/market/exchange_rate_read.o \
	src/market/exchange_rate_cache.o \
	src/market/convert_currency.o \
	src/market/iso_codes.o \
	src/market/language_fallback.o \
	src/market/market_segment.o \
	src/market/catalogue_key.o \
	src/market/market_customers.o \
	src/market/market_converted_price.o \
	src/model/moment.o \
	src/model/context.o \
	src/model/catalogue.o \
	src/model/relation_reference.o \
	src/model/model.o \
	src/model/model_fault.o \
	src/model/source.o \
	src/model/clock.o \
	src/model/source_clock.o \
	src/model/objects.o \
	src/model/create.o \
	src/model/change.o \
	src/model/cycle.o \
	src/model/trial.o \
	src/model/check_dump.o \
	src/model/check_restore.o \
	src/model/count.o \
	src/model/segment.o \
	src/model/alter.o \
	src/model/drop.o \
	src/model/retention.o \
	src/model/override.o \
	src/model/override_text.o \
	src/model/override_check.o \
	src/model/override_status.o \
	src/model/reference.o \
	src/model/program.o \
	src/model/segments_of.o \
	src/model/rule_functions.o \
	src/model/rule_check.o \
	src/model/rule_parse.o \
	src/model/rule_clock.o \
	src/model/rule_text.o \
	src/model/rule_currency.o \
	src/model/check_rule.o \
	src/model/decide_collect.o \
	src/model/decide_value.o \
	src/model/decide_text.o \
	src/model/decide_override.o \
	src/model/decide_fetch.o \
	src/model/explain.o \
	src/model/classify.o \
	src/model/preview.o \
	src/model/fence.o \
	src/model/compile.o \
	src/model/refresh.o \
	src/model/refresh_rows.o \
	src/model/refresh_source.o \
	src/model/refresh_first.o \
	src/model/refresh_difference.o \
	src/model/refresh_write.o \
	src/model/refresh_failure.o \
	src/model/subscriber.o \
	src/model/refresh_log.o \
	src/model/verify.o \
	src/model/impact.o

SQL = \
	src/extension.sql \
	src/refusal.sql \
	src/foreign_code.sql \
	src/types/currency.sql \
	src/types/segment_id.sql \
	src/types/segment_id_order.sql \
	src/types/currency_price.sql \
	src/types/currency_price_ops.sql \
	src/types/currency_price_compare.sql \
	src/types/currency_price_aggs.sql \
	src/types/currency_price_revenue.sql \
	src/types/currency_price_format.sql \
	src/types/tier_scale.sql \
	src/measure/revenue_tier.sql \
	src/measure/nps_class.sql \
	src/measure/nps_tally.sql \
	src/measure/nps_tally_ops.sql \
	src/measure/nps.sql \
	src/measure/latest_nps_class.sql \
	src/measure/quantile.sql \
	src/measure/rfm.sql \
	src/model/relation_reference.sql \
	src/lock/lock.sql \
	src/lock/install.sql \
	src/market/exchange_rate.sql \
	src/model/catalogue.sql \
	src/market/iso_codes.sql \
	src/market/market.sql \
	src/market/offer.sql \
	src/market/price_list.sql \
	src/market/check_market.sql \
	src/market/manage_market.sql \
	src/model/define.sql \
	src/model/override.sql \
	src/model/segments_of.sql \
	src/model/rule.sql \
	src/model/explain.sql \
	src/model/preview.sql \
	src/model/refresh.sql \
	src/model/starter.sql \
	src/model/impact.sql \
	src/model/lost_rows.sql \
	src/model/check_restore.sql \
	src/model/check_dump.sql

REGRESS = \
	extension \
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
	dropped_meanwhile \
	concurrent_refresh \
	concurrent_forget \
	refresh_definition

PG_CONFIG ?= pg_config
OPTFLAGS ?=

srcroot := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(srcroot)/segmentation.control)

DATA_built = segmentation--$(EXTVERSION).sql
DATA = $(notdir $(wildcard $(srcroot)/segmentation--*--*.sql))
REGRESS_OPTS += --load-extension=segmentation --no-locale --encoding=UTF8
ISOLATION_OPTS += --inputdir=$(srcroot)/test --load-extension=segmentation --no-locale --encoding=UTF8
EXTRA_CLEAN = build

PG_CPPFLAGS = -I$(srcroot)/src
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
.PHONY: demo test test-versions test-upgrade test-settings bench valgrind fuzz coverage dist
list-%:
	@echo $($*)
demo:
	@$(srcroot)/demo/run
test:
	@$(srcroot)/test/more-packages
	@$(srcroot)/test/with-server test/run
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
