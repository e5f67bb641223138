OBJS += $(addprefix src/market/, \
	snapshot_key.o \
	exchange_rate_read.o \
	exchange_rate_cache.o \
	convert_currency.o \
	iso_codes.o \
	language_fallback.o \
	market_segment.o \
	catalogue_key.o \
	market_customers.o \
	market_converted_price.o)

SQL += $(addprefix src/market/, \
	foreign_code.sql \
	exchange_rate.sql \
	iso_codes.sql \
	market.sql \
	offer.sql \
	price_list.sql \
	check_market.sql \
	manage_market.sql)
