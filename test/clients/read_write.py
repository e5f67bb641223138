# What test/t/clients.pl runs on Python: writes its table of vectors through
# parameters, in text and in binary, reads it again in both, and prints what it
# read.  segmentation.py is the code of doc/clients.md.
import sys
from decimal import Decimal

import psycopg
from psycopg.types.composite import CompositeInfo, register_composite

sys.path.insert(0, sys.argv[1])
from segmentation import Price, SegmentId, register  # noqa: E402


def show(value):
    if value is None:
        return "-"
    if isinstance(value, Price):
        return f"{value.amount:f} {value.currency}"
    if isinstance(value, (list, tuple)):
        return f"[{' '.join(map(show, value))}]"
    assert isinstance(value, SegmentId), type(value)
    return value


def refusal(connection, marker, types, value):
    try:
        connection.execute(f"SELECT {marker}::{types}", [value])
        return "none"
    except psycopg.Error as error:
        return f"{error.sqlstate} {error.diag.message_hint}"


with psycopg.connect(autocommit=True) as connection:
    vectors = connection.execute("SELECT n, segment, amount, currency FROM vector ORDER BY n").fetchall()
    segments = [segment and SegmentId(segment) for _, segment, _, _ in vectors]
    prices = [amount and Price(Decimal(amount), currency) for _, _, amount, currency in vectors]
    register(connection)
    offer = CompositeInfo.fetch(connection, "offer")
    register_composite(offer, connection)

    for form, marker in ("text", "%t"), ("binary", "%b"):
        for i, vector in enumerate(vectors):
            one = offer.python_type(segments[i], prices[i])
            connection.execute(
                f"INSERT INTO written VALUES ('psycopg', '{form}', %s, {', '.join([marker] * 6)})",
                [vector[0], segments[i], prices[i], segments, prices, one, [one] if i else []],
            )
    for form in "text", "binary":
        for row in connection.execute(
            "SELECT segment, price, segments, prices, offer, offers FROM written"
            " WHERE client = 'psycopg' ORDER BY form, n",
            binary=form == "binary",
        ):
            print(form, *map(show, row))
    print("refused", refusal(connection, "%t", "segment_id", SegmentId("no id")))
    print("refused", refusal(connection, "%b", "segment_id", SegmentId("-")))
    print("refused", refusal(connection, "%t", "currency_price", "9,90 EUR"))
    print("refused", refusal(connection, "%b", "currency_price", Price(Decimal(0), "XXX")))
