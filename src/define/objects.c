/*
 * objects.c: the tables, views and function of a model.
 *
 * They are ordinary objects of whoever creates the model, none a member of the
 * extension, so that they can be granted, indexed, published, partitioned,
 * distributed and dumped.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "key.h"
#include "refusal.h"
#include "model/objects.h"

/* what a key column's name is put into */
typedef enum KeyForm
{
	KEY_PLAIN,					/* id */
	KEY_ALIAS_A,				/* a.id */
	KEY_ALIAS_H,				/* h.id */
	KEY_TYPED,					/* id bigint */
	KEY_NOT_NULL				/* id bigint NOT NULL */
} KeyForm;

static char *
key_list(const List *key, KeyForm form)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, key)
	{
		KeyColumn  *column = lfirst(cell);

		appendStringInfo(&buf, "%s%s%s", foreach_current_index(cell) > 0 ? ", " : "",
						 form == KEY_ALIAS_A ? "a." : form == KEY_ALIAS_H ? "h." : "",
						 quote_identifier(column->name));
		if (form == KEY_TYPED || form == KEY_NOT_NULL)
			appendStringInfo(&buf, " %s", column->type_text);
		if (form == KEY_NOT_NULL)
			appendStringInfo(&buf, "%s NOT NULL", column->collate_text);
	}
	return buf.data;
}

static void pg_attribute_printf(1, 2)
execute(const char *format,...)
{
	StringInfoData buf;
	int			result;

	initStringInfo(&buf);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&buf, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&buf, needed);
	}
	result = execute_untold(buf.data, 0, NULL, NULL, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	pfree(buf.data);
}

/* quoted and qualified */
static char *
name_of(const char *schema, const char *prefix, const char *suffix)
{
	return quote_qualified_identifier(schema, psprintf("%s_%s", prefix, suffix));
}

/* an oid from a dump may name anyone's relation where the model's is gone */
static char *
name_if(bool is_ours, Oid relid)
{
	return is_ours ? relation_name(relid) : NULL;
}

static bool
is_view_of_segments(Oid relid, const List *key)
{
	ListCell   *cell;

	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_VIEW)
		return false;
	foreach(cell, key)
		if (get_attnum(relid, lfirst(cell)) == InvalidAttrNumber)
			return false;
	return relation_has_column(relid, "segment", segment_id_type());
}

static bool
at_exists(Oid schema, const char *prefix)
{
	Oid			argument = TIMESTAMPTZOID;

	return SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum(psprintf("%s_at", prefix)),
								 PointerGetDatum(buildoidvector(&argument, 1)), ObjectIdGetDatum(schema));
}

/* of the objects of a model that is to be created */
ModelNames *
objects_names(const char *id, const char *schema, const char *prefix, List *key)
{
	ModelNames *names = palloc0(sizeof(ModelNames));

	names->id = id;
	names->schema = schema;
	names->prefix = prefix;
	names->key = key;
	names->assignment = name_of(schema, prefix, "assignment");
	names->history = name_of(schema, prefix, "history");
	names->member = name_of(schema, prefix, "member");
	names->stay = name_of(schema, prefix, "stay");
	names->override = name_of(schema, prefix, "override");
	names->at = name_of(schema, prefix, "at");
	return names;
}

static void
create_assignment(const ModelNames *names)
{
	execute("CREATE TABLE %s (%s, since pg_catalog.timestamptz NOT NULL, recheck_at pg_catalog.timestamptz, "
			"version pg_catalog.int4 NOT NULL, segments %s.segment_id[], PRIMARY KEY (%s))",
			names->assignment, key_list(names->key, KEY_NOT_NULL),
			types_schema(), key_list(names->key, KEY_PLAIN));
	execute("CREATE INDEX ON %s USING gin (segments)", names->assignment);
	execute("CREATE INDEX ON %s (recheck_at) WHERE recheck_at IS NOT NULL", names->assignment);
}

static void
create_history(const ModelNames *names)
{
	execute("CREATE TABLE %s (%s, since pg_catalog.timestamptz NOT NULL, until pg_catalog.timestamptz NOT NULL, "
			"version pg_catalog.int4 NOT NULL, segments %s.segment_id[], cause pg_catalog.text NOT NULL, "
			"PRIMARY KEY (%s, since), CONSTRAINT period_not_empty CHECK (since < until))",
			names->history, key_list(names->key, KEY_NOT_NULL),
			types_schema(), key_list(names->key, KEY_PLAIN));
}

