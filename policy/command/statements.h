#ifndef POLICY_COMMAND_STATEMENTS_H
#define POLICY_COMMAND_STATEMENTS_H

/* The SQL of the command; the comment names what is bound, in order. */
enum statement {
	SQL_VERSION,
	SQL_EDITOR_COMES, /* name */
	SQL_EDITOR_GOES,

	SQL_PRINCIPAL_KIND,    /* name */
	SQL_PRINCIPAL_ADD,     /* name, kind, note */
	SQL_PRINCIPAL_REMOVE,  /* name */
	SQL_PRINCIPAL_RENAME,  /* new name, name */
	SQL_PRINCIPAL_MODE,    /* mode or `inherit`, name */
	SQL_PRINCIPAL_SUSPEND, /* until, why, name */
	SQL_PRINCIPAL_RESUME,  /* name */
	SQL_PRINCIPAL_SHOW,    /* name */
	SQL_PRINCIPAL_GRANTS,  /* name */
	SQL_PRINCIPAL_DENIES,  /* name */
	SQL_DOMAIN_ROW,	       /* @domain */
	SQL_PARDON,	       /* login */
	SQL_LOGIN_LIST,
	SQL_LOGIN_GROUPS, /* login */
	SQL_GROUP_LIST,
	SQL_GROUP_MEMBERS, /* group */
	SQL_GROUP_JOIN,	   /* group, login */
	SQL_GROUP_LEAVE,   /* group, login */

	SQL_GRANT,  /* principal, address, scope, manner, from, until, note */
	SQL_REVOKE, /* principal, address, as typed, scope, manner */
	SQL_DENY,   /* principal, address, note */
	SQL_UNDENY, /* principal, address, as typed */

	SQL_DOMAIN_ADD,	   /* name */
	SQL_DOMAIN_OWNER,  /* owner or "", name */
	SQL_DOMAIN_REMOVE, /* name, as typed */
	SQL_DOMAIN_LIST,
	SQL_REALMS_ALL,
	SQL_REALMS_LACK, /* domain */

	SQL_RULE_THERE,	 /* seq */
	SQL_RULE_ADD,	 /* seq or NULL, the conditions, verdict, reply, mode,
			    note */
	SQL_RULE_LIST,	 /* what a condition that says nothing is */
	SQL_RULE_MOVE,	 /* new seq, seq */
	SQL_RULE_REMOVE, /* seq */

	SQL_NETWORK_THERE,  /* name */
	SQL_NETWORK_ADD,    /* name, cidr */
	SQL_NETWORK_REMOVE, /* name, cidr, as typed */
	SQL_NETWORK_CLEAR,  /* name */
	SQL_NETWORK_LIST,
	SQL_NETWORK_KEPT,	/* name, cidr or NULL, as typed */
	SQL_ADDRESS_SET_THERE,	/* name */
	SQL_ADDRESS_SET_ADD,	/* name, address */
	SQL_ADDRESS_SET_REMOVE, /* name, address, as typed */
	SQL_ADDRESS_SET_CLEAR,	/* name */
	SQL_ADDRESS_SET_LIST,
	SQL_ADDRESS_SET_KEPT, /* name, address or NULL, as typed */

	SQL_IDENTITY_LOGIN,  /* kind, subject, issuer, cidr */
	SQL_IDENTITY_ADD,    /* kind, subject, issuer, cidr, login, note */
	SQL_IDENTITY_REMOVE, /* login or NULL, kind or NULL, subject, issuer,
				cidr, as typed */
	SQL_IDENTITY_LIST,
	SQL_PEER_ADD,	 /* login, client, address, note */
	SQL_PEER_REMOVE, /* login, address or NULL, as typed, client or NULL */
	SQL_PEER_LIST,

