/*
 * currency.c: the ISO 4217 codes, compiled in, and currencies(), which lists
 * them.
 *
 * Compiled in, because input functions may read no table: a dump restores
 * prices before the rows of any table are there.
 */
#include "segmentation.h"

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "types/currency.h"

#define LETTERS 26

/*
 * Up to which amendment to ISO 4217 the table goes, and since when that one is
 * in force: to be raised together with what it changes.
 */
#define CURRENCY_AMENDMENT 180
#define CURRENCY_AMENDMENT_SINCE "2026-01-01"

/* ISO 4217 list one, and codes that were withdrawn; by code, names in UTF-8 */
static const Currency currency_table[] = {
	{"ADP", 20, 0, true, "Andorran Peseta"},
	{"AED", 784, 2, false, "UAE Dirham"},
	{"AFN", 971, 2, false, "Afghani"},
	{"ALL", 8, 2, false, "Lek"},
	{"AMD", 51, 2, false, "Armenian Dram"},
	{"ANG", 532, 2, true, "Netherlands Antillean Guilder"},
	{"AOA", 973, 2, false, "Kwanza"},
	{"ARS", 32, 2, false, "Argentine Peso"},
	{"ATS", 40, 2, true, "Schilling"},
	{"AUD", 36, 2, false, "Australian Dollar"},
	{"AWG", 533, 2, false, "Aruban Florin"},
	{"AZN", 944, 2, false, "Azerbaijan Manat"},
	{"BAM", 977, 2, false, "Convertible Mark"},
	{"BBD", 52, 2, false, "Barbados Dollar"},
	{"BDT", 50, 2, false, "Taka"},
	{"BEF", 56, 0, true, "Belgian Franc"},
	{"BGN", 975, 2, true, "Bulgarian Lev"},
	{"BHD", 48, 3, false, "Bahraini Dinar"},
	{"BIF", 108, 0, false, "Burundi Franc"},
	{"BMD", 60, 2, false, "Bermudian Dollar"},
	{"BND", 96, 2, false, "Brunei Dollar"},
	{"BOB", 68, 2, false, "Boliviano"},
	{"BOV", 984, 2, false, "Mvdol"},
	{"BRL", 986, 2, false, "Brazilian Real"},
	{"BSD", 44, 2, false, "Bahamian Dollar"},
	{"BTN", 64, 2, false, "Ngultrum"},
	{"BWP", 72, 2, false, "Pula"},
	{"BYN", 933, 2, false, "Belarusian Ruble"},
	{"BYR", 974, 0, true, "Belarusian Ruble"},
	{"BZD", 84, 2, false, "Belize Dollar"},
	{"CAD", 124, 2, false, "Canadian Dollar"},
	{"CDF", 976, 2, false, "Congolese Franc"},
	{"CHE", 947, 2, false, "WIR Euro"},
	{"CHF", 756, 2, false, "Swiss Franc"},
	{"CHW", 948, 2, false, "WIR Franc"},
	{"CLF", 990, 4, false, "Unidad de Fomento"},
	{"CLP", 152, 0, false, "Chilean Peso"},
	{"CNY", 156, 2, false, "Yuan Renminbi"},
	{"COP", 170, 2, false, "Colombian Peso"},
	{"COU", 970, 2, false, "Unidad de Valor Real"},
	{"CRC", 188, 2, false, "Costa Rican Colon"},
	{"CUC", 931, 2, true, "Peso Convertible"},
	{"CUP", 192, 2, false, "Cuban Peso"},
	{"CVE", 132, 2, false, "Cabo Verde Escudo"},
	{"CYP", 196, 2, true, "Cyprus Pound"},
	{"CZK", 203, 2, false, "Czech Koruna"},
	{"DEM", 276, 2, true, "Deutsche Mark"},
	{"DJF", 262, 0, false, "Djibouti Franc"},
	{"DKK", 208, 2, false, "Danish Krone"},
	{"DOP", 214, 2, false, "Dominican Peso"},
	{"DZD", 12, 2, false, "Algerian Dinar"},
	{"EEK", 233, 2, true, "Kroon"},
	{"EGP", 818, 2, false, "Egyptian Pound"},
	{"ERN", 232, 2, false, "Nakfa"},
	{"ESP", 724, 0, true, "Spanish Peseta"},
	{"ETB", 230, 2, false, "Ethiopian Birr"},
	{"EUR", 978, 2, false, "Euro"},
	{"FIM", 246, 2, true, "Markka"},
	{"FJD", 242, 2, false, "Fiji Dollar"},
	{"FKP", 238, 2, false, "Falkland Islands Pound"},
	{"FRF", 250, 2, true, "French Franc"},
	{"GBP", 826, 2, false, "Pound Sterling"},
	{"GEL", 981, 2, false, "Lari"},
	{"GHS", 936, 2, false, "Ghana Cedi"},
	{"GIP", 292, 2, false, "Gibraltar Pound"},
	{"GMD", 270, 2, false, "Dalasi"},
	{"GNF", 324, 0, false, "Guinean Franc"},
	{"GRD", 300, 0, true, "Drachma"},
	{"GTQ", 320, 2, false, "Quetzal"},
	{"GYD", 328, 2, false, "Guyana Dollar"},
	{"HKD", 344, 2, false, "Hong Kong Dollar"},
	{"HNL", 340, 2, false, "Lempira"},
	{"HRK", 191, 2, true, "Kuna"},
	{"HTG", 332, 2, false, "Gourde"},
	{"HUF", 348, 2, false, "Forint"},
	{"IDR", 360, 2, false, "Rupiah"},
	{"IEP", 372, 2, true, "Irish Pound"},
	{"ILS", 376, 2, false, "New Israeli Sheqel"},
	{"INR", 356, 2, false, "Indian Rupee"},
	{"IQD", 368, 3, false, "Iraqi Dinar"},
	{"IRR", 364, 2, false, "Iranian Rial"},
	{"ISK", 352, 0, false, "Iceland Krona"},
	{"ITL", 380, 0, true, "Italian Lira"},
	{"JMD", 388, 2, false, "Jamaican Dollar"},
	{"JOD", 400, 3, false, "Jordanian Dinar"},
	{"JPY", 392, 0, false, "Yen"},
	{"KES", 404, 2, false, "Kenyan Shilling"},
	{"KGS", 417, 2, false, "Som"},
	{"KHR", 116, 2, false, "Riel"},
	{"KMF", 174, 0, false, "Comorian Franc"},
	{"KPW", 408, 2, false, "North Korean Won"},
	{"KRW", 410, 0, false, "Won"},
	{"KWD", 414, 3, false, "Kuwaiti Dinar"},
	{"KYD", 136, 2, false, "Cayman Islands Dollar"},
	{"KZT", 398, 2, false, "Tenge"},
	{"LAK", 418, 2, false, "Lao Kip"},
	{"LBP", 422, 2, false, "Lebanese Pound"},
	{"LKR", 144, 2, false, "Sri Lanka Rupee"},
	{"LRD", 430, 2, false, "Liberian Dollar"},
	{"LSL", 426, 2, false, "Loti"},
	{"LTL", 440, 2, true, "Lithuanian Litas"},
	{"LUF", 442, 0, true, "Luxembourg Franc"},
	{"LVL", 428, 2, true, "Latvian Lats"},
	{"LYD", 434, 3, false, "Libyan Dinar"},
	{"MAD", 504, 2, false, "Moroccan Dirham"},
	{"MDL", 498, 2, false, "Moldovan Leu"},
	{"MGA", 969, 2, false, "Malagasy Ariary"},
	{"MKD", 807, 2, false, "Denar"},
	{"MMK", 104, 2, false, "Kyat"},
	{"MNT", 496, 2, false, "Tugrik"},
	{"MOP", 446, 2, false, "Pataca"},
	{"MRO", 478, 2, true, "Ouguiya"},
	{"MRU", 929, 2, false, "Ouguiya"},
	{"MTL", 470, 2, true, "Maltese Lira"},
	{"MUR", 480, 2, false, "Mauritius Rupee"},
	{"MVR", 462, 2, false, "Rufiyaa"},
	{"MWK", 454, 2, false, "Malawi Kwacha"},
	{"MXN", 484, 2, false, "Mexican Peso"},
	{"MXV", 979, 2, false, "Mexican Unidad de Inversion (UDI)"},
	{"MYR", 458, 2, false, "Malaysian Ringgit"},
	{"MZN", 943, 2, false, "Mozambique Metical"},
	{"NAD", 516, 2, false, "Namibia Dollar"},
	{"NGN", 566, 2, false, "Naira"},
	{"NIO", 558, 2, false, "Cordoba Oro"},
	{"NLG", 528, 2, true, "Netherlands Guilder"},
	{"NOK", 578, 2, false, "Norwegian Krone"},
	{"NPR", 524, 2, false, "Nepalese Rupee"},
	{"NZD", 554, 2, false, "New Zealand Dollar"},
	{"OMR", 512, 3, false, "Rial Omani"},
	{"PAB", 590, 2, false, "Balboa"},
	{"PEN", 604, 2, false, "Sol"},
	{"PGK", 598, 2, false, "Kina"},
	{"PHP", 608, 2, false, "Philippine Peso"},
	{"PKR", 586, 2, false, "Pakistan Rupee"},
	{"PLN", 985, 2, false, "Zloty"},
	{"PTE", 620, 0, true, "Portuguese Escudo"},
	{"PYG", 600, 0, false, "Guarani"},
	{"QAR", 634, 2, false, "Qatari Rial"},
	{"RON", 946, 2, false, "Romanian Leu"},
	{"RSD", 941, 2, false, "Serbian Dinar"},
	{"RUB", 643, 2, false, "Russian Ruble"},
	{"RUR", 810, 2, true, "Russian Ruble"},
	{"RWF", 646, 0, false, "Rwanda Franc"},
	{"SAR", 682, 2, false, "Saudi Riyal"},
	{"SBD", 90, 2, false, "Solomon Islands Dollar"},
	{"SCR", 690, 2, false, "Seychelles Rupee"},
	{"SDG", 938, 2, false, "Sudanese Pound"},
	{"SEK", 752, 2, false, "Swedish Krona"},
	{"SGD", 702, 2, false, "Singapore Dollar"},
	{"SHP", 654, 2, false, "Saint Helena Pound"},
	{"SIT", 705, 2, true, "Tolar"},
	{"SKK", 703, 2, true, "Slovak Koruna"},
	{"SLE", 925, 2, false, "Leone"},
	{"SLL", 694, 2, true, "Leone"},
	{"SOS", 706, 2, false, "Somali Shilling"},
	{"SRD", 968, 2, false, "Surinam Dollar"},
	{"SSP", 728, 2, false, "South Sudanese Pound"},
	{"STD", 678, 2, true, "Dobra"},
	{"STN", 930, 2, false, "Dobra"},
	{"SVC", 222, 2, false, "El Salvador Colon"},
	{"SYP", 760, 2, false, "Syrian Pound"},
	{"SZL", 748, 2, false, "Lilangeni"},
	{"THB", 764, 2, false, "Baht"},
	{"TJS", 972, 2, false, "Somoni"},
	{"TMT", 934, 2, false, "Turkmenistan New Manat"},
	{"TND", 788, 3, false, "Tunisian Dinar"},
	{"TOP", 776, 2, false, "Pa\342\200\231anga"},
	{"TRY", 949, 2, false, "Turkish Lira"},
	{"TTD", 780, 2, false, "Trinidad and Tobago Dollar"},
	{"TWD", 901, 2, false, "New Taiwan Dollar"},
	{"TZS", 834, 2, false, "Tanzanian Shilling"},
	{"UAH", 980, 2, false, "Hryvnia"},
	{"UGX", 800, 0, false, "Uganda Shilling"},
	{"USD", 840, 2, false, "US Dollar"},
	{"USN", 997, 2, false, "US Dollar (Next day)"},
	{"UYI", 940, 0, false, "Uruguay Peso en Unidades Indexadas (UI)"},
	{"UYU", 858, 2, false, "Peso Uruguayo"},
	{"UYW", 927, 4, false, "Unidad Previsional"},
	{"UZS", 860, 2, false, "Uzbekistan Sum"},
	{"VED", 926, 2, false, "Bol\303\255var Soberano"},
	{"VEF", 937, 2, true, "Bolivar"},
	{"VES", 928, 2, false, "Bol\303\255var Soberano"},
	{"VND", 704, 0, false, "Dong"},
	{"VUV", 548, 0, false, "Vatu"},
	{"WST", 882, 2, false, "Tala"},
	{"XAD", 396, 2, false, "Arab Accounting Dinar"},
	{"XAF", 950, 0, false, "CFA Franc BEAC"},
	{"XAG", 961, CURRENCY_NO_MINOR_UNITS, false, "Silver"},
	{"XAU", 959, CURRENCY_NO_MINOR_UNITS, false, "Gold"},
	{"XBA", 955, CURRENCY_NO_MINOR_UNITS, false, "Bond Markets Unit European Composite Unit (EURCO)"},
	{"XBB", 956, CURRENCY_NO_MINOR_UNITS, false, "Bond Markets Unit European Monetary Unit (E.M.U.-6)"},
	{"XBC", 957, CURRENCY_NO_MINOR_UNITS, false, "Bond Markets Unit European Unit of Account 9 (E.U.A.-9)"},
	{"XBD", 958, CURRENCY_NO_MINOR_UNITS, false, "Bond Markets Unit European Unit of Account 17 (E.U.A.-17)"},
	{"XCD", 951, 2, false, "East Caribbean Dollar"},
	{"XCG", 532, 2, false, "Caribbean guilder"},
	{"XDR", 960, CURRENCY_NO_MINOR_UNITS, false, "SDR (Special Drawing Right)"},
	{"XEU", 954, CURRENCY_NO_MINOR_UNITS, true, "European Currency Unit (E.C.U)"},
	{"XFU", 0, CURRENCY_NO_MINOR_UNITS, true, "UIC-Franc"},
	{"XOF", 952, 0, false, "CFA Franc BCEAO"},
	{"XPD", 964, CURRENCY_NO_MINOR_UNITS, false, "Palladium"},
	{"XPF", 953, 0, false, "CFP Franc"},
	{"XPT", 962, CURRENCY_NO_MINOR_UNITS, false, "Platinum"},
	{"XSU", 994, CURRENCY_NO_MINOR_UNITS, false, "Sucre"},
	{"XTS", 963, CURRENCY_NO_MINOR_UNITS, false, "Codes specifically reserved for testing purposes"},
	{"XUA", 965, CURRENCY_NO_MINOR_UNITS, false, "ADB Unit of Account"},
	{"XXX", 999, CURRENCY_NO_MINOR_UNITS, false, "The codes assigned for transactions where no currency is involved"},
	{"YER", 886, 2, false, "Yemeni Rial"},
	{"ZAR", 710, 2, false, "Rand"},
	{"ZMW", 967, 2, false, "Zambian Kwacha"},
	{"ZWG", 924, 2, false, "Zimbabwe Gold"},
	{"ZWL", 932, 2, true, "Zimbabwe Dollar"},
};