/*
 * The catalogue has the model's segments, and a foreign key would need a column
 * for the model: a trigger checks that there is such a segment.
 */
static void
create_override(const ModelNames *names)
{
	execute("CREATE TABLE %s (%s, set_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), "
			"expires_at pg_catalog.timestamptz CONSTRAINT expiry_finite CHECK (pg_catalog.isfinite(expires_at)), "
			"segment %s.segment_id NOT NULL, member pg_catalog.bool NOT NULL, "
			"reason pg_catalog.text NOT NULL CONSTRAINT reason_given CHECK (pg_catalog.btrim(reason) OPERATOR(pg_catalog.<>) ''), "
			"author pg_catalog.text NOT NULL DEFAULT SESSION_USER CONSTRAINT author_given CHECK (pg_catalog.btrim(author) OPERATOR(pg_catalog.<>) ''), "
			"PRIMARY KEY (%s, segment))",
			names->override, key_list(names->key, KEY_NOT_NULL), types_schema(), key_list(names->key, KEY_PLAIN));
	execute("CREATE TRIGGER check_override BEFORE INSERT OR UPDATE ON %s "
			"FOR EACH ROW EXECUTE FUNCTION segmentation.check_override()", names->override);
}

/* joined by @>, which the index on segments serves; unnest would read everyone */
void
objects_create_member(const ModelNames *names)
{
	execute("CREATE OR REPLACE VIEW %s WITH (security_invoker) AS SELECT %s, s.id AS segment, a.since FROM segmentation.segment s "
			"JOIN %s a ON a.segments @> ARRAY[s.id] WHERE s.model OPERATOR(%s.=) %s::%s.segment_id",
			names->member, key_list(names->key, KEY_ALIAS_A),
			names->assignment, types_schema(), quote_literal_cstr(names->id), types_schema());
}

/*
 * A stay is a run of periods with the segment, each beginning where the one
 * before ends.
 */
static void
create_stay(const ModelNames *names)
{
	char	   *key = key_list(names->key, KEY_PLAIN);

	execute("CREATE VIEW %1$s WITH (security_invoker) AS\n"
			"WITH period AS (\n"
			"    SELECT %2$s, segments, since, until FROM %3$s\n"
			"    UNION ALL\n"
			"    SELECT %2$s, segments, since, 'infinity' FROM %4$s WHERE since > '-infinity'\n"
			"), membership AS (\n"
			"    SELECT %2$s, s.segment, since, until,\n"
			"           since IS DISTINCT FROM lag(until) OVER (PARTITION BY %2$s, s.segment ORDER BY since) AS enters\n"
			"      FROM period CROSS JOIN LATERAL unnest(segments) s(segment)\n"
			"), numbered AS (\n"
			"    SELECT %2$s, segment, since, until,\n"
			"           count(*) FILTER (WHERE enters) OVER (PARTITION BY %2$s, segment ORDER BY since) AS stay\n"
			"      FROM membership\n"
			")\n"
			"SELECT %2$s, segment, min(since) AS entered_at, nullif(max(until), 'infinity') AS left_at,\n"
			"       least(max(until), greatest(segmentation.moment(), min(since))) - min(since) AS duration\n"
			"  FROM numbered GROUP BY %2$s, segment, stay",
			names->stay, key, names->history,
			names->assignment);
}

/* a body that the server has parsed: it follows renamed tables and is inlined */
static void
objects_create_at(const ModelNames *names)
{
	execute("CREATE FUNCTION %s(moment pg_catalog.timestamptz) RETURNS TABLE (%s, segments %s.segment_id[], "
			"since pg_catalog.timestamptz, until pg_catalog.timestamptz) LANGUAGE sql STABLE PARALLEL SAFE\n"
			"BEGIN ATOMIC\n"
			"    SELECT %s, h.segments, h.since, h.until FROM %s h WHERE h.since <= $1 AND h.until > $1\n"
			"    UNION ALL\n"
			"    SELECT %s, a.segments, a.since, NULL FROM %s a WHERE a.since <= $1 AND a.since > '-infinity';\n"
			"END",
			names->at, key_list(names->key, KEY_TYPED), types_schema(),
			key_list(names->key, KEY_ALIAS_H), names->history,
			key_list(names->key, KEY_ALIAS_A), names->assignment);
}

