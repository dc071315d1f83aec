import type { PluginOption } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { ASSETS_CACHE, DATA_CACHE } from '../../core/files/kept.ts';

/** Manifests, cards, recorded results, dashboards: everything that the page reads as data, weights left out. */
const DATA = /\/(?:models|saes|examples|dashboards)\/(?!.*\.(?:safetensors|gguf)$).*\.\w+$/;

/**
 * The service worker. The app itself is kept with the first visit; data are asked of the network first, and answered from the
 * last copy where it does not answer. Weights pass it by: the engine keeps those itself, by digest. A new version waits until
 * the reader takes it (`app/shell/offline.ts`). Answers keep the headers that the host sent, isolation included.
 */
export function offline(): PluginOption {
  return VitePWA({
    registerType: 'prompt',
    // The page registers it by itself, and an embed does not.
    injectRegister: false,
    manifest: false,
    workbox: {
      inlineWorkboxRuntime: true,
      sourcemap: false,
      globPatterns: [
        '*.{html,js,svg,png,webmanifest}',
        'icons/*.png',
        'assets/**/*.{js,css,woff2}',
        'assets/*simd*.wasm',
        'assets/{plain,relaxed}*.wasm',
      ],
      // File names in `assets` carry a hash of what is in them.
      dontCacheBustURLsMatching: /assets\/.*-[\w-]{8}\.\w+$/,
      maximumFileSizeToCacheInBytes: 4_000_000,
      navigateFallback: 'index.html',
      // A file that is asked for by its name is that file.
      navigateFallbackDenylist: [/\/[^/]+\.\w+$/],
      cleanupOutdatedCaches: true,
      // Also the page of the first visit is served by it from then on, so what it opens is there the next time.
      clientsClaim: true,
      skipWaiting: false,
      runtimeCaching: [
        {
          urlPattern: DATA,
          handler: 'NetworkFirst',
          options: { cacheName: DATA_CACHE, networkTimeoutSeconds: 8, cacheableResponse: { statuses: [200] } },
        },
        {
          urlPattern: /\/assets\/.*-[\w-]{8}\.\w+$/,
          handler: 'CacheFirst',
          options: { cacheName: ASSETS_CACHE, cacheableResponse: { statuses: [200] } },
        },
      ],
    },
  });
}
