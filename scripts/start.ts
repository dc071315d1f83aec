/** `npm start`: builds the site if its sources are newer than the last build, serves it, and prints the address. */
import { preview } from 'vite';
import { ensureBuilt } from './lib/build.ts';

await ensureBuilt();
const server = await preview({ preview: { port: Number(process.env['PORT'] ?? 4173), open: false } });
process.stdout.write(`\nVitrine runs at ${server.resolvedUrls?.local[0] ?? 'http://localhost:4173/'} (stop it with Ctrl+C)\n`);
