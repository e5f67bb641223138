/*
 * read_write.c: what test/t/clients.pl runs in C: writes its table of vectors through
 * binary parameters, reads it again in binary, and prints what it read.
 * segmentation.h is the code of doc/clients.md.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "libpq-fe.h"

#include "segmentation.h"

#define MAX_VECTORS 100
#define MAX_BYTES 10000

typedef struct Offer
{
	bool		has_segment;
	bool		has_price;
	char		segment[25];
	Price		price;
} Offer;

typedef enum Kind
{
	SEGMENT,
	PRICE,
	OFFER,
	KINDS
} Kind;

typedef struct Value
{
	char		bytes[MAX_BYTES];
	int			length;			/* -1: NULL */
} Value;

static PGconn *connection;
static Offer offers[MAX_VECTORS];
static int	count;
static uint32_t oids[KINDS];

static PGresult *
run(const char *sql, int parameters, const Oid *types, const Value *values, int result_format)
{
	const char *pointers[10];
	int			lengths[10];
	int			formats[10];

	for (int i = 0; i < parameters; i++)
	{
		pointers[i] = values[i].length < 0 ? NULL : values[i].bytes;
		lengths[i] = values[i].length;
		formats[i] = 1;
	}
	return PQexecParams(connection, sql, parameters, types, pointers, lengths, formats, result_format);
}

static PGresult *
must(PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
	{
		fprintf(stderr, "%s", PQresultErrorMessage(result));
		exit(1);
	}
	return result;
}

/* ---- writing ---- */

static bool
is_null(const Offer *offer, Kind kind)
{
	return kind == SEGMENT ? !offer->has_segment : kind == PRICE && !offer->has_price;
}

static int	write_offer(char *bytes, const Offer *offer);

/* length and bytes of one value */
static int
write_value(char *bytes, const Offer *offer, Kind kind)
{
	int			length = -1;

	if (!is_null(offer, kind))
		length = kind == SEGMENT ? write_segment(bytes + 4, offer->segment) :
			kind == PRICE ? write_price(bytes + 4, &offer->price) :
			write_offer(bytes + 4, offer);
	write_number(bytes, (uint32_t) length, 4);
	return 4 + (length < 0 ? 0 : length);
}

static int
write_offer(char *bytes, const Offer *offer)
{
	char	   *end = bytes + write_number(bytes, 2, 4);

	for (Kind kind = SEGMENT; kind <= PRICE; kind++)
	{
		end += write_number(end, oids[kind], 4);
		end += write_value(end, offer, kind);
	}
	return (int) (end - bytes);
}

static int
write_array(char *bytes, const Offer *from, int length, Kind kind)
{
	char	   *end = bytes;

	end += write_number(end, length > 0, 4);
	end += write_number(end, 1, 4);
	end += write_number(end, oids[kind], 4);
	if (length > 0)
	{
		end += write_number(end, (uint64_t) length, 4);
		end += write_number(end, 1, 4);
	}
	for (int i = 0; i < length; i++)
		end += write_value(end, &from[i], kind);
	return (int) (end - bytes);
}

/* without the length that write_value puts in front */
static void
set_value(Value *value, const Offer *offer, Kind kind)
{
	char		bytes[MAX_BYTES];

	value->length = write_value(bytes, offer, kind) - 4;
	memcpy(value->bytes, bytes + 4, (size_t) value->length);
	if (is_null(offer, kind))
		value->length = -1;
}

static void
write_rows(void)
{
	static Value values[7];

	for (int i = 0; i < count; i++)
	{
		values[0].length = write_number(values[0].bytes, (uint64_t) i + 1, 4);
		set_value(&values[1], &offers[i], SEGMENT);
		set_value(&values[2], &offers[i], PRICE);
		values[3].length = write_array(values[3].bytes, offers, count, SEGMENT);
		values[4].length = write_array(values[4].bytes, offers, count, PRICE);
		set_value(&values[5], &offers[i], OFFER);
		values[6].length = write_array(values[6].bytes, &offers[i], i > 0, OFFER);
		PQclear(must(run("INSERT INTO written VALUES ('libpq', 'binary', $1, $2, $3, $4, $5, $6, $7)",
						 7, NULL, values, 1)));
	}
}

/* ---- reading ---- */

static void print_offer(const char *bytes);