/* place in currency_table plus one, by the three letters; 0 is no currency */
static uint8 currency_place[LETTERS * LETTERS * LETTERS];

StaticAssertDecl(lengthof(currency_table) <= PG_UINT8_MAX,
				 "places in currency_table must fit currency_place");

/* 0 to 25 for a letter in either case, more for anything else */
static inline uint32
letter_rank(char c)
{
	return (uint32) ((unsigned char) c | 0x20) - 'a';
}

/* three letters as one number, -1 where one of them is none */
static inline int
code_rank(const char *code)
{
	uint32		first = letter_rank(code[0]);
	uint32		second = letter_rank(code[1]);
	uint32		third = letter_rank(code[2]);

	if (first >= LETTERS || second >= LETTERS || third >= LETTERS)
		return -1;
	return (first * LETTERS + second) * LETTERS + third;
}

static void
fill_currency_place(void)
{
	for (int i = 0; i < (int) lengthof(currency_table); i++)
		currency_place[code_rank(currency_table[i].code)] = i + 1;
}

const Currency *
currency_lookup(const char *code, size_t len)
{
	static bool filled = false;
	int			rank;
	int			place;

	if (unlikely(!filled))
	{
		fill_currency_place();
		filled = true;
	}
	if (len != CURRENCY_CODE_LEN || (rank = code_rank(code)) < 0)
		return NULL;
	place = currency_place[rank];
	return place > 0 ? &currency_table[place - 1] : NULL;
}

