/*
 * A milter that decides nothing: what libmilter itself costs.  `plain` answers
 * every callback but the body's, `quiet` has the fewest round trips that the
 * protocol allows.
 */
#include <stdbool.h> /* before mfapi.h, which defines bool otherwise */

#include <libmilter/mfapi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool quiet;

/* What a quiet milter leaves out, where the MTA lets it. */
#define QUIET_STEPS                                                      \
	(SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_CONN | \
	    SMFIP_NR_HELO | SMFIP_NR_HDR | SMFIP_NOEOH)

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long unused2, unsigned long unused3, unsigned long *pactions,
    unsigned long *psteps, unsigned long *punused2, unsigned long *punused3)
{
	(void)ctx;
	(void)actions;
	(void)unused2;
	(void)unused3;
	*pactions = 0;
	*psteps = steps & (quiet ? (unsigned long)QUIET_STEPS : SMFIP_NOBODY);
	*punused2 = *punused3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
silent(void)
{
	return quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return silent();
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return silent();
}

static sfsistat
on_envelope(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return silent();
}

static sfsistat
on_event(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
	struct smfiDesc description = {
	    .xxfi_name = (char[]){"null"},
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_connect = on_connect,
	    .xxfi_helo = on_helo,
	    .xxfi_envfrom = on_envelope,
	    .xxfi_envrcpt = on_envelope,
	    .xxfi_header = on_header,
	    .xxfi_eom = on_event,
	    .xxfi_abort = on_event,
	    .xxfi_close = on_event,
	    .xxfi_negotiate = on_negotiate,
	};

	if (argc != 3 ||
	    (strcmp(argv[1], "plain") != 0 && strcmp(argv[1], "quiet") != 0)) {
		fprintf(stderr, "usage: null plain|quiet SOCKET\n");
		return 2;
	}
	quiet = strcmp(argv[1], "quiet") == 0;
	if (!quiet)
		description.xxfi_eoh = on_event;
	if (smfi_setconn(argv[2]) != MI_SUCCESS ||
	    smfi_register(description) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS)
		return EXIT_FAILURE;
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
