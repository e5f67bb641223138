OBJS += $(addprefix src/define/, \
	objects.o \
	owned.o \
	complete.o \
	rekey.o \
	change.o \
	cycle.o \
	create.o \
	count.o \
	segment.o \
	rename.o \
	adapt.o \
	alter.o \
	drop.o \
	impact_compare.o \
	impact.o)

SQL += $(addprefix src/define/, \
	define.sql \
	impact.sql)
