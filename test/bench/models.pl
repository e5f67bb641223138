# models.pl: 1 and 5 million customers of a software business and 50 rules of
# every kind, about four memberships a customer.  By hand each segment is an
# INSERT ... SELECT into (customer, segment, since), or all of them a
# materialized view of (customer, segment); the floor is one scan that counts
# the same 50 conditions.
use strict;
use warnings;

# what stands for a clock's expression, once per statement, in a condition by hand
sub ago
{
	my ($interval) = @_;
	return "(SELECT now() - interval '$interval')";
}

my @industries = qw(software retail manufacturing health finance education travel public);
my @countries = qw(DE FR GB US SE CH JP);
my $today = '(SELECT (now() AT TIME ZONE \'UTC\')::date)';

# id, rule, and the same as plain SQL where that is another text
my @rules = (
	(map { [ "in-$_", "industry = '$_'" ] } @industries),
	(map { [ lc "at-$_", "country = '$_'" ] } @countries),
	[ 'enterprise', "plan = 'enterprise'" ],
	[ 'business', "plan = 'business' AND seats >= 20" ],
	[ 'growing', "plan IN ('team', 'business') AND seats BETWEEN 80 AND 99" ],
	[ 'high-potential', "employees > 9500 AND revenue < '200 EUR'" ],
	[ 'key-account', "revenue >= '980 EUR'" ],
	[ 'dollar', "currency(revenue) = 'USD' AND revenue > '900 USD'" ],
	[ 'free-rider', "sign(revenue) = 0" ],
	[ 'at-risk', "last_login < now() - interval '60 days'", 'last_login < ' . ago('60 days') ],
	[ 'dormant', "last_login < now() - interval '6 months' OR last_login IS NULL",
		'last_login < ' . ago('6 months') . ' OR last_login IS NULL' ],
	[ 'active-today', "last_login >= now() - interval '1 day'", 'last_login >= ' . ago('1 day') ],
	[ 'new', 'signed_up > current_date - 30', "signed_up > $today - 30" ],
	[ 'anniversary', 'signed_up = current_date - 365', "signed_up = $today - 365" ],
	[ 'veteran', 'signed_up < current_date - 1500', "signed_up < $today - 1500" ],
	[ 'trial-ends', 'trial_ends BETWEEN current_date AND current_date + 3', "trial_ends BETWEEN $today AND $today + 3" ],
	[ 'promoter', 'score >= 9' ],
	[ 'detractor', 'score <= 6' ],
	[ 'silent', "score IS NULL AND plan = 'business'" ],
	[ 'beta', "tags @> '{beta}'" ],
	[ 'partner', "'partner' = ANY (tags)" ],
	[ 'untagged', "cardinality(tags) = 0 AND plan = 'business'" ],
	[ 'unverified', 'verified IS NOT TRUE' ],
	[ 'test-account', "name LIKE 'customer 99%'" ],
	[ 'odd-name', "name ~ '7777'" ],
	[ 'crowded', 'employees < seats' ],
	[ 'small-and-dear', "employees <= 200 AND revenue > '900 EUR'" ],
	[ 'either', "plan = 'enterprise' AND (score >= 9 OR revenue >= '900 EUR')" ],
	[ 'neither', "NOT (verified OR score > 3 OR plan <> 'business')" ],
	[ 'by-case', "CASE plan WHEN 'free' THEN seats > 97 WHEN 'team' THEN seats > 98 ELSE score = 10 END" ],
	[ 'ratio', 'employees > 0 AND seats::numeric / nullif(employees, 0) BETWEEN 0.5 AND 0.6' ],
	[ 'rare', 'seats = 42 AND employees BETWEEN 4200 AND 5199' ],
	[ 'one-in-20', "id % 20 = 7" ],
	[ 'one-in-1000', "id % 1000 = 7" ],
	[ 'rescue', "in_segment('at-risk') AND in_segment('key-account')",
		'last_login < ' . ago('60 days') . " AND revenue >= '980 EUR'" ],
	[ 'upsell', "in_segment('high-potential') AND NOT in_segment('at-risk')",
		"employees > 9500 AND revenue < '200 EUR' AND (last_login < " . ago('60 days') . ') IS NOT TRUE' ]);