	SQL_LIMIT_SET,	  /* name, principal, metric, amount or NULL, period or
			     NULL, per, counting, on_exceed, suspend_for or
			     NULL, mode or NULL, note */
	SQL_LIMIT_LIST,	  /* principal or NULL, `text` or `json` */
	SQL_LIMIT_REMOVE, /* name */

	SQL_SETTING,	   /* name */
	SQL_SETTING_SET,   /* value, name */
	SQL_SETTING_LIST,  /* name or NULL */
	SQL_HISTORY,	   /* table or NULL, editor or NULL, since or NULL,
			      how many */
	SQL_HISTORY_JSON,  /* the same */
	SQL_HISTORY_TABLE, /* name */
	SQL_HISTORY_TABLES,
	SQL_HISTORY_LAST,
	SQL_HISTORY_SAYS,    /* id */
	SQL_HISTORY_OLD,     /* id */
	SQL_HISTORY_NEW,     /* id */
	SQL_HISTORY_INVERSE, /* id; gives SQL that takes the old and the new
				row */
	SQL_HISTORY_LATER,   /* id */
	SQL_HISTORY_UNDONE,  /* id, the last id before it was undone */
	SQL_LINT,
	SQL_LINT_REFERENCES,
	SQL_LINT_MTA,	 /* postfix, sendmail, "" for both, or unknown */
	SQL_LINT_RULES,	 /* the columns are those of enum condition */
	SQL_LINT_MEMBER, /* group, login */

	SQL_JOB,    /* origin, 1 for exact */
	SQL_WANT,   /* tbl, name, other, scope, manner, kind, from, until, note,
		       implied, line */
	SQL_WANTED, /* tbl, name, other, scope, manner, kind, from, until,
		       note */
	SQL_CONFLICTS,
	SQL_STEPS,
	SQL_STEPS_GONE,
	SQL_STEP_COUNTS,
	SQL_STEP_REMOVALS, /* how many, of how many rows of which origin */
	SQL_STEP_LAST,
	SQL_STEP_LIST,
	SQL_STEP_NOTES,
	SQL_STEP_DIFFERENCE,
	SQL_IMPORT_REALMS,
	SQL_IMPORT_BULK,
	SQL_IMPORT_HISTORY, /* file, what was done */
	/* each: number of the first step, of the last */
	SQL_IMPORT_PRINCIPALS,
	SQL_IMPORT_MEMBERS,
	SQL_IMPORT_GRANTS,
	SQL_IMPORT_DOMAINS,
	SQL_IMPORT_NETWORKS,
	SQL_IMPORT_UNGRANT, /* principal, address, scope, manner */
	SQL_MAP_KEY,	    /* key, line */
	SQL_MAP_LINE,	    /* key */
	SQL_MAP_DOMAIN,	    /* domain */
	SQL_MAP_OVERLAPS,
	SQL_ALIAS, /* address, target, line */
	SQL_ALIAS_LEAVES,
	SQL_DRIFT, /* not NULL: main.cf has domains that were not told */

	SQL_EXPORT_PRINCIPAL,
	SQL_EXPORT_MEMBERSHIP,
	SQL_EXPORT_SEND_AS,
	SQL_EXPORT_DENY_AS,
	SQL_EXPORT_LOCAL_DOMAIN,
	SQL_EXPORT_NETWORK,
	SQL_EXPORT_ADDRESS_SET,
	SQL_EXPORT_RULE,
	SQL_EXPORT_QUOTA,
	SQL_EXPORT_IDENTITY,
	SQL_EXPORT_TRUSTED_PEER,
	SQL_EXPORT_PARDON,
	SQL_EXPORT_SETTING,
	SQL_EXPORT_BEGIN,
	SQL_EXPORT_GRANTS,
	SQL_EXPORT_COVER, /* key or "", login, base of the key, folded key */
	SQL_EXPORT_ALIKE,
	SQL_EXPORT_KEYS,
	SQL_EXPORT_CANNOT,

