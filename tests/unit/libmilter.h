#ifndef TESTS_UNIT_LIBMILTER_H
#define TESTS_UNIT_LIBMILTER_H

/*
 * A stand-in, at link time, for libmilter as far as it is used.  It accepts
 * what libmilter does and no more, and sends nothing.
 */
#include <stdbool.h> /* before mfapi.h, which defines bool otherwise */

#include <libmilter/mfapi.h>

/* What was registered last. */
extern struct smfiDesc milter;

/* A connection: the macros the MTA sends, and what it heard. */
struct smfi_str {
	void *priv;
	const char *login, *mail_addr, *queue_id, *mailer;
	char code[4], enhanced[16], text[2000];
	unsigned replies, symlists, edits;
	bool edits_refused;
};

#endif
