import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { budget } from './budget';
import { licences } from './licences';

const server = process.env.DIALPLANE_URL ?? 'http://127.0.0.1:8080';

/** PatternFly's base style sheet brings the RedHat web fonts; the interface uses the system's own, so they stay out. */
function dropRedHatFonts(): Plugin {
  return {
    name: 'drop-redhat-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('@patternfly/react-core/dist/styles/base')) return null;
      return code.replace(/@font-face\s*{[^}]*RedHat[^}]*}/g, '');
    },
  };
}

export default defineConfig({
  base: '/ui/',
  plugins: [dropRedHatFonts(), react(), licences(), budget()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': server, '/login': server, '/logout': server, '/ws': { target: server, ws: true } },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    // PatternFly's modules import their style sheets, which node cannot.
    server: { deps: { inline: [/@patternfly/] } },
  },
});
