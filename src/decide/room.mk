OBJS += $(addprefix src/decide/, \
	fence.o \
	answer.o \
	reference.o \
	program.o \
	segments_of.o \
	analyse.o \
	compile.o \
	failure.o)

SQL += $(addprefix src/decide/, \
	segments_of.sql \
	answer.sql)
