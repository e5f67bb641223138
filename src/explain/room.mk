OBJS += $(addprefix src/explain/, \
	decide_text.o \
	decide_collect.o \
	decide_value.o \
	decide_override.o \
	decide_fetch.o \
	explain.o \
	classify.o \
	preview.o)

SQL += $(addprefix src/explain/, \
	explain.sql \
	preview.sql)
