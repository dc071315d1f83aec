import type { Plugin } from 'vite';

/**
 * tfjs stringifies the factory of its threaded WASM module for the pthread workers, so after minification the factory must
 * not refer to anything outside of itself: its only free variable is inlined. Without this every pthread dies with
 * `ReferenceError: e is not defined` (tensorflow/tfjs #4107, #4539).
 */
export function tfjsWasmThreads(): Plugin {
  return {
    name: 'tfjs-wasm-threads',
    transform(code, id) {
      if (!id.includes('tfjs-backend-wasm-threaded-simd.js')) return undefined;
      const fixed = code
        .replace(/var _scriptDir = .*;\n/, '')
        .replace(/if \(typeof __filename.*\n/, '')
        .replace(/_scriptDir/g, 'undefined');
      if (fixed === code) throw new Error('tfjs-wasm-threads: the threaded module is not the one of tfjs 4.22.0');
      return { code: fixed, map: null };
    },
  };
}

/**
 * Where models of the Hub come from, once a reader has confirmed one: the Hub, and the hosts to which it sends for large files.
 * Workers ask there, for which the policy of the page counts in some browsers and where a host sends it as a header.
 */
const HUB = 'https://huggingface.co https://*.huggingface.co https://*.hf.co';

/**
 * No address but the page's own, and the Hub's, is ever asked for anything. `wasm-unsafe-eval` compiles WASM and `blob:` workers are tfjs' WASM
 * threads, where a browser lets the worker inherit the page's policy; inline styles are react-aria's.
 */
export const CONTENT_SECURITY_POLICY: string = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  `connect-src 'self' ${HUB}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Puts the policy into the built page, for hosts that cannot set headers. Not in `vite dev`, whose client needs inline scripts. */
export function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
          injectTo: 'head-prepend',
        },
      ],
    },
  };
}
