#!/usr/bin/env node
/** `npm run bench:gpu [-- --quick]`; its code is in `scripts/bench/gpu`. */
import { importBundled } from './lib/bundled.mjs';

await importBundled('bench-gpu');