static void
comment(const char *kind, const char *name, const char *text)
{
	execute("COMMENT ON %s %s IS %s", kind, name, quote_literal_cstr(text));
}

static void
comment_columns(const char *relation, const char *const (*comments)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		comment("COLUMN", psprintf("%s.%s", relation, comments[i][0]), comments[i][1]);
}

static void
comment_key(const char *relation, const List *key)
{
	ListCell   *cell;

	foreach(cell, key)
		comment("COLUMN", psprintf("%s.%s", relation, quote_identifier(((KeyColumn *) lfirst(cell))->name)),
				"key of the customer, as the source has it");
}

#define COMMENT_COLUMNS(relation, comments) \
	comment_columns(relation, comments, lengthof(comments))

static void
comment_override(const ModelNames *names)
{
	static const char *const override[][2] = {
		{"set_at", "when it was decided"},
		{"expires_at", "when it ends by itself; NULL: never"},
		{"segment", "segment of the model that it is about"},
		{"member", "true: the customer is in the segment; false: is not"},
		{"reason", "why"},
		{"author", "who decided"}
	};

	comment_key(names->override, names->key);
	comment("TABLE", names->override,
			psprintf("people's decisions that beat the rules of model \"%s\"; they count from the next refresh", names->id));
	COMMENT_COLUMNS(names->override, override);
	comment("TRIGGER", psprintf("check_override ON %s", names->override),
			"the model has such a segment; who changes a decision is its author");
}

static void
comment_tables(const ModelNames *names)
{
	static const char *const assignment[][2] = {
		{"since", "when the database recorded this answer"},
		{"recheck_at", "when the next decision about the customer ends, by which the answer can change; NULL: none does"},
		{"version", "version of the model that decided"},
		{"segments", "the customer's segments, sorted; NULL: the customer has vanished from the source"}
	};
	static const char *const history[][2] = {
		{"since", "when the answer was recorded"},
		{"until", "when another one took its place"},
		{"version", "version of the model that decided this answer"},
		{"segments", "the customer's segments, sorted; NULL: the customer was not in the source"},
		{"cause", "what ended the period: refresh, the customer's data or the clock; definition, another rule; override, a person's decision"}
	};

	comment_key(names->assignment, names->key);
	comment_key(names->history, names->key);
	comment("TABLE", names->assignment,
			psprintf("stored answer of model \"%s\", one row per customer; written by segmentation.refresh", names->id));
	comment("TABLE", names->history,
			psprintf("earlier answers of model \"%s\", one row per customer and period", names->id));
	COMMENT_COLUMNS(names->assignment, assignment);
	COMMENT_COLUMNS(names->history, history);
}

static void
comment_views(const ModelNames *names)
{
	static const char *const member[][2] = {
		{"segment", "segment that the customer is in"},
		{"since", "when the customer's answer as a whole was recorded"}
	};
	static const char *const stay[][2] = {
		{"segment", "segment that the customer is or was in"},
		{"entered_at", "when the customer entered it"},
		{"left_at", "when the customer left it; NULL: is still in it"},
		{"duration", "time spent in it, so far"}
	};

	if (names->member)
	{
		comment_key(names->member, names->key);
		comment("VIEW", names->member,
				psprintf("customers and segments of model \"%s\", one row per membership", names->id));
		COMMENT_COLUMNS(names->member, member);
	}
	if (names->stay)
	{
		comment_key(names->stay, names->key);
		comment("VIEW", names->stay,
				psprintf("when customers entered and left segments of model \"%s\", one row per stay", names->id));
		COMMENT_COLUMNS(names->stay, stay);
	}
}

/*
 * Of those that a model has, wherever they are now; NULL where one is gone.
 * The view of stays and the function go by their names, and need both tables.
 */
