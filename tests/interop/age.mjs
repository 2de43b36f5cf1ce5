// SPDX-License-Identifier: Apache-2.0
// node age.mjs open IDENTITY FILE: prints what an armored file of age holds.
// node age.mjs seal RECIPIENT...: prints standard input sealed to the recipients, as armor.
import { readFileSync } from 'node:fs';
import * as age from 'age-encryption';

const [action, ...rest] = process.argv.slice(2);
if (action === 'open') {
  const identity = readFileSync(rest[0], 'utf8').split('\n').find((line) => line.startsWith('AGE-'));
  const decrypter = new age.Decrypter();
  decrypter.addIdentity(identity);
  process.stdout.write(await decrypter.decrypt(age.armor.decode(readFileSync(rest[1], 'utf8')), 'text'));
} else {
  const encrypter = new age.Encrypter();
  for (const recipient of rest) encrypter.addRecipient(recipient);
  process.stdout.write(age.armor.encode(await encrypter.encrypt(readFileSync(0, 'utf8'))));
}
