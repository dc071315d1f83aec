import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';

/** Lists what `npm run model:add` put into the site's folder; not in git, and read by nobody but the functions here. */
export const LOCAL_CATALOGUE = 'models/local.json';
export const CATALOGUE = 'models/catalogue.json';

interface Entry {
  readonly id: string;
  readonly path: string;
}

/** The site's catalogue with what was added on this machine: what the page and the engine get as `models/catalogue.json`. */
export function mergedCatalogue(site: string): string {
  const own = JSON.parse(readFileSync(join(site, CATALOGUE), 'utf8')) as { readonly models: readonly Entry[] };
  const ids = new Set(own.models.map(({ id }) => id));
  return JSON.stringify({ ...own, models: [...own.models, ...localModels(site).filter(({ id }) => !ids.has(id))] });
}

/** Throws nothing: without the file, or with one that cannot be read, there are none. */
export function localModels(site: string): readonly Entry[] {
  try {
    const { models } = JSON.parse(readFileSync(join(site, LOCAL_CATALOGUE), 'utf8')) as { readonly models?: unknown };
    const isEntry = (x: unknown): x is Entry =>
      typeof x === 'object' && x !== null && typeof (x as Entry).id === 'string' && typeof (x as Entry).path === 'string';
    return Array.isArray(models) ? models.filter(isEntry) : [];
  } catch {
    return [];
  }
}

export function addLocalModel(site: string, entry: Entry): void {
  const models = [...localModels(site).filter(({ id }) => id !== entry.id), entry];
  writeFileSync(join(site, LOCAL_CATALOGUE), `${JSON.stringify({ models }, null, 1)}\n`);
}

/** The page asks for one catalogue only, so that no missing file shows in its console: it is merged as the site is built or served. */
export function localModelsPlugin(): Plugin {
  let [site, out] = ['', ''];
  return {
    name: 'local-models',
    configResolved(config) {
      site = config.publicDir;
      // The folder may be named by an absolute path.
      out = resolve(config.root, config.build.outDir);
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (new URL(request.url ?? '/', 'http://localhost').pathname !== `/${CATALOGUE}`) return next();
        response.setHeader('content-type', 'application/json');
        response.end(mergedCatalogue(site));
      });
    },
    // After the public folder was copied.
    writeBundle() {
      if (localModels(site).length > 0) writeFileSync(join(out, CATALOGUE), mergedCatalogue(site));
    },
  };
}
