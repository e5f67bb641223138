/*
 * iso_codes.c: the countries of ISO 3166-1 and the languages of ISO 639,
 * compiled in, and language tags made of them.
 *
 * Compiled in, because constraints call them: a dump restores rows before those
 * of any other table are there.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#define LETTERS 26
#define COUNTRY_LEN 2
#define SCRIPT_LEN 4
#define REGION_NUMBER_LEN 3

/* ISO 3166-1, as it has been since 2011, when SS was added: second letters by the first */
static const char *const country_letters[LETTERS] = {
	 /* A */ "DEFGILMOQRSTUWXZ", /* B */ "ABDEFGHIJLMNOQRSTVWYZ",
	 /* C */ "ACDFGHIKLMNORUVWXYZ", /* D */ "EJKMOZ", /* E */ "CEGHRST",
	 /* F */ "IJKMOR", /* G */ "ABDEFGHILMNPQRSTUWY", /* H */ "KMNRTU",
	 /* I */ "DELMNOQRST", /* J */ "EMOP", /* K */ "EGHIMNPRWYZ",
	 /* L */ "ABCIKRSTUVY", /* M */ "ACDEFGHKLMNOPQRSTUVWXYZ",
	 /* N */ "ACEFGILOPRUZ", /* O */ "M", /* P */ "AEFGHKLMNRSTWY", /* Q */ "A",
	 /* R */ "EOSUW", /* S */ "ABCDEGHIJKLMNORSTVXYZ",
	 /* T */ "CDFGHJKLMNORTVWZ", /* U */ "AGMSYZ", /* V */ "ACEGINU",
	 /* W */ "FS", /* X */ "", /* Y */ "ET", /* Z */ "AMW",
};

/* ISO 639-1, likewise */
static const char *const language_letters[LETTERS] = {
	 /* a */ "abefkmnrsvyz", /* b */ "aegimnors", /* c */ "aehorsuvy",
	 /* d */ "aevz", /* e */ "elnostu", /* f */ "afijory", /* g */ "adlnuv",
	 /* h */ "aeiortuyz", /* i */ "adegikostu", /* j */ "av",
	 /* k */ "agijklmnorsuvwy", /* l */ "abginotuv", /* m */ "ghiklnrsty",
	 /* n */ "abdeglnorvy", /* o */ "cjmrs", /* p */ "ailst", /* q */ "u",
	 /* r */ "mnouw", /* s */ "acdeghiklmnoqrstuvw", /* t */ "aeghiklnorstwy",
	 /* u */ "gkrz", /* v */ "eio", /* w */ "ao", /* x */ "h", /* y */ "io",
	 /* z */ "ahu",
};

/*
 * ISO 639-3 of April 2023: third letters by the first two, of languages that
 * have no code of two letters; without the codes for several, unknown or no language.
 */