	SQL_ERROR,	      /* the daemon's answer */
	SQL_DAEMON,	      /* the same */
	SQL_DAEMON_TABLE,     /* the same */
	SQL_DAEMON_NOTES,     /* the same */
	SQL_DAEMON_NEXT,      /* the same */
	SQL_DAEMON_MTA,	      /* the same */
	SQL_DAEMON_SUSPENDED, /* the same */
	SQL_DAEMON_JSON,  /* the same, current, trouble, JSON of more members,
			     more warnings */
	SQL_USAGE_FIELDS, /* the answer to usage */
	SQL_USAGE_LIMITS, /* the same */
	SQL_USAGE_SUSPENSIONS, /* the same */
	SQL_USAGE_SUSPENDED,   /* the same: its own first */
	SQL_AUTOMATIC,	       /* the answer to suspensions */
	SQL_COUNTS,
	SQL_SUSPENDED,
	SQL_NEXT, /* `true` when the policy can be loaded */

	SQL_IS_OBJECT,	/* JSON */
	SQL_MEMBERS,	/* a JSON object */
	SQL_RECIPIENTS, /* a JSON array */
	SQL_RAW,	/* JSON, path */

	SQL_RECORDS_ADD,  /* a line of the audit log */
	SQL_RECORDS_FIND, /* a line, since, until, and what is looked for:
			     login, reason, verdict, ref, client, address or
			     NULL */
	SQL_RECORDS_TEXT, /* a record */
	SQL_RECORDED,	  /* a line; columns as in recorded.c */
	SQL_RECORDED_RECIPIENTS, /* JSON array */
	SQL_CHANGES_MAKE,
	SQL_CHANGES_ADD, /* worse, login or NULL, before, after, row, time, ref,
			    sender, recipient or NULL */
	SQL_CHANGES_SORT,
	SQL_CHANGES,	/* each kind of change */
	SQL_CHANGES_OF, /* number of the kind; examples */
	SQL_REPORT_ASK, /* since, until, step, who stands for no login */
	SQL_REPORT_COVERED,
	SQL_REPORT_TOTAL,
	SQL_REPORT_PERIODS,
	SQL_REPORT_REASONS,
	SQL_REPORT_LOGINS, /* how many; as all that follow */
	SQL_REPORT_REFUSALS,
	SQL_REPORT_LIMITS,
	SQL_REPORT_SUSPENSIONS,
	SQL_REPORT_NEW_SENDERS,

	SQL_LEARN_SENDER,   /* login */
	SQL_LEARN_USED,	    /* the columns of `used` */
	SQL_LEARN_UNMENDED, /* a line */
	SQL_LEARN_WANTED,   /* number */
	SQL_LEARN_ATTACH,   /* path of the policy */
	SQL_LEARN_GROUPS,
	SQL_LEARN_ADDRESSES, /* group */
	SQL_LEARN_MEMBERS,   /* group */
	SQL_LEARN_GRANTS,    /* `1`: those that somebody has to choose */
	SQL_LEARN_SUMS,
	SQL_LEARN_LEFT,

	SQL_SENT,	     /* a line, since, until; columns as in suggest.c */
	SQL_SENT_RECIPIENTS, /* JSON array */
	SQL_SENT_AUTHORS,    /* the same */
	SQL_COVERED_ADD,     /* messages, first and last time or NULL */
	SQL_BUSIEST_ADD,     /* metric, period, login, used */
	SQL_SUGGEST_COVERED,
	SQL_SUGGEST_TABLE,
	SQL_SUGGEST,
	SQL_SUGGEST_BEYOND, /* metric, period */

	STATEMENT_COUNT
};

const char *statement_sql(enum statement statement);

/* By subject, each in a file of its name; NULL is what another one has. */
extern const char *const statements_policy[STATEMENT_COUNT];
extern const char *const statements_status[STATEMENT_COUNT];
extern const char *const statements_import[STATEMENT_COUNT];
extern const char *const statements_audit[STATEMENT_COUNT];

#endif
