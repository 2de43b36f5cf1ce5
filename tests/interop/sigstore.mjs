// SPDX-License-Identifier: Apache-2.0
// node sigstore.mjs BUNDLE.sigstore.json KEY.der: verifies a Sigstore bundle with one public key.
import { readFileSync } from 'node:fs';
import { bundleFromJSON } from '@sigstore/bundle';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

const [file, keyFile] = process.argv.slice(2);
const bundle = bundleFromJSON(JSON.parse(readFileSync(file, 'utf8')));
const hint = bundle.verificationMaterial.content.publicKey.hint;
const nobody = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const trust = toTrustMaterial(nobody, { [hint]: { rawBytes: readFileSync(keyFile) } });
const thresholds = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 };
new Verifier(trust, thresholds).verify(toSignedEntity(bundle));
console.log('verified');
