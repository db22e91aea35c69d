-- A limit with per = 'group' suspends the group, @domain or everyone whose members it counts together: these can be pardoned as well.

DROP TRIGGER pardon_insert;
CREATE TRIGGER pardon_insert BEFORE INSERT ON pardon BEGIN
	SELECT RAISE(ABORT, 'anonymous is never suspended by a limit') WHERE NEW.login = 'anonymous';
	SELECT RAISE(ABORT, 'pardon.at is not in the future') WHERE NEW.at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
END;
DROP TRIGGER pardon_change;
CREATE TRIGGER pardon_change BEFORE UPDATE ON pardon BEGIN
	SELECT RAISE(ABORT, 'anonymous is never suspended by a limit') WHERE NEW.login = 'anonymous';
	SELECT RAISE(ABORT, 'pardon.at is not in the future') WHERE NEW.at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
END;

PRAGMA user_version = 2;
