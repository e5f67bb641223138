OBJS += $(addprefix src/rule/, \
	time_zone.o \
	normal.o \
	clock.o \
	rule_functions.o \
	rule_clock.o \
	rule_text.o \
	rule_program.o \
	rule_currency.o \
	rule_check.o \
	rule_parse.o \
	check_rule.o)

SQL += $(addprefix src/rule/, \
	rule.sql)
