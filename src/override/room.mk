OBJS += $(addprefix src/override/, \
	override.o \
	override_text.o \
	override_check.o \
	override_status.o)

SQL += $(addprefix src/override/, \
	override.sql)
