/*
 * authpolicy init and migrate.  A new policy appears whole under its name or
 * not at all; one that is there is never replaced.
 */
#include "policy/command/command.h"
#include "policy/command/names.h"
#include "policy/command/migrations.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GROUP "authpolicy"

/* An empty file like `like`, or of mode 0640 and the daemon's group. */
static bool
make_file(const char *path, const struct stat *like)
{
	struct group *group = getgrnam(GROUP);
	uid_t uid = like != NULL ? like->st_uid : (uid_t)-1;
	gid_t gid = like != NULL    ? like->st_gid
		    : group != NULL ? group->gr_gid
				    : (gid_t)-1;
	mode_t mode = like != NULL ? like->st_mode & 0777 : 0640;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool made = fd >= 0 && (getuid() != 0 || fchown(fd, uid, gid) == 0) &&
		    fchmod(fd, mode) == 0;

	if (!made) {
		fail(STATUS_UNKNOWN, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			unlink(path);
	}
	if (fd >= 0)
		close(fd);
	return made;
}

/* What makes it useful at once: all may send as themselves. */
static void
fill(struct command *c, const char *mode)
{
	char domain[ADDRESS_DOMAIN_MAX + 1], user[ADDRESS_DOMAIN_MAX + 8];

	db_run(&c->db, SQL_GRANT, "everyone", "{login}", "any", "as", NULL,
	    NULL, NULL);
	for (size_t i = 0; i < c->args.word_count; i++) {
		if (!names_domain(c, c->args.words[i], domain))
			return;
		snprintf(user, sizeof(user), "{user}@%s", domain);
		db_run(&c->db, SQL_DOMAIN_ADD, domain);
		db_run(&c->db, SQL_GRANT, "everyone", user, "any", "as", NULL,
		    NULL, NULL);
	}
	db_run(&c->db, SQL_REALMS_ALL);
	db_run(&c->db, SQL_SETTING_SET, mode, "mode");
}

enum status
run_init(struct command *c)
{
	const char *mode = args_value(&c->args, "mode", "monitor");
	char path[PATH_MAX];

	if (access(c->path, F_OK) == 0)
		return fail(STATUS_REFUSED,
		    "%s is there already; it stays as it is", c->path);
	if ((size_t)snprintf(path, sizeof(path), "%s.new-%ld", c->path,
		(long)getpid()) >= sizeof(path))
		return fail(STATUS_USAGE, "--db: the name is too long");
	if (!make_file(path, NULL))
		return STATUS_UNKNOWN;
	if (db_open_any(&c->db, path) && db_exec(&c->db, "BEGIN") &&
	    db_migrate(&c->db, 0) && db_editor(&c->db, c->editor)) {
		fill(c, mode);
		db_commit(&c->db);
	}
	db_close(&c->db);
	if (c->db.status == STATUS_OK && link(path, c->path) != 0)
		db_fail(&c->db,
		    errno == EEXIST ? STATUS_REFUSED : STATUS_UNKNOWN, "%s: %s",
		    c->path, strerror(errno));
	unlink(path);
	if (c->db.status == STATUS_OK)
		diag_add(&c->changes, "%s made, mode %s", c->path, mode);
	return c->db.status;
}

/* Copies the policy, as it is under our write lock, beside itself. */
static bool
back_up(struct command *c, int version)
{
	char path[PATH_MAX], when[32];
	time_t now = time(NULL);
	struct stat st;
	struct db copy = {0}, from = {0};
	sqlite3_backup *backup;
	bool good = false;

	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime(&now));
	if ((size_t)snprintf(path, sizeof(path), "%s.version-%d.%s", c->path,
		version, when) >= sizeof(path) ||
	    stat(c->path, &st) != 0 || !make_file(path, &st))
		return false;
	if (db_open_any(&from, c->path) && db_open_any(&copy, path) &&
	    (backup = sqlite3_backup_init(
		 copy.handle, "main", from.handle, "main")) != NULL) {
		sqlite3_backup_step(backup, -1);
		good = sqlite3_backup_finish(backup) == SQLITE_OK;
	}
	db_close(&copy);
	db_close(&from);
	if (good)
		diag_add(&c->changes, "the policy as it was is %s", path);
	else
		unlink(path);
	return good;
}

enum status
run_migrate(struct command *c)
{
	int version;

	if (!db_open_any(&c->db, c->path) ||
	    !db_exec(&c->db, "BEGIN IMMEDIATE"))
		return c->db.status;
	version = db_version(&c->db);
	if (c->db.status != STATUS_OK)
		return c->db.status;
	if (version < 0)
		return fail(STATUS_REFUSED, "%s is not a policy of authpolicy",
		    c->path);
	if (version > migration_count)
		return fail(STATUS_REFUSED,
		    "%s is of version %d, made by a newer authpolicy; this "
		    "one knows version %d",
		    c->path, version, migration_count);
	if (version == migration_count) {
		diag_add(&c->changes, "%s is of version %d already", c->path,
		    version);
		return STATUS_OK;
	}
	if (!back_up(c, version))
		return fail(STATUS_UNKNOWN,
		    "%s could not be copied; nothing was changed", c->path);
	if (db_migrate(&c->db, version) && db_exec(&c->db, "COMMIT"))
		diag_add(&c->changes,
		    "%s is now of version %d; an authpolicyd that was "
		    "started before has to be restarted to read it",
		    c->path, migration_count);
	return c->db.status;
}
