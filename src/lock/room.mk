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
	attempt.o \
	definitions.o \
	text.o \
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
	look.o \
	blockers.o \
	permit.o \
	move.o \
	violations.o \
	customer.o \
	forget.o \
	literal.o)

SQL += $(addprefix src/lock/, \
	lock.sql \
	installed.sql \
	tables.sql \
	triggers.sql \
	conflicts.sql \
	install.sql \
	remove.sql)
