"""The plain sqlite3 shell, as an administrator uses it, and statements for it."""

import pathlib
import subprocess

SQL = pathlib.Path(__file__).resolve().parents[2] / "sql"
MIGRATIONS = sorted(SQL.glob("[0-9]*.sql"))


class Shell:
    def __init__(self, path):
        self.path = path

    def run(self, sql):
        """No test pulls the plug: nothing waits for the disk."""
        return subprocess.run(["sqlite3", "-batch", "-bail", "-cmd", "PRAGMA synchronous = OFF", self.path],
                              input=sql, capture_output=True, text=True)

    def __call__(self, sql):
        """Rows as lists of text; any error fails the test."""
        done = self.run(".mode ascii\n.nullvalue NULL\n" + sql)
        assert not done.stderr and done.returncode == 0, f"{sql}\n{done.stderr}"
        return [row.split("\x1f") for row in done.stdout.split("\x1e")[:-1]]

    def value(self, sql):
        [[value]] = self(sql)
        return value

    def fails(self, table, *statements, after=""):
        """The error of the first statement; none of them may change the table.  One shell for all: starting it is what takes time."""
        look = f".print -- rows of {table}\nSELECT * FROM {table};\n.print --\n"
        done = self.run(".bail off\n" + after + look + "\n".join(statements) + "\n" + look)
        before, now = done.stdout.split(f"-- rows of {table}\n")[1:]
        assert done.stderr, f"not refused: {statements[0]}"
        assert now == before, f"stored: {statements}"
        return done.stderr.splitlines()[0]

    def refused(self, sql):
        """The error; it fails the test if there is none."""
        done = self.run(sql)
        assert done.stderr, f"not refused: {sql}"
        return done.stderr


def quoted(value):
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    # The shell reads lines of text: bytes it could not pass on are made by SQL.
    if any(c < " " for c in value):
        return f"CAST(x'{value.encode().hex()}' AS TEXT)"
    return "'" + value.replace("'", "''") + "'"


def insert(table, row, how="INSERT"):
    return f"{how} INTO {table}({', '.join(row)}) VALUES ({', '.join(map(quoted, row.values()))});"


def update(table, row, changes, how="UPDATE"):
    return (f"{how} {table} SET {', '.join(f'{k} = {quoted(v)}' for k, v in changes.items())}"
            f" WHERE {' AND '.join(f'{k} IS {quoted(v)}' for k, v in row.items())};")
