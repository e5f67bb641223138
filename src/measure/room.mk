OBJS += $(addprefix src/measure/, \
	revenue_tier.o \
	score.o \
	normal.o \
	nps_class.o \
	nps_tally.o \
	nps_tally_ops.o \
	nps.o \
	latest_nps_class.o \
	quantile.o \
	quantile_io.o \
	rfm.o)

SQL += $(addprefix src/measure/, \
	revenue_tier.sql \
	nps_class.sql \
	nps_tally.sql \
	nps_tally_ops.sql \
	nps.sql \
	latest_nps_class.sql \
	quantile.sql \
	rfm.sql)
