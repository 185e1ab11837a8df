// Packs a built web/dist (or the one-page notice) into OUT/ui.pack and OUT/api/ui/ui_pack_id.hpp for
// src/api/ui/ui_embedded.cpp.
// The format is described in src/api/ui/ui_pack.hpp. Same input, same bytes: nothing here depends on time or machine.
//
//   node tools/pack_ui.mjs DIST_FOLDER OUT_FOLDER

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const ENTRY_SIZE = 64;
const HEADER_SIZE = 16;
/** Small enough to be carried plain as well, for a client that takes no compressed form (curl without --compressed). */
const PLAIN_LIMIT = 2048;

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

function filesBelow(folder, prefix = '') {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const name = prefix + item.name;
    return item.isDirectory() ? filesBelow(path.join(folder, item.name), `${name}/`) : [name];
  });
}

function compress(name, plain) {
  const type = TYPES[path.extname(name)];
  if (!type) throw new Error(`pack_ui: no media type is known for ${name}`);
  return {
    name: Buffer.from(name),
    type: Buffer.from(type),
    digest: createHash('sha256').update(plain).digest().subarray(0, 16),
    brotli: brotliCompressSync(plain, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 22,
        [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
      },
    }),
    gzip: gzipSync(plain, { level: 9 }),
    plain: name.endsWith('.html') && plain.length <= PLAIN_LIMIT ? plain : Buffer.alloc(0),
  };
}

function pack(entries) {
  const blobs = [];
  let end = HEADER_SIZE + entries.length * ENTRY_SIZE;
  const place = (bytes) => {
    blobs.push(bytes);
    end += bytes.length;
    return [end - bytes.length, bytes.length];
  };
  const head = Buffer.alloc(end);
  head.write('dpuipak1', 0, 'latin1');
  head.writeUInt32LE(entries.length, 8);
  head.writeUInt32LE(ENTRY_SIZE, 12);
  entries.forEach((entry, index) => {
    const at = HEADER_SIZE + index * ENTRY_SIZE;
    entry.digest.copy(head, at + 16);
    const fields = [[0, entry.name], [8, entry.type], [32, entry.brotli], [40, entry.gzip], [48, entry.plain]];
    for (const [offset, bytes] of fields) {
      const [start, length] = place(bytes);
      head.writeUInt32LE(start, at + offset);
      head.writeUInt32LE(length, at + offset + 4);
    }
  });
  return Buffer.concat([head, ...blobs]);
}

const [dist, out] = process.argv.slice(2);
if (!dist || !out || !statSync(path.join(dist, 'index.html'), { throwIfNoEntry: false })) {
  console.error('usage: node pack_ui.mjs DIST_FOLDER OUT_FOLDER   (DIST_FOLDER holds index.html)');
  process.exit(2);
}
const entries = filesBelow(dist)
  .map((name) => compress(name, readFileSync(path.join(dist, name))))
  .sort((a, b) => Buffer.compare(a.name, b.name));
const bytes = pack(entries);
const id = createHash('sha256').update(bytes).digest('hex');
mkdirSync(path.join(out, 'api/ui'), { recursive: true });
writeFileSync(path.join(out, 'ui.pack'), bytes);
writeFileSync(
  path.join(out, 'api/ui/ui_pack_id.hpp'),
  `#pragma once\n// Made by tools/pack_ui.mjs.\n#include <string_view>\n` +
    `namespace dp::api {\ninline constexpr std::string_view kUiPackSha256 =\n    "${id}";\n}\n`,
);
console.log(`ui.pack: ${entries.length} files, ${(bytes.length / 1024).toFixed(0)} KiB, ${id.slice(0, 12)}`);