ModelNames *
objects_found(const Model *model)
{
	ModelNames *names = palloc0(sizeof(ModelNames));
	bool		has_assignment = model_has_answers(model->assignment, "recheck_at", model->key);
	bool		has_history = model_has_answers(model->history, "until", model->key);
	Oid			schema = get_rel_namespace(has_history ? model->history : model->assignment);
	Oid			stay = get_relname_relid(psprintf("%s_stay", model->prefix), schema);

	names->id = model->id;
	names->prefix = model->prefix;
	names->schema = get_namespace_name(schema);
	names->assignment = name_if(has_assignment, model->assignment);
	names->history = name_if(has_history, model->history);
	names->member = name_if(is_view_of_segments(model->member, model->key), model->member);
	names->override = name_if(OidIsValid(model->override), model->override);
	names->stay = name_if(has_assignment && has_history && is_view_of_segments(stay, model->key), stay);
	if (has_assignment && has_history && at_exists(schema, model->prefix))
		names->at = name_of(names->schema, model->prefix, "at");
	return names;
}

/* functions, then views, then tables: each depends on what comes after it */
void
objects_drop(const ModelNames *names)
{
	char	   *relations[] = {names->stay, names->member, names->assignment, names->history, names->override};

	if (names->at)
		execute("DROP FUNCTION %s(pg_catalog.timestamptz)", names->at);
	for (size_t i = 0; i < lengthof(relations); i++)
		if (relations[i])
			execute("DROP %s %s", i < 2 ? "VIEW" : "TABLE", relations[i]);
}

static bool
has_options(Oid view)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(view));
	bool		isnull = false;

	if (HeapTupleIsValid(tuple))
	{
		(void) SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &isnull);
		ReleaseSysCache(tuple);
	}
	return !isnull;
}

/* of a model made when views were read with the rights of their owner, past row security */
void
objects_complete_views(const Model *model)
{
	Oid			schema = get_rel_namespace(model->assignment);
	Oid			views[] = {model->member, get_relname_relid(psprintf("%s_stay", model->prefix), schema)};
	bool		changed = false;

	for (size_t i = 0; i < lengthof(views); i++)
	{
		if (!OidIsValid(views[i]) || get_rel_relkind(views[i]) != RELKIND_VIEW || has_options(views[i]))
			continue;
		execute("ALTER VIEW %s SET (security_invoker)", relation_name(views[i]));
		changed = true;
	}
	if (changed)
		ereport(NOTICE,
				(errmsg("views of model \"%s\" are read with the rights of their reader from now on", model->id),
				 errhint("Who reads them needs SELECT on the model's assignment and history too.")));
}

/* the source's columns have other names now */
void
objects_rename_key(ModelNames *names, const List *before)
{
	char	   *relations[] = {names->assignment, names->history, names->override, names->member, names->stay};

	if (names->at)
		execute("DROP FUNCTION %s(pg_catalog.timestamptz)", names->at);
	for (int i = 0; i < list_length(before); i++)
	{
		const char *from = list_nth(before, i);
		const char *to = ((KeyColumn *) list_nth(names->key, i))->name;

		if (strcmp(from, to) != 0)
			for (size_t j = 0; j < lengthof(relations); j++)
				if (relations[j])
					execute("ALTER %s %s RENAME COLUMN %s TO %s", j < 3 ? "TABLE" : "VIEW",
							relations[j], quote_identifier(from), quote_identifier(to));
	}
	if (names->at)
		objects_create_at(names);
	objects_comment(names);
}

static void
drop_views(const ModelNames *names)
{
	if (names->at)
		execute("DROP FUNCTION %s(pg_catalog.timestamptz)", names->at);
	if (names->stay)
		execute("DROP VIEW %s", names->stay);
	if (names->member)
		execute("DROP VIEW %s", names->member);
}

static void
create_views(const ModelNames *names)
{
	if (names->member)
		objects_create_member(names);
	if (names->stay)
		create_stay(names);
	if (names->at)
		objects_create_at(names);
}

/*
 * The source's columns have other types now.  The server gives none to a column
 * that a view reads, so views and function are made again, and grants on them
 * are gone.
 */
void
objects_retype_key(Model *model, const ModelNames *names)
{
	char	   *tables[] = {names->assignment, names->history, names->override};
	char	   *member = names->member ? get_rel_name(model->member) : NULL;
	Oid			schema = names->member ? get_rel_namespace(model->member) : InvalidOid;
	ListCell   *cell;

	drop_views(names);
	for (size_t i = 0; i < lengthof(tables); i++)
		if (tables[i])
			foreach(cell, names->key)
			{
				KeyColumn  *column = lfirst(cell);

				execute("ALTER TABLE %s ALTER COLUMN %s TYPE %s%s", tables[i],
						quote_identifier(column->name), column->type_text, column->collate_text);
			}
	create_views(names);
	objects_comment(names);
	if (member)
		model->member = get_relname_relid(member, schema);
	ereport(NOTICE,
			(errmsg("views and function of model \"%s\" have to be made again for a key of another type", model->id),
			 errhint("Grants on them are gone then: grant again who may use them.")));
}

