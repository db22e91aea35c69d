#ifndef POLICY_COMMAND_TEXTS_H
#define POLICY_COMMAND_TEXTS_H

/* Files that the build embeds; see command.am. */
extern const char audit_sql[];	 /* sql/audit.sql */
extern const char import_sql[];	 /* sql/import.sql */
extern const char learn_sql[];	 /* sql/learn.sql */
extern const char propose_sql[]; /* sql/propose.sql */
extern const char report_css[];	 /* policy/command/report.css */
extern const char report_sql[];	 /* sql/report.sql */
extern const char sent_sql[];	 /* sql/sent.sql */
extern const char suggest_sql[]; /* sql/suggest.sql */

#endif
