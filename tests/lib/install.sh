# Installs Debian packages without starting, stopping or configuring any service.  Sourced by runtests and quickstart.

# install_packages PACKAGE...: what is missing of them; apt is not called when nothing is.
install_packages() {
	missing=
	for package; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
	done
	[ -z "$missing" ] && return 0
	if [ "$(id -u)" != 0 ]; then
		echo "these packages are needed (only root can install them):$missing" >&2
		return 1
	fi
	echo "installing:$missing"

	# Nothing is started while packages are installed, unless this machine has its own say in that.
	keep=yes
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		keep=no
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
	fi
	# A new Postfix gets no configuration; the tests and the quick start bring their own.
	command -v debconf-set-selections >/dev/null && case $missing in
	*postfix*) echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections ;;
	esac

	status=0
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	{ apt-get -qq update && apt-get -qq -y --no-install-recommends install $missing; } >/tmp/install.$$ 2>&1 </dev/null || {
		status=$?
		cat /tmp/install.$$
	}
	rm -f /tmp/install.$$
	[ $keep = yes ] || rm -f /usr/sbin/policy-rc.d

	# What was not there before is not to come up at the next boot either.
	if command -v systemctl >/dev/null; then
		for package in $missing; do
			case $package in
			postfix) systemctl --quiet disable postfix.service ;;
			dovecot-core) systemctl --quiet disable dovecot.service dovecot.socket ;;
			haproxy | opendkim | rspamd) systemctl --quiet disable "$package.service" ;;
			sasl2-bin) systemctl --quiet disable saslauthd.service ;;
			esac
		done 2>/dev/null
	fi
	return $status
}

# To build and to run.
BUILD_PACKAGES="autoconf automake gcc libc6-dev make pkg-config libcmocka-dev libconfuse-dev libidn2-dev
	libmicrohttpd-dev libmilter-dev libsqlite3-dev libunistring-dev"

# For the private Postfix with its Dovecot.
POSTFIX_PACKAGES="dovecot-core openssl postfix python3 sqlite3"

# For the private Sendmail, which is only unpacked: what it is linked with, and Cyrus SASL.
SENDMAIL_PACKAGES="libdb5.3 libldap-2.5-0 libnsl2 libsasl2-2 libsasl2-modules libsasl2-modules-db libwrap0 m4 sasl2-bin"

# For the rest of the tests.
TEST_PACKAGES="bzip2 chromium clang clang-format clang-tidy cppcheck gcovr haproxy jq libclang-rt-dev llvm mandoc miltertest opendkim opendkim-tools
	postfix-sqlite procps python3-pytest rspamd strace swaks systemd valgrind xz-utils zstd"

# To build the Debian package and to install it in a Debian of its own.
DEBIAN_PACKAGES="build-essential debhelper lintian mmdebstrap po-debconf"

# The parsers that tests/disagree asks.
PEER_PACKAGES="libemail-address-xs-perl libgmime-3.0-dev libmailtools-perl node-addressparser node-nodemailer ruby-mail"