static const char *const long_language_letters[LETTERS][LETTERS] = {
	{							/* a */
		"abcdefghiklnopqstuwxz", "abcdefghijlmnopqrstuvwxyz",
		"abdefhiklmnpqrstuvwxyz", "abdefghijlnoqrstuwxyz", "abcdeklmnqrsuwyz",
		"bdeghiknopstuz", "abcdefghijklmnoqrstuvwxyz", "abghiklmnoprst",
		"abcdefghijklmnopqrtwxy", "aginpsuwz", "bcdefghijklmopqrstuvwxyz",
		"acdefhijklmnopqrstuwxyz", "abcefgijklmnopqrstuvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefgijklmnrstuxz",
		"bcdefghijklmnopqrstuvwxyz", "cdgkmnprtz", "bcdehijklnopqrsuvwxyz",
		"abcefghijklnopqrstuvwxyz", "abcdegijklmnopqrstuvwxyz",
		"abcdghijklmnopqrtuwxyz", "bdiklmnostuv", "abceghikmnorstuvwxy",
		"begklmx", "abcdeghiklnopqrstuz", "abdgjmnotz",
	},
	{							/* b */
		"abcefghjlnoprsuvwxy", "abcdefghijklmnopqrstuvwxy",
		"abcdefghijklmnopqrstuvwyz", "abcdefghijklmnopqrstuvwxyz",
		"abcdefghijkmopqstuvwxyz", "abcdefghijklmnopqrstuwxyz",
		"abcdefgijklnopqrstuvwxyz", "abcdefghijlmnopqrstuvwxyz",
		"abdefgklmnopqrtuvwxyz", "abcefghijklmnoprstuvwxyz",
		"acdfghijklmnopqrstuvwxyz", "abcdefhijklmnopqrstvwxyz",
		"abcdefghijklmnopqrstuvwxz", "abcdefgijklmnopqrsuvwxyz",
		"abefghijklmnopqrtuvwxyz", "acdeghijklmnopqrstuvwxyz",
		"abcdfghijklmnopqrstuvwxyz", "abcdfghijklmnopqrstuvwxyz",
		"abcefghijklmnopqrstuvwxy", "acdefghijmnopqrstuvwxyz",
		"abcdefghijkmnopqstuvwxyz", "abcdefghijklmnopqrtuvwxyz",
		"abcdefghijklmnopqrstuwxyz", "abcdefghijklmnopqrsuvwz",
		"abcdefghijklmnopqrstvwxz", "abcdefghijklmnopqrstuvwxyz",
	},
	{							/* c */
		"abcdefghjklmnopqrsvwxyz", "bcdgijklnoqrstuvwy", "cdeghjlmopr",
		"aefhijmnorsyz", "abgknty", "adgm", "acgk", "bcdfghjklmnopqrtwxyz",
		"abcdehkmnprwy", "aehikmnopsvy", "bhlmnoqrstuvxyz", "acdehijklmotuwy",
		"aegilmnorst", "abcghiklopqrstuwx", "abcdefghjklmnopqtuvwxz",
		"abcginosuxy", "d", "abcdfghijklmnoqrstvwxyz",
		"abcdefghijklmnopqrstvwxyz", "acdeghlmnopstuyz", "abchijklopqrtuvwxy",
		"gn", "abdegt", "", "abo", "hknot",
	},
	{							/* d */
		"acdeghijklmoqrsuvwxz", "abdefgijlmnopqrtuvwy", "cr", "adegijnorsw",
		"cdefghiklmnpqrsvz", "", "abcdeghiklnorstwxz", "dgilmnorsuvwx",
		"abcdfghijklmnopqrsuwxyz", "abcdefijkmnoruw", "agkrsx", "gkmn",
		"abcdefgklmorsuvwxy", "adegijknortuvwy", "abcefhiklnopqrstvwxyz", "p",
		"", "bcdegilnoqstuy", "behilnoqz", "abdhikmnoprstuy",
		"abcefghiklmnopqrsuvwxyz", "a", "akrsuwyz", "", "abdgimnouy", "aegln",
	},
	{							/* e */
		"a", "cgkoru", "rsy", "", "e", "aei", "almoy", "su", "ptv", "a",
		"aegiklmopry", "ehikmoux", "abegikmnpqsuwxyz", "abcdfhlmnoqruvwx", "t",
		"i", "", "aghikorstw", "eghiklmnoqsuy", "bchnorstuxz", "", "ehn", "o",
		"t", "ao", "ae",
	},
	{							/* f */
		"abdfghijklmnprtuxyz", "l", "s", "", "r", "im", "r", "", "aeflprtw",
		"", "kv", "ahilnry", "pu", "bgi", "dimnrs", "e", "s", "cdkmopqrst",
		"els", "", "bcdefhijmnqrtuvy", "r", "ae", "", "", "",
	},
	{							/* g */
		"abcdefghijklmnopqrstuwxyz", "abdefghijklmnopqrsuvwxyz", "cdeflnrt",
		"abcdefghijklmnoqrstux", "abcdfghijklqsvwxyz", "kt", "abdegkltuw",
		"acehklnorst", "abcdeghilmnpqrstuwxyz", "kmnru", "adenopu",
		"bcdhjkloruwy", "abdghlmnruvxyz", "abcdeghijklmnoqrtuwz",
		"abcdefghijklmnopqrstuvwxyz", "aen", "ainru", "abcdghijmoqrstuvwxyz",
		"eglmnopsw", "au", "abcdefghiklmnopqrstuwxz", "acefjlmnoprsy",
		"abcdefgijmnrtuwx", "x", "abdefgilmnoryz", "ain",
	},
	{							/* h */
		"abcdefghijklmnopqrsvwxyz", "abnou", "ah", "nsy", "adghim", "", "mw",
		"iry", "abdfghijklortwx", "i", "aehkns", "abdetu",
		"abcdefghijklmnpqrstuvwyz", "adeghijnosu", "abcdehijlmoprstvwyz", "os",
		"", "acekmoptuwxz", "bhlns", "iosux", "bcdefghijklmopqrstuvwxyz",
		"ceknv", "aco", "", "aw", "",
	},
	{							/* i */
		"inr", "abdeghlmnruy", "ahlr", "abcdeirstu", "", "abefkmuy",
		"beglmnosw", "bipw", "n", "cejns", "eikloprstvwxz", "abgikmopsuv",
		"ailnorsty", "bghjlmnopstz", "ruw", "io", "uw", "ehiknruxy",
		"acdeghikmnortu", "bdeiklmorstvwxyz", "m", "bv", "kmos", "cl", "aox",
		"hrz",
	},
	{							/* j */
		"abcdefhjklmnoqstuxyz", "eijkmnortuw", "st", "agt", "behiklnrtu", "",
		"beko", "is", "abcdeghilmoqtuvy", "er", "amoprsu", "es", "abcdilnrswx",
		"adgijls", "bdgrsw", "ar", "r", "abrtu", "l", "", "abcdhiklmnoprstuwy",
		"dn", "i", "", "aey", "",
	},
	{							/* k */
		"abcdefghijkmopqvwxy", "abcdeghijklmnopqrstuvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "acdefghijklmnpqrtuwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz",
		"abefgijklmnopqrstuvwxy", "abcdefghjklnopqrstuvwxyz",
		"abcdefghijlmopqstuvwxyz", "abcdeghijklmnopqrstuvxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefgijklmnopqrstuvwxyz",
		"acdefghiklopqstuvwyz", "abcdefghijklmnoqrstuvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefhijklnprstuvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqstuvwxyz",
		"bcdefghijklmnopqstuvwxyz", "abcdefghijklmnopqrtuvwxyz",
		"abcdefghijklmnoprstuvwxyz", "abcdfhijkmnopqrstvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefgiklmnopqrsuvwxyz",
	},
	{							/* l */
		"abcdefghijlmnpqrsuwxyz", "bcefgijklmnoqrstuvwxyz", "cdefhlmpqs",
		"abdghijklmnopq", "abcdefhijklmnopqrstuvwxyz", "an", "abghiklmnoqrtuz",
		"ahilmnpstu", "abcdefghjklopqrsuvwxyz", "aeilpwx", "abcdehijlmnorstuy",
		"abcdefghijklmnpqsux", "abcdefghijklnopqruvwxy", "abdghijlmnsuwz",
		"abcefghijklmnopqrstuvwxyz", "aenox", "r", "acegiklmnortvz",
		"abcdehilmnoprstvwy", "cghinosu", "acdefijklmnopqrstuvwyz", "aiksu",
		"aeghlmostuw", "m", "agn", "hlnz",
	},
	{							/* m */
		"abdefgijkmnqstuvwxz", "abcdefhijklmnopqrstuvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnpqrstuvwxyz",
		"abcdefhijklmnopqrstuvwyz", "abcdefghijklmnopqrstuvwxyz",
		"abcdefghijklmnopqrstuvwyz", "abcdefgijklmnopqrstuwxyz",
		"abcdefghijklmnopqrtuwxyz", "bcdeghijklmnopqrstuvwxyz",
		"abcefgijklmnopqrstuvwxyz", "abcefhijklmnopqrsuvwxz",
		"abcdefghijklmnopqrtuvwxyz", "abcdefghijklmnpqrsuvwxyz",
		"acdeghijkmopqrstuvwxyz", "abcdeghijklmnopqrstuvwxyz",
		"abcefghijklmnopqrstuvwxyz", "abcdefghjklmnopqrstuvwxyz",
		"bcdefghijklmnopqrsuvwxyz", "abcdefghijklmnopqrstuvwxy",
		"abcdeghijkmopqrstuvxyz", "abdefghiklnopqrstuvwxyz",
		"abcefghiklmnopqrstuvwz", "abcdefghijklmnopqrstuvwxyz",
		"bcefghjklmoprsuvwxyz", "abcdeghijklmnopqrstuvwxyz",
	},
	{							/* n */
		"abcefgjklmnopqrstwxyz", "abcdeghijkmnopqrstuvwy",
		"abcdefghijklmnoqrstuxz", "abcdfghijklmnpqrstuvwxyz",
		"abcdefghijkmnoqrstuvwxyz", "adlru", "abcdeghijklmnpqrstuvwxyz",
		"abcdefghikmnopqrtuvwxyz", "abdefghijklmnoqrstuvwxyz",
		"abdhijlmnorstuxyz", "abcdefghijkmnopqrstuvwxz", "acegijklmoquvwxyz",
		"abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnpqrtuvwyz",
		"acdefghijklmnpqstuvwyz", "abghilnosuxy", "gklmnoqty",
		"abcefgiklmnprtuxz", "abcdefghiklmnopqrstuvwxyz", "degijkmopruwxyz",
		"acdefghijklmnopqrstuvwxyz", "hmo", "abcegimorwxy", "adegiklmnoqrx",
		"bcdefghijklmnopqrstuvwxy", "abdikmsuyz",
	},
	{							/* o */
		"acrv", "iklmortu", "ahmou", "aktu", "", "osu", "bcegou", "tu", "aen",
		"bcgpsvw", "abcdeghijklmnorsuvxz", "adekmortu", "abcgiklnoprtuwxy",
		"abegijknoprstuwx", "dgnrs", "akmoty", "", "aceghnorstuvwxyz",
		"acinoptux", "abdeiklmnqrstuwxyz", "abeim", "d", "il", "", "bdmy", "m",
	},
	{							/* p */
		"bcdefghiklmopqrsuvwxyz", "bcefghilmnoprstuvy", "abcdefghijklmnpw",
		"acinotu", "abdefghijklmopqsvxyz", "ael", "adgiklnsuz",
		"adghjklmnoqrtuvw", "abcdefghjlmnoprstuvwxyz", "t", "abcghnoprstu",
		"abcdeghjklnoqrstuvwyz", "abdefhijklmnoqrstwxyz",
		"abcdeghijklmnopqrstuvwxyz", "cefghikmnopqstvwxy", "eiklmnopqstu",
		"am", "cdefghiklmnopqrstuwxz", "acdeghilmnopqrstuwy", "ahinopqrtuvwy",
		"abcdefgijmopqrtuwxy", "", "abgimnorw", "m", "emnsuxy", "hn",
	},
	{							/* q */
		"", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
		"", "", "abcdfghiklmnpqrsvwxyz", "acehijlmnopswyz", "achmst",
		"achlnopqrstuw", "ap", "",
	},
	{							/* r */
		"abcdfghijklmnopqrstuvwxyz", "bklp", "f", "b", "abegijlmnrsty", "",
		"aeknrsu", "gp", "abflmnrtu", "gis", "abhimtw", "",
		"abcdefghiklmnopqstuvwxyz", "bdglnprw", "bcdefglmopruw", "nt", "",
		"iot", "bklmn", "chmsw", "bcefghikopqtuyz", "", "aklmor", "dw", "nsu",
		"h",
	},
	{							/* s */
		"abcdefhjkmoqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz",
		"befghiklnopqstuvwx", "abcefghjklnopqrstuxz",
		"abcdefghijklnopqrstuvwyz", "bemsw", "abcdeghijkmprstuwxyz",
		"abcdeghijklmnopqrstuvwxyz", "abdefghijklmpqrsuvwxyz",
		"abdegklmnoprstuw", "abcdefghijmnopqrstuvwxyz",
		"cdefghijlmnpqrstuwxyz", "abcfghjklmnpqrstuvwxyz",
		"cefgijklmnopqrsuvwxyz", "abcdeghijklopqrsuvwxyz",
		"bcdegiklmnopqrstuvxy", "ahkmnoqrstux", "abcefghiklmnoqrstuvwxyz",
		"bcdefghijklmnopqrstuvxyz", "abdefghijklmnopqrstuvwy",
		"abcegijkoqrstvwxyz", "abcekmsx", "bcfghijklmnopqrstuvwxy",
		"bcegklmnorsuw", "abciklmnorswxy", "abcdeglnpsvwy",
	},
	{							/* t */
		"abcdefgjklnopqrsuvwxyz", "acdefghijklmnoprstuvwxyz",
		"abcdefghiklmnopqstuwxyz", "abcdefghijklmnoqrstvxy",
		"abcdefghikmnopqrstuvwxyz", "inort", "abcdefhijnopqrstuvwxyz",
		"defhiklmnpqrstuvyz", "acfghijklmnopqstuvwxyz", "agijlmnopsuw",
		"abdefglmnpqrstuvwxz", "abcdfghijklmnopqrstuvxy",
		"abcdefghijklmnoqrstuvwyz", "abcdghiklmnopqrstuvwxyz",
		"bcdfghijklmopqrsuvwxyz", "acefgijklmnopqrtuvwxyz", "blmnopqrtuw",
		"abcdefghijlmnopqrstuvwxyz", "abcdeghijklmpqrstuvwxyz",
		"abcdefghijklmnopqrstuvwyz", "abcdefghijlmnoqsuvxyz", "adeklmnostuwxy",
		"abcdefghlmnopqrtuwxy", "abceghijmnoqrstuxy", "aehijlnprstuvxyz",
		"ahjlmnox",
	},
	{							/* u */
		"mnr", "ailruy", "", "aegijlmu", "s", "i", "abehnoy", "an", "sv", "i",
		"aghiklpqsuvwy", "abcefiklmnuw", "abcdgimnoprsu", "aegikmnruxz", "n",
		"iv", "", "abcefghiklmnoprtuvwxyz", "ahikpsu", "aehpru", "mru", "ehl",
		"a", "", "a", "ns",
	},
	{							/* v */
		"aefghijlmnoprsuvy", "bk", "", "", "cdlmopr", "", "rt", "",
		"cdfglnstv", "", "ajklmnoptuz", "ps", "abcdefghijklmpqrsuvwxyz", "kmp",
		"rt", "", "", "aost", "ilv", "o", "mnt", "", "a", "", "", "",
	},
	{							/* w */
		"abcdefghijlmnopqrstuvwxyz", "abefhijklmpqrstvw", "ai", "dgjktuy",
		"acdghimoprstuw", "g", "abgiouy", "agku", "bcefghijklmnruvy", "ai",
		"abdlruwy", "aceghiklmorsuvwxy", "abcdeghimnostwx", "bcdegikmnopuwy",
		"abcdefgikmnorswy", "c", "", "bghiklmnoprsuvwxyz", "agikrsuv",
		"fhikmw", "abdhlmnrtuvxy", "", "aborw", "aw", "bimnry", "",
	},
	{							/* x */
		"abcdegijklmnopqrstuvwy", "bcdegijmnoprwy", "bceghlmnortuvwy",
		"ackmoqy", "bdglmprstu", "a", "abdfgilmruw", "acdemrtuv", "bilnrsvy",
		"bt", "abcdefgijklnopqrstuvwxyz", "abcdeginopsuy",
		"abcdefghjklmnopqrstuvwxyz", "abghijkmnoqrstuyz", "cdgikmnoprw",
		"abcdefghijklmnopqrstuvwxyz", "at", "abdegimnrtuw",
		"abcdehijlmnopqrsuvy", "abcdeghijlmnopqrstuvwy", "abdgjlmnoprtu",
		"einos", "acdegjklortw", "bkmrt", "abjklty", "hmp",
	},
	{							/* y */
		"abcdefghijklmnopqrstuvwxyz", "abehijklmnoxy", "hlnp", "adegk",
		"aceijlrstuvy", "", "ailmprsuw", "adls", "afghijklmnpqrstuvxz", "",
		"agiklmnortuy", "abegilmnoruy", "bcdeghiklmnopqrsxz", "adegklnoqsu",
		"bgiklmntxy", "abghmnopz", "", "abeklmnoswy", "cdglmnoprsy", "alpwy",
		"abcdefgijklmnpqrtwxyz", "at", "aglnqrtuw", "aglmuy", "ruz", "gk",
	},
	{							/* z */
		"abcdefghijklmopqrstuvwxyz", "aceltuw", "adh", "j", "aghn", "",
		"abhmnr", "bdinw", "abklmnwz", "", "abdghknoprtuvz", "ajmnq",
		"abcdefghijklmnopqrstuvwxyz", "aegks", "chmoqrs",
		"abcdefghijklmnopqrstuvwxyz", "e", "agnops", "aklmru", "eglmnpqstuxy",
		"ahmny", "", "a", "", "bgjnp", "aj",
	},
};

