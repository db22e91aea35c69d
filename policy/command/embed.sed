# One C string literal for each line of SQL; the backslash comes first.
s/\\/\\\\/g
s/"/\\"/g
s/^/"/
s/$/\\n"/
