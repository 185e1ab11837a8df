/** What the first page may weigh, compressed. A build over it fails: weight comes in one import at a time. */
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const SCRIPT_LIMIT = 180 * 1024;
const STYLE_LIMIT = 60 * 1024;

export function budget(): Plugin {
  return {
    name: 'budget',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        const script = file.type === 'chunk' && file.isEntry;
        const style = file.type === 'asset' && file.fileName.endsWith('.css');
        if (!script && !style) continue;
        const size = gzipSync(file.type === 'chunk' ? file.code : file.source).length;
        const limit = script ? SCRIPT_LIMIT : STYLE_LIMIT;
        if (size > limit) this.error(`${file.fileName} is ${size} bytes compressed; the limit is ${limit}.`);
      }
    },
  };
}
