#!/usr/bin/env node
/** `npm run posters [-- --check]`; its code is in `scripts/posters`. */
import { importBundled } from './lib/bundled.mjs';

await importBundled('posters');