@rules <= 50 or die scalar @rules;
push @rules, [ "seats-$_", "seats = $_ AND score > 7" ] for @rules .. 49;

sub by_hand { my ($rule) = @_; return $rule->[2] // $rule->[1]; }

# ten times as many, each for a tenth of the seats
sub tenfold
{
	return map { my $part = $_; map {
		my ($id, $rule) = @$_;
		$rule =~ s/in_segment\('([^']+)'\)/in_segment('$1-$part')/g;
		[ "$id-$part", "($rule) AND seats % 10 = $part", '(' . by_hand($_) . ") AND seats % 10 = $part" ];
	} @rules } 0 .. 9;
}

sub customers
{
	my ($table, $n) = @_;
	return "
	CREATE TABLE $table (id bigint PRIMARY KEY, name text NOT NULL, country text NOT NULL, industry text NOT NULL,
		plan text NOT NULL, seats int NOT NULL, employees int NOT NULL, revenue currency_price NOT NULL, score int,
		verified boolean, tags text[] NOT NULL, signed_up date NOT NULL, trial_ends date, last_login timestamptz)", "
	INSERT INTO $table
	SELECT i, 'customer ' || i, (ARRAY['DE', 'DE', 'FR', 'GB', 'US', 'US', 'SE', 'CH', 'JP', 'AT', 'IT', 'ES'])[1 + d[1] % 12],
		(ARRAY['software', 'retail', 'manufacturing', 'health', 'finance', 'education', 'travel', 'public', 'other', 'other'])[1 + d[2] % 10],
		(ARRAY['free', 'free', 'free', 'team', 'team', 'team', 'business', 'business', 'business', 'enterprise'])[1 + d[3] % 10],
		d[4] % 100, d[5] % 10000, currency_price(d[6] % 100000 / 100.0, CASE WHEN d[6] % 7 = 0 THEN 'USD' ELSE 'EUR' END),
		CASE WHEN d[7] % 3 = 0 THEN d[7] / 3 % 11 END, CASE WHEN d[8] % 5 > 0 THEN d[8] % 5 > 1 END,
		CASE d[9] % 40 WHEN 0 THEN '{beta}' WHEN 1 THEN '{partner,beta}' WHEN 2 THEN '{partner}' WHEN 3 THEN '{vip}' ELSE '{}' END::text[],
		current_date - d[10] % 2000, CASE WHEN d[3] % 10 < 3 THEN current_date + d[11] % 30 END,
		CASE WHEN d[12] % 50 > 0 THEN date_trunc('day', now()) - (d[12] / 50 % 75) * interval '1 day' END
	FROM generate_series(1, ${n}::bigint) i,
		LATERAL (SELECT array_agg(abs(hashint8extended(i, seed) % 1000000000)::int) AS d FROM generate_series(1, 12) seed) dice", "
	VACUUM (FREEZE, ANALYZE) $table";
}

