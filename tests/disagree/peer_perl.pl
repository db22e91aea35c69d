#!/usr/bin/perl
# Email::Address::XS (Dovecot's parser) and Mail::Address.
use strict;
use warnings;
use Email::Address::XS;
use Encode ();
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use Mail::Address;

$| = 1;
$SIG{__WARN__} = sub { };
my $json = JSON::PP->new->ascii->canonical;

sub text {
	my ($bytes) = @_;
	return utf8::is_utf8($bytes) ? $bytes : Encode::decode('UTF-8', $bytes);
}

# A name as it stands and as a mail reader decodes it.
sub names {
	return map {
		my $name = $_;
		my $decoded = $name =~ /=\?/ && $name !~ /[^\0-\x7f]/
		    ? eval { Encode::decode('MIME-Header', $name) } : undef;
		$decoded =~ s/\\x[0-9A-Fa-f]{2}/\x{FFFD}/g if defined $decoded; # how it shows bytes of no charset
		(text($name), defined $decoded ? $decoded : ());
	} grep { defined && length } @_;
}

sub answer {
	my ($class, $value) = @_;
	my (@addresses, @names);
	eval {
		for my $a ($class->parse($value)) {
			push @addresses, text($a->address) if defined $a->address;
			push @names, names($a->phrase, $a->comment);
		}
		1;
	} or return {};
	return { addresses => \@addresses, names => \@names };
}

while (my $line = <STDIN>) {
	my $value = decode_base64($line);
	$value =~ s/^From: ?//i;
	$value =~ s/\r\n\z//;
	$value =~ s/\r\n(?=[ \t])//g;
	print $json->encode({
		'Email::Address::XS' => answer('Email::Address::XS', $value),
		'Mail::Address' => answer('Mail::Address', $value),
	}), "\n";
}