/* regions of UN M.49 that languages are written for: world, Europe, Latin America */
static const char *const region_numbers[] = {"001", "150", "419"};

static inline bool
is_letter(char c, char first)
{
	return c >= first && c < first + LETTERS;
}

/* whether all characters are letters of the alphabet that begins with first */
static bool
are_letters(const char *s, size_t len, char first)
{
	for (size_t i = 0; i < len; i++)
		if (!is_letter(s[i], first))
			return false;
	return true;
}

static bool
country_known(const char *code, size_t len)
{
	return len == COUNTRY_LEN && are_letters(code, len, 'A') &&
		strchr(country_letters[code[0] - 'A'], code[1]) != NULL;
}

static bool
language_known(const char *code, size_t len)
{
	if ((len != 2 && len != 3) || !are_letters(code, len, 'a'))
		return false;
	if (len == 2)
		return strchr(language_letters[code[0] - 'a'], code[1]) != NULL;
	return strchr(long_language_letters[code[0] - 'a'][code[1] - 'a'], code[2]) != NULL;
}

/* ISO 15924 adds scripts every year: any of its form */
static bool
is_script(const char *code, size_t len)
{
	return len == SCRIPT_LEN && is_letter(code[0], 'A') && are_letters(code + 1, len - 1, 'a');
}

