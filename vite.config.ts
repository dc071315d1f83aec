import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';
import { commit } from './scripts/lib/commit.ts';
import { localModelsPlugin } from './scripts/lib/local-models.ts';
import { offline } from './scripts/lib/offline-plugin.ts';
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

const config: UserConfig = defineConfig({
  // Every address is relative: the built site works under any path.
  base: './',
  plugins: [react(), wasmKernels(), tfjsWasmThreads(), contentSecurityPolicy(), localModelsPlugin(), offline()],
  define: { __COMMIT__: JSON.stringify(commit()) },
  worker: { format: 'es', plugins: () => [wasmKernels(), tfjsWasmThreads()], rolldownOptions: { checks: CHECKS } },
  // `vite dev` finds the worker's packages at the start, not with the first run, which would reload the page.
  optimizeDeps: { entries: ['index.html', 'workers/engine.worker.ts', 'labs/*/{spec,run,view}.{ts,tsx}'] },
  build: {
    target: 'es2022',
    rolldownOptions: { checks: CHECKS },
    // No data: addresses, which the content security policy would have to allow.
    assetsInlineLimit: 0,
    // The engine's worker holds tfjs; `scripts/budget.ts` limits it.
    chunkSizeWarningLimit: 2_000,
  },
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
});

export default config;
