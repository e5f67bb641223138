/*
 * cycle.c: no segment may depend on itself, directly or by others.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "names.h"
#include "refusal.h"
#include "define/define.h"
#include "model/model.h"

/* "model/segment", twice: the first depends on the second */
typedef struct Edge
{
	char	   *from;
	char	   *to;
	char	   *to_model;
	bool		by_rank;
} Edge;

/* all that the segment depends on, step by step; OFFSET 0 keeps each step from reading the whole view */
static List *
read_edges(const char *model, const char *segment)
{
	List	   *edges = NIL;

	catalogue_execute("WITH RECURSIVE edge AS ("
					  "SELECT * FROM segmentation.segment_dependency "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND segment OPERATOR(@types@.=) $2::@types@.segment_id "
					  "UNION SELECT d.* FROM edge e CROSS JOIN LATERAL (SELECT * FROM segmentation.segment_dependency d "
					  "WHERE d.model OPERATOR(@types@.=) e.to_model AND d.segment OPERATOR(@types@.=) e.to_segment OFFSET 0) d) "
					  "SELECT pg_catalog.concat(model, '/', segment), pg_catalog.concat(to_model, '/', to_segment), "
					  "to_model::pg_catalog.text, by_rank FROM edge",
					  2, OIDS(TEXTOID, TEXTOID),
					  DATUMS(CStringGetTextDatum(model), CStringGetTextDatum(segment)), NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Edge	   *edge = palloc(sizeof(Edge));

		edge->from = catalogue_get(i, 1);
		edge->to = catalogue_get(i, 2);
		edge->to_model = catalogue_get(i, 3);
		edge->by_rank = *catalogue_get(i, 4) == 't';
		edges = lappend(edges, edge);
	}
	return edges;
}

static bool
is_reached(const List *paths, const char *node)
{
	ListCell   *cell;

	foreach(cell, paths)
	{
		if (strcmp(llast(lfirst(cell)), node) == 0)
			return true;
	}
	return false;
}

/* a shortest path from a segment back to itself; NIL: there is none */
static List *
find_cycle(const List *edges, char *start)
{
	List	   *paths = list_make1(list_make1(start));

	for (int i = 0; i < list_length(paths); i++)
	{
		List	   *path = list_nth(paths, i);
		ListCell   *cell;

		foreach(cell, edges)
		{
			Edge	   *edge = lfirst(cell);

			if (strcmp(edge->from, llast(path)) != 0)
				continue;
			if (strcmp(edge->to, start) == 0)
				return lappend(list_copy(path), start);
			if (!is_reached(paths, edge->to))
				paths = lappend(paths, lappend(list_copy(path), edge->to));
		}
	}
	return NIL;
}

static bool
leads_to(const List *edges, const char *node)
{
	ListCell   *cell;

	foreach(cell, edges)
	{
		if (strcmp(((Edge *) lfirst(cell))->to, node) == 0)
			return true;
	}
	return false;
}

static bool
has_rank(const List *edges)
{
	ListCell   *cell;

	foreach(cell, edges)
	{
		if (((Edge *) lfirst(cell))->by_rank)
			return true;
	}
	return false;
}

static List *
models_of_path(const List *edges)
{
	List	   *models = NIL;
	ListCell   *cell;

	foreach(cell, edges)
	{
		if (!names_contain(models, ((Edge *) lfirst(cell))->to_model))
			models = lappend(models, ((Edge *) lfirst(cell))->to_model);
	}
	return models;
}

/*
 * All that the segment depends on, every model on the way locked so that no
 * other session adds to it.
 */
static List *
read_edges_locked(const char *model, const char *segment)
{
	List	   *edges = read_edges(model, segment);
	int			locked = 0;

	while (list_length(models_of_path(edges)) > locked)
	{
		change_lock(models_of_path(edges));
		locked = list_length(models_of_path(edges));
		edges = read_edges(model, segment);
	}
	return edges;
}

/*
 * In an exclusive model a segment also depends on the one that is asked before
 * it, and so on all of lower rank.
 */
void
cycle_check(const char *model, const char *segment)
{
	List	   *edges = read_edges_locked(model, segment);
	char	   *start = psprintf("%s/%s", model, segment);

	if (leads_to(edges, start))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("segment \"%s\" of model \"%s\" would depend on itself", segment, model),
				 errdetail("They depend on each other in a circle: %s.",
						   first_ten(find_cycle(edges, start), " -> ")),
				 has_rank(edges) ?
				 errhint("In an exclusive model a segment also depends on the segments of lower rank.") : 0));
}
