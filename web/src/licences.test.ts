// @vitest-environment node
/** Every package in the lockfile has a licence on this list, and what is shipped is free of copyleft. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Entry {
  version?: string;
  resolved?: string;
  license?: string;
  dev?: boolean;
}

const lock: { packages: Record<string, Entry> } = JSON.parse(
  readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'),
);
const entries = Object.entries(lock.packages).filter(([path]) => path !== '');

const SHIPPED = [
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'MIT OR Apache-2.0',
  'Unlicense',
];
const BUILD_ONLY = [...SHIPPED, 'MPL-2.0', 'CC-BY-4.0'];

it('has entries', () => expect(entries.length).toBeGreaterThan(100));

it.each([
  ['shipped', SHIPPED, (entry: Entry) => !entry.dev],
  ['used to build', BUILD_ONLY, (entry: Entry) => !!entry.dev],
] as const)('licences of what is %s', (_what, allowed, belongs) => {
  const others = entries
    .filter(([, entry]) => belongs(entry) && !(allowed as readonly string[]).includes(entry.license ?? ''))
    .map(([path, entry]) => `${path}: ${entry.license ?? 'none'}`);
  expect(others).toEqual([]);
});

it('names no download address: each installation asks its own registry', () => {
  expect(entries.filter(([, entry]) => entry.resolved).map(([path]) => path)).toEqual([]);
});
