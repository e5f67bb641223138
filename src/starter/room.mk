SQL += $(addprefix src/starter/, \
	starter.sql)
