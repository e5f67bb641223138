OBJS += $(addprefix src/refresh/, \
	refresh_rows.o \
	refresh_source.o \
	refresh_first.o \
	refresh_difference.o \
	refresh_write.o \
	refresh_failure.o \
	refresh_log.o \
	refresh.o \
	verify_query.o \
	verify.o \
	retention.o)

SQL += $(addprefix src/refresh/, \
	refresh.sql)
