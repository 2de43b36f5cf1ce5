// SPDX-License-Identifier: Apache-2.0
// node root_chain.mjs FIRST NEXT...: follows a chain of TUF roots; prints the last one's version, or
// fails where one does not follow from the one before.
import { readFileSync } from 'node:fs';
import { Metadata, MetadataKind } from '@tufjs/models';

const [first, ...rest] = process.argv.slice(2);
const load = (file) => Metadata.fromJSON(MetadataKind.Root, JSON.parse(readFileSync(file, 'utf8')));
let trusted = load(first);
trusted.verifyDelegate('root', trusted);
for (const file of rest) {
  const next = load(file);
  trusted.verifyDelegate('root', next);
  next.verifyDelegate('root', next);
  if (next.signed.version !== trusted.signed.version + 1) throw new Error('a version was skipped');
  trusted = next;
}
console.log(trusted.signed.version);
