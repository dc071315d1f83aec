import type { Plugin } from 'vite';
import { hostIn, modelAddress } from '../../core/files/address.ts';

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
 * Further hosts that models may come from, as whoever builds the site names them: origins, with spaces between.
 * Throws where one is no `https://host`, or `http://` on this machine.
 */
export function modelHosts(names: string | undefined): readonly string[] {
  const hosts = (names ?? '').split(/\s+/).filter((name) => name !== '');
  for (const host of hosts) {
    const known = modelAddress(`${host}/x.gguf`) === `${host}/x.gguf` && hostIn(host) === host.replace(/^https?:\/\//, '');
    if (!known) throw new Error(`MODEL_HOSTS: ${host} is not an origin as https://models.example.org, without a path`);
  }
  return hosts;
}

/**
 * No address but the page's own, the Hub's, and the named hosts' is ever asked for anything. `wasm-unsafe-eval` compiles WASM and
 * `blob:` workers are tfjs' WASM threads, where a browser lets the worker inherit the page's policy; inline styles are react-aria's.
 */
export const policyWith = (hosts: readonly string[]): string =>
  [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    `connect-src ${["'self'", HUB, ...hosts].join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** Of this build. The page reads in it which hosts it may ask (`app/state/reach.ts`). */
export const contentPolicy = (): string => policyWith(modelHosts(process.env['MODEL_HOSTS']));

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
          attrs: { 'http-equiv': 'Content-Security-Policy', content: contentPolicy() },
          injectTo: 'head-prepend',
        },
      ],
    },
  };
}
