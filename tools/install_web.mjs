// Installs the packages of web/ when its lockfile says something else than at the last installation. A checkout that only
// touches the file costs nothing: what counts is its content.
//
//   node tools/install_web.mjs NPM WEB_FOLDER STAMP

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [npm, web, stamp] = process.argv.slice(2);
const wanted = createHash('sha256');
for (const name of ['package-lock.json', 'package.json', '.npmrc']) wanted.update(readFileSync(path.join(web, name)));
const digest = wanted.digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  const { status } = spawnSync(npm, ['ci', '--no-progress', '--loglevel=error'], { cwd: web, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
writeFileSync(stamp, digest);
