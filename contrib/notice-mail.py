#!/usr/bin/python3
"""A notice_command for authpolicyd.conf(5), an example to copy and change:

    notice_command = {"/etc/authpolicy/notice-mail.py",
                      "postmaster@example.com", "example.com"}

Mails the administrator and the login that tripped a limit.  The second argument
is the domain of logins without one; without it, or empty, those get no mail.
The third is the server, 127.0.0.1:25 by default.

It speaks SMTP: in the sandbox of the unit for systemd, sendmail(1) cannot queue.
"""

import os
import re
import smtplib
import sys
from email.message import EmailMessage
from email.utils import formatdate

TEXT = """\
A limit of outgoing mail was reached.  If you did not send this mail, somebody
else may know the password: tell the administrator.

  login      {LOGIN}
  limit      {LIMIT} (of {PRINCIPAL})
  allowed    {AMOUNT} {METRIC}{within}
  used       {USED}
  action     {ACTION}{until}
  time       {TIME}
  client     {CLIENT}
  sender     {SENDER}
  reference  {REF}
"""


def is_plain(address):
    """Is it an address that needs no quotes?"""
    return re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", address) is not None


def compose(facts, admin, login):
    """From outside only the login, if it is plain, is in the header; all else is in the body, behind a word of ours."""
    message = EmailMessage()
    message["From"] = admin
    message["To"] = ", ".join([admin, login] if login else [admin])
    message["Subject"] = "A limit of outgoing mail was reached" + (f": {login}" if login else "")
    message["Date"] = formatdate(localtime=True)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(TEXT.format(
        **facts,
        within=f" in {facts['PERIOD']}" if facts["PERIOD"] else "",
        until=f" until {facts['UNTIL']}" if facts["UNTIL"] else ""))
    return message


def main(admin, domain="", server="127.0.0.1:25"):
    facts = {name.removeprefix("AUTHPOLICY_"): value for name, value in os.environ.items() if name.startswith("AUTHPOLICY_")}
    login = facts["LOGIN"] if "@" in facts["LOGIN"] else f"{facts['LOGIN']}@{domain}"
    if not is_plain(admin):
        sys.exit(f"the administrator is no address: {admin}")
    if not is_plain(login):
        login = None

    # From the null sender, so that nothing comes back.
    with smtplib.SMTP(server, local_hostname="[127.0.0.1]", timeout=20) as smtp:
        refused = smtp.send_message(compose(facts, admin, login), "<>", [admin, login] if login else [admin])
    if refused:
        sys.exit(f"refused: {refused}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, smtplib.SMTPException) as error:
        sys.exit(f"no mail was sent: {error}")