/* in ASCII, which any server encoding has: i acute and an apostrophe go */
static char *
ascii_name(const char *name)
{
	char	   *result = palloc(strlen(name) + 1);
	char	   *to = result;

	while (*name != '\0')
	{
		if (!IS_HIGHBIT_SET(*name))
			*to++ = *name;
		else
			*to++ = pg_utf_mblen((const unsigned char *) name) == 2 ? 'i' : '\'';
		name += pg_utf_mblen((const unsigned char *) name);
	}
	*to = '\0';
	return result;
}

static void
put_currency(const Currency *currency, ReturnSetInfo *rsinfo)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = CStringGetTextDatum(currency->code);
	values[1] = Int32GetDatum(currency->numeric_code);
	nulls[1] = currency->numeric_code == 0;
	values[2] = Int32GetDatum(currency->minor_units);
	nulls[2] = currency->minor_units == CURRENCY_NO_MINOR_UNITS;
	if (GetDatabaseEncoding() == PG_UTF8)
		values[3] = CStringGetTextDatum(currency->name);
	else
		values[3] = CStringGetTextDatum(ascii_name(currency->name));
	values[4] = BoolGetDatum(currency->withdrawn);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(currencies);
Datum
currencies(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < (int) lengthof(currency_table); i++)
		put_currency(&currency_table[i], (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* currencies_amendment(OUT amendment, OUT since) */
PG_FUNCTION_INFO_V1(currencies_amendment);
Datum
currencies_amendment(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int32GetDatum(CURRENCY_AMENDMENT);
	values[1] = DirectFunctionCall1(date_in, CStringGetDatum(CURRENCY_AMENDMENT_SINCE));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* for constraints: a price could fold letters, a column compared as text cannot */
PG_FUNCTION_INFO_V1(is_currency);
Datum
is_currency(PG_FUNCTION_ARGS)
{
	text	   *code = PG_GETARG_TEXT_PP(0);
	const Currency *currency = currency_lookup(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));

	PG_RETURN_BOOL(currency != NULL &&
				   currency->minor_units != CURRENCY_NO_MINOR_UNITS &&
				   memcmp(currency->code, VARDATA_ANY(code), CURRENCY_CODE_LEN) == 0);
}
