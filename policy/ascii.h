#ifndef POLICY_ASCII_H
#define POLICY_ASCII_H

/* The letter in lower case, any other byte as it is: names of the protocols
 * fold so, whatever the locale is. */
static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

#endif
