import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';
import { commit } from './scripts/lib/commit.ts';
import { localModelsPlugin } from './scripts/lib/local-models.ts';
import { offline } from './scripts/lib/offline-plugin.ts';
import { preloadPages } from './scripts/lib/preload-plugin.ts';
import { wasmKernels } from './scripts/lib/wasm-kernels.ts';
import { contentSecurityPolicy, tfjsWasmThreads } from './scripts/lib/vite-plugins.ts';

/**
 * With the first two the page is cross-origin isolated, and WASM may use threads; the third lets pages that are isolated
 * themselves embed it. A host that cannot send them works without.
 */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'credentialless',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

/** `runtime/device.ts` imports tfjs' backends twice: at once for their kernels, and again to get a factory back. Timings are noise. */
const CHECKS = { ineffectiveDynamicImport: false, bundlerTimings: false };

/** Opened by a press, with the library behind them; nothing of it belongs into what every page loads. */
const ON_DEMAND = /[\\/]app[\\/]ui[\\/](?:Dialog|MenuList|SuggestingField)\./;
/**
 * Left to itself, the bundler makes a file of every set of modules that some pages share: dozens, each with a round trip of its
 * own where a host does not speak HTTP/2. So: what every page starts with, and what panels are built from.
 */
const CHUNKS = [
  { name: 'app', tags: ['$initial' as const] },
  {
    name: 'panel',
    minShareCount: 2,
    test: (id: string): boolean =>
      (/[\\/]app[\\/](?:charts|state|ui|views)[\\/]/.test(id) || /[\\/]node_modules[\\/](?:d3|internmap)/.test(id)) &&
      !ON_DEMAND.test(id),
  },
];

const config: UserConfig = defineConfig({
  // Every address is relative: the built site works under any path.
  base: './',
  plugins: [react(), wasmKernels(), tfjsWasmThreads(), contentSecurityPolicy(), preloadPages(), localModelsPlugin(), offline()],
  define: { __COMMIT__: JSON.stringify(commit()) },
  worker: { format: 'es', plugins: () => [wasmKernels(), tfjsWasmThreads()], rolldownOptions: { checks: CHECKS } },
  // `vite dev` finds the worker's packages at the start, not with the first run, which would reload the page.
  optimizeDeps: { entries: ['index.html', 'workers/engine.worker.ts', 'labs/*/{spec,run,view}.{ts,tsx}'] },
  build: {
    target: 'es2022',
    rolldownOptions: { checks: CHECKS, output: { codeSplitting: { groups: CHUNKS } } },
    // No data: addresses, which the content security policy would have to allow.
    assetsInlineLimit: 0,
    // The engine's worker holds tfjs; `scripts/budget.ts` limits it.
    chunkSizeWarningLimit: 2_000,
  },
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
});

export default config;