static bool
region_known(const char *code, size_t len)
{
	if (len == REGION_NUMBER_LEN)
	{
		for (int i = 0; i < (int) lengthof(region_numbers); i++)
			if (memcmp(region_numbers[i], code, len) == 0)
				return true;
	}
	return country_known(code, len);
}

/* length of the part of a tag before the next hyphen, or before its end */
static size_t
part_length(const char *tag, const char *end)
{
	const char *hyphen = memchr(tag, '-', end - tag);

	return (hyphen ? hyphen : end) - tag;
}

/* language[-Script][-REGION] */
static bool
language_tag_known(const char *tag, size_t tag_len)
{
	const char *end = tag + tag_len;
	size_t		len = part_length(tag, end);

	if (!language_known(tag, len))
		return false;
	tag += len;
	if (tag < end && is_script(tag + 1, len = part_length(tag + 1, end)))
		tag += 1 + len;
	if (tag < end && region_known(tag + 1, len = part_length(tag + 1, end)))
		tag += 1 + len;
	return tag == end;
}

PG_FUNCTION_INFO_V1(is_country);
Datum
is_country(PG_FUNCTION_ARGS)
{
	text	   *code = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(country_known(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)));
}

PG_FUNCTION_INFO_V1(is_language);
Datum
is_language(PG_FUNCTION_ARGS)
{
	text	   *tag = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(language_tag_known(VARDATA_ANY(tag), VARSIZE_ANY_EXHDR(tag)));
}

/* marks a known country as seen; false where it is unknown, or seen already */
static bool
add_country(bool seen[LETTERS][LETTERS], const text * code)
{
	const char *letters = VARDATA_ANY(code);
	bool	   *place;

	if (!country_known(letters, VARSIZE_ANY_EXHDR(code)))
		return false;
	place = &seen[letters[0] - 'A'][letters[1] - 'A'];
	if (*place)
		return false;
	*place = true;
	return true;
}

/* a list of known countries, none of them twice */
PG_FUNCTION_INFO_V1(are_countries);
Datum
are_countries(PG_FUNCTION_ARGS)
{
	ArrayType  *codes = PG_GETARG_ARRAYTYPE_P(0);
	bool		seen[LETTERS][LETTERS] = {{false}};
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (ARR_NDIM(codes) > 1)
		PG_RETURN_BOOL(false);
	deconstruct_array(codes, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (nulls[i] || !add_country(seen, DatumGetTextPP(elements[i])))
			PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}
