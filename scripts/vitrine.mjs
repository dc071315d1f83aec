#!/usr/bin/env node
/** The command line; its code is in `scripts/cli`. */
import { importBundled } from './lib/bundled.mjs';

await importBundled('vitrine');