sub quoted { return "'" . shift =~ s/'/''/gr . "'"; }

# a model over a table; nothing refreshed yet
sub model
{
	my ($name, $table, @definitions) = @_;
	return "SET client_min_messages = warning", "SELECT segmentation.create_model('$name', '$table', '{id}', time_zone => 'UTC')",
		(map { "SELECT segmentation.define_segment('$name', '$_->[0]', " . quoted($_->[1]) . ', "count" => false)' } @definitions);
}

# the compiled SELECT of a model, read for everyone, every answer looked at
sub compiled
{
	my ($name) = @_;
	my $select = psql("SELECT segmentation.model_sql('$name')");
	$select =~ s/\$1/now()/g;
	$select =~ s/;\s*$//;
	return "SELECT count(*), sum(cardinality(segments)) FROM ($select) AS answer";
}

# the floor: how many fulfil each condition, in one scan; and how many memberships that makes
sub counts { return 'SELECT ' . join(",\n", filters(@_[1 .. $#_])) . "\nFROM $_[0]"; }
sub memberships { return 'SELECT ' . join(' + ', filters(@_[1 .. $#_])) . " FROM $_[0]"; }
sub filters { return map { 'count(*) FILTER (WHERE ' . by_hand($_) . ')' } @_; }

# sizes and sums of keys of every segment are the same
sub same_memberships
{
	my ($member, $rows) = @_;
	my ($ours, $peer) = map {
		"SELECT array_agg(s ORDER BY s) FROM (SELECT segment::text, count(*), sum($_->[1]) FROM $_->[0] GROUP BY segment) s"
	} [ $member, 'id' ], [ $rows, 'customer' ];
	return "SELECT ($ours) = ($peer)";
}

# 1,600 columns, and 200 conditions over them in ten rules
setup('CREATE TABLE wide (id bigint PRIMARY KEY, ' . join(', ', map { "c$_ int" } 1 .. 1590) . ')',
	'INSERT INTO wide (id, c1, c8) SELECT i, i, -i FROM generate_series(1, 1000) AS i',
	model('wide', 'wide', map { my $rule = $_;
		[ "s$rule", join ' AND ', map { my $column = 1 + 7 * (20 * $rule + $_); "(c$column > $_ OR c$column IS NULL)" } 0 .. 9 ] } 0 .. 9));
compare(
	name => 'why a customer is in each of 10 segments, 200 conditions over 1,600 columns',
	peer_name => 'classify, which segments',
	ours => "SELECT count(*) FROM segmentation.explain_customer('wide', '5')",
	peer => "SELECT segmentation.classify('wide', '5')",
	check => "SELECT (SELECT array_agg(segment ORDER BY segment) FROM segmentation.explain_customer('wide', '5') WHERE member) = segmentation.classify('wide', '5')",
	at_most => 5);

# the check of a decision against that of a foreign key, each beside a table without
my $decisions = "(id, segment, member, reason) SELECT i, 's' || i % 20, true, 'said so' FROM generate_series(1, 20000) AS i";
setup('CREATE TABLE decided (id bigint PRIMARY KEY)', model('decided', 'decided', map { [ "s$_", 'id > 0' ] } 0 .. 19),
	'CREATE TABLE decided_segment (id segment_id PRIMARY KEY)', "INSERT INTO decided_segment SELECT 's' || i FROM generate_series(0, 19) AS i",
	(map { "CREATE TABLE decided_$_ (LIKE decided_override INCLUDING ALL)" } 'plain', 'foreign'),
	'ALTER TABLE decided_foreign ADD FOREIGN KEY (segment) REFERENCES decided_segment');
compare(
	name => 'what checking adds to 20,000 decisions inserted',
	peer_name => 'what a foreign key to the segments adds',
	sides => {ours => "INSERT INTO decided_override $decisions", peer => "INSERT INTO decided_foreign $decisions", none => "INSERT INTO decided_plain $decisions"},
	before => 'TRUNCATE decided_override, decided_foreign, decided_plain',
	ratio => sub { my %m = @_; ($m{ours} - $m{none}) / ($m{peer} - $m{none}) },
	check => sub { psql("INSERT INTO $_ $decisions") for 'decided_override', 'decided_foreign'; 'SELECT (SELECT count(*) FROM decided_override) = (SELECT count(*) FROM decided_foreign)' },
	at_most => 1.5);

for my $million (1, 5)
{
	my $n = rows($million * 1_000_000);
	my ($table, $model, $rows, $view) = map { $_ . "_$million" } qw(customer model membership segments);
	my $size = ", $million million customers";

	# what takes half a minute and more is run less often: the setup has warmed it
	my @few = (runs => $million > 1 ? 0 : 1);

	# membership rows by hand: a query for each segment, then the indexes
	my $insert = "DO \$\$ BEGIN\n" . join('', map {
		"INSERT INTO $rows SELECT id, '$_->[0]', now() FROM $table WHERE " . by_hand($_) . ";\n" } @rules)
		. "ALTER TABLE $rows ADD CONSTRAINT ${rows}_pkey PRIMARY KEY (customer, segment);\n"
		. "CREATE INDEX ${rows}_segment ON $rows (segment);\nEND \$\$";

	setup(customers($table, $n), model($model, $table, @rules), model("${model}_500", $table, tenfold()),
		"SELECT segmentation.refresh('$model')",
		"CREATE TABLE $rows (customer bigint NOT NULL, segment text NOT NULL, since timestamptz NOT NULL)", $insert, "
	CREATE MATERIALIZED VIEW $view AS
		" . join("\nUNION ALL ", map { "SELECT id AS customer, text '$_->[0]' AS segment FROM $table WHERE " . by_hand($_) } @rules),
		"CREATE UNIQUE INDEX ON $view (customer, segment)",
		"VACUUM (ANALYZE) $rows", "VACUUM (ANALYZE) $view", "VACUUM (ANALYZE) ${model}_assignment");

	compare(
		name => "the compiled SELECT of 50 rules, read for everyone$size",
		ours => sub { compiled($model) },
		peer => counts($table, @rules),
		check => sub { "SELECT (SELECT sum FROM (" . compiled($model) . ') s) = (' . memberships($table, @rules) . ')' },
		at_most => 1.25);

	compare(
		name => "500 rules, per rule, not compiled just in time, as a refresh has it$size",
		peer_name => '50 rules, per rule',
		sides => {ours => sub { compiled("${model}_500") }, peer => sub { compiled($model) }},
		check => $million == 1 ? sub { "SELECT (SELECT sum FROM (" . compiled("${model}_500") . ') s) = (' . memberships($table, tenfold()) . ')' } : '',
		ratio => sub { my %m = @_; $m{ours} / 500 / ($m{peer} / 50) },
		set => 'SET jit = off',
		$million > 1 ? @few : (),
		at_most => 1.0);

	compare(
		name => "first refresh, indexes included$size",
		peer_name => 'INSERT ... SELECT per segment, and two indexes after',
		ours => "SELECT rows_read FROM segmentation.refresh('$model')",
		peer => $insert,
		before => sub {
			psql($_[0] eq 'ours' ? "TRUNCATE ${model}_assignment, ${model}_history"
				: "TRUNCATE $rows; ALTER TABLE $rows DROP CONSTRAINT ${rows}_pkey; DROP INDEX ${rows}_segment");
		},
		check => same_memberships("${model}_member", $rows),
		$million > 1 ? @few : (),
		at_most => 0.5);

	compare(
		name => "bytes of the assignment with its indexes$size",
		peer_name => 'membership rows with theirs',
		ours => "SELECT pg_total_relation_size('${model}_assignment')",
		peer => "SELECT pg_total_relation_size('$rows')",
		measure => \&value,
		unit => ' bytes',
		runs => 0,
		at_most => 0.5);

	# an application's questions: keys are drawn by pgbench, answers looked at once
	compare(
		name => "one customer's segments from the assignment$size",
		peer_name => 'primary-key lookup of the source',
		ours => "\\set id random(1, $n)\nSELECT segments FROM ${model}_assignment WHERE id = :id;\n",
		peer => "\\set id random(1, $n)\nSELECT plan FROM $table WHERE id = :id;\n",
		check => "SELECT count(segments) = $n FROM ${model}_assignment JOIN $table USING (id)",
		before => "VACUUM (ANALYZE) ${model}_assignment; VACUUM (ANALYZE) $rows",
		measure => tps(1, 3),
		unit => ' tps',
		ratio => sub { my %m = @_; $m{peer} / $m{ours} },
		at_most => 1.2);

	# what keeps membership rows up to date, or writes a customer's at once, leaves
	# them in no order of segments; just written segment by segment, as by hand
	# above, those of one lie side by side, which is measured for the reader
	setup("CREATE TABLE ${rows}_lived AS SELECT * FROM $rows ORDER BY customer",
		"CREATE INDEX ON ${rows}_lived (segment)", "VACUUM (ANALYZE) ${rows}_lived");
	for my $peer ([ "${rows}_lived", 'in the order of customers', at_most => 1.5 ],
		[ $rows, 'just written segment by segment' ])
	{
		my ($peer_rows, $order, @promise) = @$peer;
		for my $who ([ 'one-in-20', '5 %' ], [ 'one-in-1000', '0.1 %' ])
		{
			compare(
				name => "who is in X, $who->[1] of customers, against rows $order$size",
				peer_name => "the same from membership rows $order, by index",
				ours => "SELECT sum(id) FROM ${model}_assignment WHERE segments @> '{$who->[0]}'",
				peer => "SELECT sum(customer) FROM $peer_rows WHERE segment = '$who->[0]'",
				same => 1,
				@promise);
		}
	}
	setup("DROP TABLE ${rows}_lived");

	# the same where an index on either side has the customers in it
	setup("CREATE INDEX ${rows}_covering ON $rows (segment, customer)", "VACUUM (ANALYZE) $rows",
		map { "CREATE INDEX ON ${model}_assignment (id) WHERE segments @> '{$_}'" } 'one-in-20', 'one-in-1000');
	for my $who ([ 'one-in-20', '5 %' ], [ 'one-in-1000', '0.1 %' ])
	{
		compare(
			name => "who is in X, $who->[1] of customers, with an index for it$size",
			peer_name => 'membership rows with an index of segment and customer',
			ours => "SELECT sum(id) FROM ${model}_assignment WHERE segments @> '{$who->[0]}'",
			peer => "SELECT sum(customer) FROM $rows WHERE segment = '$who->[0]'",
			same => 1,
			at_most => 1.5);
	}
	setup("DROP INDEX ${rows}_covering", "DROP INDEX ${model}_assignment_id_idx", "DROP INDEX ${model}_assignment_id_idx1");

	# a ten-thousandth of the customers changes before every run
	my $change = "UPDATE $table SET seats = 99 - seats, employees = 9999 - employees WHERE id % 10000 = (SELECT floor(random() * 10000)::int)";
	my $refresh = "SELECT rows_read FROM segmentation.refresh('$model')";
	compare(
		name => "later refresh, 0.01 % changed$size",
		peer_name => 'the floor: the 50 conditions counted in one scan',
		ours => $refresh,
		peer => counts($table, @rules),
		before => $change,
		check => same_memberships("${model}_member", $rows),
		at_most => 1.7);

	# a division by zero for the customer in the middle is found at every refresh anew
	my $middle = int($n / 2);
	setup(model("${model}_failing", $table, @rules, [ 'fails', "employees / (id - $middle) > 0" ]),
		"SET client_min_messages = error", "SELECT segmentation.refresh('${model}_failing')",
		"VACUUM (ANALYZE) ${model}_failing_assignment");
	compare(
		name => "a refresh that isolates one failing rule of 51$size",
		peer_name => 'the same of 50 rules that hold',
		ours => "SELECT rows_read FROM segmentation.refresh('${model}_failing')",
		peer => $refresh,
		check => sub {
			psql($_) for $refresh, "SELECT segmentation.refresh('${model}_failing')";
			return "SELECT (SELECT failed FROM segmentation.refresh_log WHERE model = '${model}_failing' ORDER BY refreshed_at DESC LIMIT 1) = 1
				AND (SELECT count(*) FROM ${model}_assignment JOIN ${model}_failing_assignment f USING (id, segments)) = $n";
		},
		set => 'SET client_min_messages = error',
		@few,
		at_most => 10);
	compare(
		name => "later refresh, 0.01 % changed, against a materialized view$size",
		peer_name => 'REFRESH MATERIALIZED VIEW CONCURRENTLY of (customer, segment)',
		ours => $refresh,
		peer => "REFRESH MATERIALIZED VIEW CONCURRENTLY $view",
		before => $change,
		check => sub { psql($_) for $refresh, "REFRESH MATERIALIZED VIEW $view"; same_memberships("${model}_member", $view) },
		@few,
		at_most => 0.15);
}

1;
