#ifndef POLICY_JSON_H
#define POLICY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes JSON, one line, ASCII only: control characters and everything beyond
 * ASCII are escapes, so that a record can't harm a terminal.  A byte that is
 * not UTF-8 becomes the lone surrogate \udcXX, which Python's surrogateescape
 * reads back as that byte: nothing is lost and nothing is made up.
 *
 * Zero-initialise.  When memory runs out `failed` is set and all later calls
 * do nothing; ask once, at the end.
 */
struct json {
	char *text; /* NUL-terminated once something was written; malloc'ed */
	size_t len, cap;
	bool failed;
	bool comma; /* the next value needs one before it */
};

/* Inside an object `key` names the value; inside an array it is NULL. */
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

/* `text` NULL writes null. */
void json_string(struct json *j, const char *key, const char *text);
void json_integer(struct json *j, const char *key, int64_t number);
void json_bool(struct json *j, const char *key, bool value);

/* Ends a record of JSON Lines. */
void json_newline(struct json *j);

void json_free(struct json *j);

#endif
