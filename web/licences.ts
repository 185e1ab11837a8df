/** Writes licences.txt: every package that went into the bundle, with its licence text, as its licence asks for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';

interface Manifest {
  name?: string;
  version?: string;
  license?: string;
}

/** The folder of the package that a module belongs to, or nothing for our own. */
function packageOf(moduleId: string): string | undefined {
  const at = moduleId.lastIndexOf('/node_modules/');
  if (at < 0) return undefined;
  const [scope = '', name = ''] = moduleId.slice(at + '/node_modules/'.length).split('/');
  return path.join(moduleId.slice(0, at), 'node_modules', scope, scope.startsWith('@') ? name : '');
}

function section(folder: string): string {
  const manifest: Manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(path.join(folder, file), 'utf8').trim() : '';
  return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
}

export function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const folders = new Set([...this.getModuleIds()].map(packageOf));
      const shipped = [...folders].filter(
        (folder) => folder && existsSync(path.join(folder, 'package.json')),
      );
      const source = shipped
        .map((folder) => section(folder ?? ''))
        .sort()
        .join(`\n${'-'.repeat(100)}\n\n`);
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source });
    },
  };
}
