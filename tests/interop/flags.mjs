// SPDX-License-Identifier: Apache-2.0
// node flags.mjs FILE REQUESTS: reads a flag definition file with the library that applications use,
// after it has passed flagd's published schemas, which are compiled into that library; answers
// {type, flag, otherwise, context, times}... as a list of {value, variant, reason, metadata}, or with
// `times` as how often each variant came, for users 0 to times - 1.
import { readFileSync } from 'node:fs';
import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core';

const [file, requests] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const quiet = { error() {}, warn() {}, info() {}, debug() {} };
const storage = new MemoryStorage(quiet);
storage.setConfigurations(text, true);
const core = new FlagdCore(storage, quiet);

const ask = ({ type, flag, otherwise, context = {} }) => {
  const { value, variant, reason, flagMetadata } = core.resolve(type, flag, otherwise, context, quiet);
  return { value, variant, reason, metadata: flagMetadata };
};
const count = (request) => {
  const seen = {};
  for (let i = 0; i < request.times; i++) {
    const { variant } = ask({ ...request, context: { targetingKey: `user-${i}` } });
    seen[variant] = (seen[variant] ?? 0) + 1;
  }
  return seen;
};
console.log(JSON.stringify(JSON.parse(requests).map((r) => (r.times ? count(r) : ask(r)))));
