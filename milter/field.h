#ifndef MILTER_FIELD_H
#define MILTER_FIELD_H

#include "policy/verdict.h"

/* One word of a syslog line. */
struct field {
	char text[4 * (LOGIN_MAX + 1) + 4];
};

/*
 * `text` for `name=` of a syslog line: bytes that could end or forge a field
 * are `\xHH`, "" and NULL are `-`; what is too long ends in `...`.
 */
struct field field(const char *text);

#endif
