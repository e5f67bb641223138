OBJS += $(addprefix src/types/, \
	currency.o \
	segment_id.o \
	segment_id_order.o \
	decimal.o \
	decimal_numeric.o \
	currency_price.o \
	currency_price_parts.o \
	currency_price_ops.o \
	currency_price_round.o \
	currency_price_revenue.o \
	currency_price_format.o \
	currency_price_compare.o \
	currency_price_selfuncs.o \
	currency_price_support.o \
	currency_price_sum.o \
	currency_price_sum_io.o \
	tier_scale.o \
	tier.o)

SQL += $(addprefix src/types/, \
	currency.sql \
	segment_id.sql \
	segment_id_order.sql \
	currency_price.sql \
	currency_price_ops.sql \
	currency_price_compare.sql \
	currency_price_aggs.sql \
	currency_price_revenue.sql \
	currency_price_format.sql \
	tier_scale.sql)
