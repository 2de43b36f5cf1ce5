// SPDX-License-Identifier: Apache-2.0
// node sigstore_bundle.mjs STATEMENT KEY.pem: prints a Sigstore bundle of a statement, signed with a key.
import { readFileSync } from 'node:fs';
import { createPrivateKey, sign } from 'node:crypto';
import { bundleToJSON, toDSSEBundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';

const [file, keyFile] = process.argv.slice(2);
const artifact = readFileSync(file);
const artifactType = 'application/vnd.in-toto+json';
const key = createPrivateKey(readFileSync(keyFile));
const signature = sign('sha256', dsse.preAuthEncoding(artifactType, artifact), key);
console.log(JSON.stringify(bundleToJSON(toDSSEBundle({ artifact, artifactType, signature, keyHint: 'dev' }))));
