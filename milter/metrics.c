/*
 * Figures over HTTP, for those who may connect to the address.  One thread, few
 * connections, short patience: whoever asks can take nothing from the mail.
 */
#include "milter/metrics.h"

#include "milter/figures.h"
#include "milter/listen.h"

#include <microhttpd.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 16
#define PATIENCE 5 /* seconds */
#define REQUEST_MAX 16384

static struct MHD_Daemon *server;

/* Sends a body, which is freed; NULL: out of memory. */
static enum MHD_Result
reply(struct MHD_Connection *connection, unsigned status, const char *type,
    char *body)
{
	struct MHD_Response *r = NULL;
	enum MHD_Result queued = MHD_NO;

	if (body != NULL)
		r = MHD_create_response_from_buffer(
		    strlen(body), body, MHD_RESPMEM_MUST_FREE);
	if (r == NULL) {
		free(body);
		return MHD_NO;
	}
	if (MHD_add_response_header(r, "Content-Type", type) == MHD_YES &&
	    MHD_add_response_header(r, "Connection", "close") == MHD_YES &&
	    (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
		MHD_add_response_header(r, "Allow", "GET, HEAD") == MHD_YES))
		queued = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return queued;
}

/* The page as text, to be freed; NULL: out of memory. */
static char *
make_page(const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool whole;

	if (out == NULL)
		return NULL;
	figures_write(out, c);
	whole = !ferror(out);
	if (fclose(out) == 0 && whole)
		return text;
	free(text);
	return NULL;
}

/* What a request sends beside its head is never read. */
static enum MHD_Result
answer(void *config, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *body,
    size_t *body_size, void **request)
{
	(void)version;
	(void)body;
	(void)body_size;
	(void)request;
	if (strcmp(url, "/metrics") != 0)
		return reply(connection, MHD_HTTP_NOT_FOUND, "text/plain",
		    strdup("the metrics are at /metrics\n"));
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
		    "text/plain", strdup("GET and HEAD are answered\n"));
	return reply(connection, MHD_HTTP_OK,
	    "text/plain; version=0.0.4; charset=utf-8", make_page(config));
}

/* Its thread takes no signal: all are for process_wait(). */
static struct MHD_Daemon *
serve(int fd, const struct config *c)
{
	struct MHD_Daemon *made;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	made = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL,
	    answer, (void *)(uintptr_t)c, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX,
	    MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return made;
}

bool
metrics_start(const struct config *c, struct diag *d)
{
	int fd;

	if (c->metrics[0] == '\0')
		return true;
	fd = listen_open_inet(&c->metrics_endpoint, d);
	if (fd >= 0)
		server = serve(fd, c);
	if (server == NULL)
		diag_add(d, "metrics: %s can't be served", c->metrics);
	return server != NULL;
}

void
metrics_stop(void)
{
	if (server != NULL)
		MHD_stop_daemon(server);
	server = NULL;
}
