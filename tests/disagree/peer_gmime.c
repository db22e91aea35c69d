/*
 * GMime: the From of a whole message, and the value by itself, as its loose
 * and as its strict rules read it.
 */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
write_json(FILE *out, const char *text)
{
	char *valid = g_utf8_make_valid(text, -1);

	fputc('"', out);
	for (const char *c = valid; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == '"' || *c == '\\')
			fprintf(out, "\\u%04x", (unsigned)*c);
		else
			fputc(*c, out);
	}
	fputc('"', out);
	g_free(valid);
}

static void
add(GPtrArray *texts, const char *text)
{
	if (text != NULL && text[0] != '\0')
		g_ptr_array_add(texts, g_strdup(text));
}

static void
walk(InternetAddressList *list, GPtrArray *addresses, GPtrArray *names)
{
	for (int i = 0; list != NULL && i < internet_address_list_length(list);
	     i++) {
		InternetAddress *a = internet_address_list_get_address(list, i);

		add(names, internet_address_get_name(a));
		if (INTERNET_ADDRESS_IS_GROUP(a)) {
			walk(INTERNET_ADDRESS_GROUP(a)->members, addresses,
			    names);
			continue;
		}
		add(addresses, internet_address_mailbox_get_addr(
				   INTERNET_ADDRESS_MAILBOX(a)));
		add(addresses, internet_address_mailbox_get_idn_addr(
				   INTERNET_ADDRESS_MAILBOX(a)));
	}
}

static void
write_list(const char *key, GPtrArray *texts)
{
	printf("\"%s\":[", key);
	for (guint i = 0; i < texts->len; i++) {
		if (i > 0)
			putchar(',');
		write_json(stdout, g_ptr_array_index(texts, i));
	}
	putchar(']');
}

/* The value with its folds taken out; `field` is cut at its end. */
static char *
unfolded(const char *field)
{
	char *value = g_strdup(strchr(field, ':') + 1), *to = value;

	for (const char *c = value; *c != '\0'; c++)
		if (*c != '\r' && *c != '\n')
			*to++ = *c;
	*to = '\0';
	return value;
}

static void
parse_value(const char *field, GMimeRfcComplianceMode mode,
    GPtrArray *addresses, GPtrArray *names)
{
	GMimeParserOptions *options = g_mime_parser_options_new();
	char *value = unfolded(field);
	InternetAddressList *list;

	g_mime_parser_options_set_address_compliance_mode(options, mode);
	g_mime_parser_options_set_rfc2047_compliance_mode(options, mode);
	list = internet_address_list_parse(options, value);
	walk(list, addresses, names);
	if (list != NULL)
		g_object_unref(list);
	g_free(value);
	g_mime_parser_options_free(options);
}

static void
parse_message(const char *field, GPtrArray *addresses, GPtrArray *names)
{
	char *text = g_strconcat(field, "\r\n", NULL);
	GMimeStream *stream =
	    g_mime_stream_mem_new_with_buffer(text, strlen(text));
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	if (message != NULL) {
		walk(g_mime_message_get_from(message), addresses, names);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
	g_free(text);
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;

	g_mime_init();
	while (getline(&line, &size, stdin) > 0) {
		gsize len;
		guchar *raw = g_base64_decode(line, &len);
		char *field = g_strndup((char *)raw, len);
		GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
		GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

		parse_message(field, addresses, names);
		parse_value(
		    field, GMIME_RFC_COMPLIANCE_LOOSE, addresses, names);
		parse_value(
		    field, GMIME_RFC_COMPLIANCE_STRICT, addresses, names);
		printf("{\"gmime\":{");
		write_list("addresses", addresses);
		putchar(',');
		write_list("names", names);
		printf("}}\n");
		fflush(stdout);
		g_ptr_array_unref(addresses);
		g_ptr_array_unref(names);
		g_free(field);
		g_free(raw);
	}
	free(line);
	return 0;
}
