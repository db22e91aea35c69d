// nodemailer's addressparser of today, and the module it once was.
'use strict';

const parsers = {
	nodemailer: '/usr/share/nodejs/nodemailer/lib/addressparser',
	addressparser: '/usr/share/nodejs/addressparser',
};

for (const name of Object.keys(parsers)) {
	try {
		parsers[name] = require(parsers[name]);
	} catch {
		delete parsers[name];
	}
}
if (Object.keys(parsers).length === 0)
	process.exit(1);

function walk(list, found) {
	for (const entry of list) {
		if (entry.address)
			found.addresses.push(entry.address);
		if (entry.name)
			found.names.push(entry.name);
		walk(entry.group || [], found);
	}
	return found;
}

function answer(parse, value) {
	try {
		return walk(parse(value), { addresses: [], names: [] });
	} catch {
		return {};
	}
}

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
	const value = Buffer.from(line, 'base64').toString('utf8')
		.replace(/^From: ?/i, '').replace(/\r\n$/, '').replace(/\r\n(?=[ \t])/g, '');
	const found = {};
	for (const name of Object.keys(parsers))
		found[name] = answer(parsers[name], value);
	process.stdout.write(JSON.stringify(found) + '\n');
});
