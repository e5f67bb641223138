OBJS += $(addprefix src/restore/, \
	operators.o \
	check_dump.o \
	check_restore.o)

SQL += $(addprefix src/restore/, \
	lost_rows.sql \
	check_restore.sql \
	check_dump.sql)
