#ifndef POLICY_COMMAND_IMPORT_H
#define POLICY_COMMAND_IMPORT_H

/*
 * An import: whatever the file is, its rows are collected beside the policy
 * (sql/import.sql), compared with it, and then applied, all in the one
 * transaction of the command.  A reader only says what the file wants.
 *
 * What is wrong in the file is said at once with file and line, reading goes
 * on, and in the end nothing is changed.
 */

#include "policy/command/command.h"
#include "policy/command/progress.h"
#include "policy/form.h"

struct import {
	struct command *c;
	const char *file; /* as named */
	FILE *in;
	size_t line;	   /* of the file; 0: none in particular */
	int64_t bytes;	   /* of the file read */
	size_t bad;	   /* lines */
	const char *realm; /* default_realm, "" for none */
	char *realm_text;
	char *text;
	size_t text_size;
	struct diag notes; /* said in the end */
	struct progress progress;
};

/* A row of `wanted`; what its table does not have is "" in the key, else NULL.
 */
struct import_row {
	const char *tbl, *name, *other, *scope, *manner;
	const char *kind, *from, *until, *note;
	bool implied;
};

/* A grant as the file has it; NULL where it says nothing. */
struct import_grant {
	const char *principal;
	const char *address; /* any form */
	const char *scope, *manner;
	const char *from, *until;
	const char *note;
};

/* Prepares for rows of this origin, those it had being removed unless wanted
 * with `exact`.  Ends with import_end() or import_forget(). */
bool import_begin(
    struct import *i, struct command *c, const char *origin, bool exact);

/* Opens the file, `-` for standard input. */
bool import_open(struct import *i, const char *file);

/*
 * The next line without its end; NULL at the end of the file, or on an error,
 * which sticks.  Lines that are not UTF-8 or hold a NUL are said to be bad and
 * left out.  Borrowed until the next call.
 */
char *import_line(struct import *i);

/* The line is bad: why, and the mend.  False. */
bool import_bad(struct import *i, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Something about the line that harms nothing. */
void import_note(struct import *i, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A login, or a group; `implied`: another row needs it, and it may be there.
 * These make their arguments canonical.  False: bad, and said.
 */
bool import_principal(struct import *i, const char *kind, const char *name,
    const char *note, bool implied);
bool import_member(struct import *i, const char *group, const char *login);
bool import_grant(struct import *i, const struct import_grant *grant);

/* Any other row, canonical already; says when it was wanted before. */
bool import_want(struct import *i, const struct import_row *row);

/* Compares what is wanted with the policy: `step` is then what differs. */
bool import_compare(struct import *i);

/* Compares, and applies what differs unless anything was bad; frees. */
enum status import_end(struct import *i);

/* Frees, when nothing is to be applied. */
void import_forget(struct import *i);

#endif