static void
comment_at(const ModelNames *names)
{
	comment("FUNCTION", psprintf("%s(pg_catalog.timestamptz)", names->at),
			psprintf("what the stored answer of model \"%s\" was at a moment", names->id));
}

void
objects_comment(const ModelNames *names)
{
	comment_tables(names);
	comment_views(names);
	if (names->override)
		comment_override(names);
	if (names->at)
		comment_at(names);
}

static void
check_relation_free(const ModelNames *names, const char *suffix)
{
	char	   *name = psprintf("%s_%s", names->prefix, suffix);

	if (strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("prefix \"%s\" is too long", names->prefix),
				 errdetail("\"%s\" has %zu bytes, and names have at most %d.",
						   name, strlen(name), NAMEDATALEN - 1)));
	if (OidIsValid(get_relname_relid(name, get_namespace_oid(names->schema, false))))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists in schema \"%s\"", name, names->schema),
				 errhint("Choose another prefix or schema for the model.")));
}

static void
check_free(const ModelNames *names, Oid schema)
{
	static const char *const suffixes[] = {"assignment", "history", "member", "stay", "override"};

	for (size_t i = 0; i < lengthof(suffixes); i++)
		check_relation_free(names, suffixes[i]);
	if (at_exists(schema, names->prefix))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_FUNCTION),
				 errmsg("function \"%s_at\" already exists in schema \"%s\"", names->prefix, names->schema),
				 errhint("Choose another prefix or schema for the model.")));
}

/* under a safe search_path, as the role that is to own them */
void
objects_create(Model *model, const ModelNames *names)
{
	Oid			schema = get_namespace_oid(names->schema, false);

	check_free(names, schema);
	create_assignment(names);
	create_history(names);
	objects_create_member(names);
	create_stay(names);
	create_override(names);
	objects_create_at(names);
	objects_comment(names);
	model->assignment = get_relname_relid(psprintf("%s_assignment", names->prefix), schema);
	model->history = get_relname_relid(psprintf("%s_history", names->prefix), schema);
	model->member = get_relname_relid(psprintf("%s_member", names->prefix), schema);
	model->override = get_relname_relid(psprintf("%s_override", names->prefix), schema);
}

/* whether a view or function of the model's is there, under whatever name; the view of members reads no history */
static bool
history_is_read_by(const Model *model, const char *readers)
{
	execute("SELECT WHERE segmentation_internal.is_read_by(%u, 'pg_catalog.%s', %u)",
			model->history, readers, model->member);
	return SPI_processed > 0;
}

static void
complete_override(Model *model, const ModelNames *created, Oid schema)
{
	check_relation_free(created, "override");
	create_override(created);
	comment_override(created);
	model->override = get_relname_relid(psprintf("%s_override", model->prefix), schema);
}

static void
complete_views(Model *model, const ModelNames *names, ModelNames *created, Oid schema)
{
	if (names->member == NULL)
	{
		check_relation_free(created, "member");
		objects_create_member(created);
		model->member = get_relname_relid(psprintf("%s_member", model->prefix), schema);
	}
	else
		created->member = NULL;
	if (!history_is_read_by(model, "pg_rewrite"))
	{
		check_relation_free(created, "stay");
		create_stay(created);
	}
	else
		created->stay = NULL;
	comment_views(created);
}

/* what can be made again of a model that has lost it, under the names of the rest */
void
objects_complete(Model *model, const ModelNames *names)
{
	ModelNames *created = objects_names(model->id, names->schema, model->prefix, names->key);
	Oid			schema = get_namespace_oid(names->schema, false);

	created->assignment = names->assignment;
	created->history = names->history;
	if (names->override == NULL)
		complete_override(model, created, schema);
	complete_views(model, names, created, schema);
	if (!history_is_read_by(model, "pg_proc"))
	{
		objects_create_at(created);
		comment_at(created);
	}
}
