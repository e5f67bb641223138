OBJS += $(addprefix src/lock/, \
	quoted.o \
	arguments.o \
	messages.o \
	rights.o \
	author.o \
	condition.o \
	consent.o \
	invalidation.o \
	watch.o \
	definition.o \
	violations.o \
	definitions.o \
	queries.o \
	depend.o \
	rows.o \
	lookup.o \
	installed.o \
	cache.o \
	execute.o \
	session.o \
	run.o \
	check.o \
	collect.o \
	statement.o \
	subscription.o \
	moved.o \
	key.o \
	offer.o \
	move.o \
	customer.o \
	forget.o \
	literal.o)

SQL += $(addprefix src/lock/, \
	lock.sql \
	install.sql)
