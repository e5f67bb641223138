# PostgreSQL's extension build (PGXS), and the commands of the README:
# make demo, make test, make bench.

EXTENSION = segmentation
MODULE_big = segmentation
PGFILEDESC = "segmentation - customer segmentation inside the database"

# each room's C, and the SQL that declares it, in the order of installation
OBJS = \
	src/segmentation.o \
	src/types/currency.o \
	src/types/segment_id.o \
	src/types/segment_id_order.o \
	src/types/decimal.o \
	src/types/decimal_numeric.o \
	src/types/currency_price.o \
	src/types/currency_price_parts.o \
	src/types/currency_price_ops.o \
	src/types/currency_price_round.o \
	src/types/currency_price_compare.o \
	src/types/currency_price_selfuncs.o \
	src/types/currency_price_sum.o \
	src/types/currency_price_sum_io.o \
	src/types/tier_scale.o \
	src/types/tier.o \
	src/measure/revenue_tier.o

SQL = \
	src/extension.sql \
	src/types/currency.sql \
	src/types/segment_id.sql \
	src/types/segment_id_order.sql \
	src/types/currency_price.sql \
	src/types/currency_price_ops.sql \
	src/types/currency_price_compare.sql \
	src/types/currency_price_aggs.sql \
	src/types/tier_scale.sql \
	src/measure/revenue_tier.sql

REGRESS = extension \
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
	currency_price_aggs \
	currency_price_properties \
	tiers
ISOLATION =

PG_CONFIG ?= pg_config
OPTFLAGS ?=

srcroot := $(patsubst %/,%,$(dir $(abspath $(firstword $(MAKEFILE_LIST)))))
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(srcroot)/segmentation.control)

DATA_built = segmentation--$(EXTVERSION).sql
DATA = $(wildcard $(srcroot)/segmentation--*--*.sql)
REGRESS_OPTS += --load-extension=segmentation
ISOLATION_OPTS += --inputdir=$(srcroot)/test --load-extension=segmentation
EXTRA_CLEAN = build

PG_CPPFLAGS = -I$(srcroot)/src
PG_CFLAGS = $(OPTFLAGS)
ifdef WERROR
PG_CPPFLAGS += -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS += -Wextra -Wno-unused-parameter -Werror
endif

# no headers of the server: only the commands that can install them
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h),)
include $(PGXS)
else
all install installcheck clean:
	@$(srcroot)/test/packages --explain
endif

# PGXS knows no headers, and makes no folders in a VPATH build
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcroot)/src/*.h $(srcroot)/src/*/*.h) | $(addprefix $(CURDIR)/,$(sort $(dir $(OBJS))))
$(addprefix $(CURDIR)/,$(sort $(dir $(OBJS)))):
	mkdir -p $@

segmentation--$(EXTVERSION).sql: $(SQL) $(srcroot)/Makefile $(srcroot)/segmentation.control
	cat $(filter %.sql,$^) > $@

.PHONY: demo test bench dist
test:
	@$(srcroot)/test/run
demo:
	@$(srcroot)/demo/run
bench:
	@$(srcroot)/test/with-server $(srcroot)/test/bench/run
dist:
	git -C $(srcroot) archive --format zip --prefix=segmentation-$(EXTVERSION)/ -o $(CURDIR)/segmentation-$(EXTVERSION).zip HEAD
