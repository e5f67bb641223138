OBJS += $(addprefix src/, \
	segmentation.o \
	option.o \
	refusal.o \
	relation.o \
	expression.o \
	argument.o \
	names.o \
	key.o \
	owner.o \
	trial.o)

SQL += $(addprefix src/, \
	extension.sql \
	refusal.sql)
