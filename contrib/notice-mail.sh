#!/bin/sh
# A notice_command for authpolicyd.conf(5), an example to copy and change:
#
#   notice_command = {"/etc/authpolicy/notice-mail.sh",
#                     "postmaster@example.com", "example.com"}
#
# Mails the administrator and the login that tripped a limit.  The second
# argument is the domain of logins without one; without it, those get no mail.
# In the sandbox of a unit for systemd sendmail(1) may not be able to queue.
set -eu
PATH=$PATH:/usr/sbin:/usr/lib

# Is it a plain address, which is neither an option nor needs quotes?
is_address() {
	case $1 in
	*[!A-Za-z0-9._+@-]* | -* | @* | *@ | *@*@*) return 1 ;;
	*@*) return 0 ;;
	*) return 1 ;;
	esac
}

admin=$1
login=$AUTHPOLICY_LOGIN
case $login in
*@*) ;;
*) login=$login@${2-} ;;
esac
is_address "$admin" || {
	echo "the administrator is no address: $admin" >&2
	exit 64
}
is_address "$login" || login=

# From outside only the address is in the header; all else is in the body,
# behind a word of ours, in lines of a length that mail can carry.
{
	cat <<END
From: <$admin>
To: <$admin>${login:+, <$login>}
Subject: A limit of outgoing mail was reached${login:+: $login}
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii

END
	fold -w 900 <<END
A limit of outgoing mail was reached.  If you did not send this mail, somebody
else may know the password: tell the administrator.

  login      $AUTHPOLICY_LOGIN
  limit      $AUTHPOLICY_LIMIT (of $AUTHPOLICY_PRINCIPAL)
  allowed    $AUTHPOLICY_AMOUNT $AUTHPOLICY_METRIC${AUTHPOLICY_PERIOD:+ in $AUTHPOLICY_PERIOD}
  used       $AUTHPOLICY_USED
  action     $AUTHPOLICY_ACTION${AUTHPOLICY_UNTIL:+ until $AUTHPOLICY_UNTIL}
  time       $AUTHPOLICY_TIME
  client     $AUTHPOLICY_CLIENT
  sender     $AUTHPOLICY_SENDER
  reference  $AUTHPOLICY_REF
END
} | sendmail -i -f '<>' -- "$admin" ${login:+"$login"}
