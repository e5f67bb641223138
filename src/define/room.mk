OBJS += $(addprefix src/define/, \
	objects.o \
	change.o \
	cycle.o \
	create.o \
	count.o \
	segment.o \
	rename.o \
	alter.o \
	drop.o \
	impact.o)

SQL += $(addprefix src/define/, \
	define.sql \
	impact.sql)