static void
print_value(const char *bytes, int length, Kind kind)
{
	char		segment[25];
	Price		price;

	if (length < 0)
		printf("-");
	else if (kind == SEGMENT)
	{
		read_segment(bytes, segment);
		printf("%s", segment);
	}
	else if (kind == PRICE)
	{
		read_price(bytes, &price);
		printf("%" PRId64 "e-%d %s", price.mantissa, price.decimals, price.currency);
	}
	else
		print_offer(bytes);
}

/* length and bytes of one value; returns what comes behind it */
static const char *
print_next(const char *bytes, Kind kind)
{
	int			length = (int32_t) read_number(bytes, 4);

	print_value(bytes + 4, length, kind);
	return bytes + 4 + (length < 0 ? 0 : length);
}

static void
print_offer(const char *bytes)
{
	printf("[");
	bytes = print_next(bytes + 8, SEGMENT);
	printf(" ");
	print_next(bytes + 4, PRICE);
	printf("]");
}

static void
print_array(const char *bytes, Kind kind)
{
	int			length = read_number(bytes, 4) > 0 ? (int) read_number(bytes + 12, 4) : 0;

	bytes += 20;
	printf("[");
	for (int i = 0; i < length; i++)
	{
		printf("%s", i > 0 ? " " : "");
		bytes = print_next(bytes, kind);
	}
	printf("]");
}

static void
read_rows(void)
{
	PGresult   *result = must(run("SELECT segment, price, offer, segments, prices, offers FROM written"
								  " WHERE client = 'libpq' ORDER BY n", 0, NULL, NULL, 1));

	for (int row = 0; row < PQntuples(result); row++)
	{
		printf("binary ");
		for (Kind kind = SEGMENT; kind <= PRICE; kind++)
		{
			print_value(PQgetvalue(result, row, kind),
						PQgetisnull(result, row, kind) ? -1 : PQgetlength(result, row, kind), kind);
			printf(" ");
		}
		print_array(PQgetvalue(result, row, 3), SEGMENT);
		printf(" ");
		print_array(PQgetvalue(result, row, 4), PRICE);
		printf(" ");
		print_offer(PQgetvalue(result, row, 2));
		printf(" ");
		print_array(PQgetvalue(result, row, 5), OFFER);
		printf("\n");
	}
	PQclear(result);
}

static void
print_refusal(Kind kind, const char *bytes, int length)
{
	static Value value;
	PGresult   *result;

	memcpy(value.bytes, bytes, (size_t) length);
	value.length = length;
	result = run("SELECT $1", 1, &oids[kind], &value, 1);
	printf("refused %s %s\n", PQresultErrorField(result, PG_DIAG_SQLSTATE),
		   PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
	PQclear(result);
}

static void
read_vectors(void)
{
	PGresult   *result = must(run("SELECT segment, replace(amount, '.', ''), currency,"
								  " coalesce(length(split_part(amount, '.', 2)), 0) FROM vector ORDER BY n",
								  0, NULL, NULL, 0));

	for (count = 0; count < PQntuples(result); count++)
	{
		Offer	   *offer = &offers[count];

		offer->has_segment = !PQgetisnull(result, count, 0);
		offer->has_price = !PQgetisnull(result, count, 1);
		strcpy(offer->segment, PQgetvalue(result, count, 0));
		offer->price.mantissa = strtoll(PQgetvalue(result, count, 1), NULL, 10);
		strcpy(offer->price.currency, PQgetvalue(result, count, 2));
		offer->price.decimals = atoi(PQgetvalue(result, count, 3));
	}
	PQclear(result);
	result = must(run("SELECT 'segment_id'::regtype::oid, 'currency_price'::regtype::oid, 'offer'::regtype::oid",
					  0, NULL, NULL, 0));
	for (Kind kind = SEGMENT; kind < KINDS; kind++)
		oids[kind] = (uint32_t) strtoul(PQgetvalue(result, 0, kind), NULL, 10);
	PQclear(result);
}

int
main(void)
{
	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
	{
		fprintf(stderr, "%s", PQerrorMessage(connection));
		return 1;
	}
	read_vectors();
	write_rows();
	read_rows();
	print_refusal(SEGMENT, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	print_refusal(PRICE, "\0\0\0\0\0\0\0\1XXX", 12);
	PQfinish(connection);
	return 0;
}
