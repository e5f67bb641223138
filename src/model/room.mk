OBJS += $(addprefix src/model/, \
	schema.o \
	context.o \
	moment.o \
	catalogue.o \
	relation_reference.o \
	description.o \
	model.o \
	model_key.o \
	rights.o \
	failing.o \
	source.o \
	likely_column.o \
	model_fault.o \
	evaluation.o \
	rows.o \
	source_clock.o \
	subscriber.o)

SQL += $(addprefix src/model/, \
	relation_reference.sql \
	catalogue.sql)
