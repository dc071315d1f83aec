import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport, type Plugin, type Rolldown } from 'vite';
import { FEATURE_LAB, HOME_LAB } from '../../core/share/feature-address.ts';
import { hashSpec, type LabDefinition } from '../../core/spec/index.ts';
import { ROOT } from './root.ts';

/** Beside `index.html`. */
const FILE = 'preload.js';

/** Code of pages that are no labs, by the beginning of their address: modules of this project. */
const PAGES: readonly (readonly [address: string, modules: readonly string[]])[] = [
  [
    'feature/',
    [
      'app/routes/FeaturePage.tsx',
      'labs/feature-dashboard/view.tsx',
      'labs/feature-dashboard/recorded.ts',
      'app/shell/recorded.ts',
      'workers/client/page-tokenizer.ts',
    ],
  ],
  ['features/', ['app/routes/FeaturesPage.tsx', 'core/dashboards/files.ts']],
  ['models/', ['app/routes/ModelPage.tsx']],
  ['models', ['app/routes/ModelsPage.tsx']],
  ['lists/', ['app/routes/ListPage.tsx']],
  ['lists', ['app/routes/ListsPage.tsx']],
];
/** Read by every page that names a model. */
const DATA = ['models/catalogue.json', 'models/primer/manifest.json'];

/** What one page needs beside the app. */
interface Needs {
  readonly files: readonly string[];
  /** The recorded result of a lab's defaults. */
  readonly recorded?: string;
  readonly lab?: string;
  /** Where it is known before the app has looked. */
  readonly heading?: Heading;
}

interface Heading {
  readonly title: string;
  readonly lead?: string;
}

/** app/routes/headings.ts */
interface Headings {
  readonly HOME_HEADING: Heading;
  readonly LISTS_TITLE: string;
  readonly MODELS_TITLE: string;
}

/**
 * Writes `preload.js`, which asks for a page's own code, and for the recorded result that it begins with, while the app itself is
 * still on its way: else the browser would learn of them only when the app has arrived and run, a round trip or two later.
 */
export function preloadPages(): Plugin {
  return {
    name: 'preload-pages',
    apply: 'build',
    generateBundle: {
      order: 'post',
      async handler(_, bundle) {
        const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
        const entry = chunks.find(({ isEntry, facadeModuleId }) => isEntry && facadeModuleId?.endsWith('index.html') === true);
        if (!entry) return;
        const app = new Set(filesOf([entry], bundle));
        const own = (...modules: readonly string[]): string[] => {
          const wanted = new Set(modules.map((path) => join(ROOT, path)));
          const holders = chunks.filter(({ moduleIds }) => moduleIds.some((id) => wanted.has(id)));
          return filesOf(holders, bundle).filter((file) => !app.has(file));
        };
        const { HOME_HEADING, LISTS_TITLE, MODELS_TITLE } = await load<Headings>('app/routes/headings.ts');
        const titles: Readonly<Record<string, string>> = { lists: LISTS_TITLE, models: MODELS_TITLE };
        const pages: Record<string, Needs> = {};
        for (const [address, modules] of PAGES) {
          const title = titles[address];
          pages[address] = { files: own(...modules), ...(title === undefined ? {} : { heading: { title } }) };
        }
        for (const { id, question, recorded } of await defaultResults()) {
          const files = own(`labs/${id}/view.tsx`, `labs/${id}/examples.json`);
          const needs = { files, ...(recorded === null ? {} : { recorded }) };
          pages[`lab/${id}`] = { ...needs, lab: id, ...(id === FEATURE_LAB ? {} : { heading: { title: question } }) };
          // The start page shows its example whatever the reader had in that lab.
          if (id === HOME_LAB) pages[''] = { ...needs, heading: HOME_HEADING };
        }
        this.emitFile({ type: 'asset', fileName: FILE, source: script(pages) });
      },
    },
    transformIndexHtml: {
      order: 'post',
      // Before the styles, which a script after them would wait for.
      handler: (html) => {
        const placed = html.replace(/<script src="[^"]*theme\.js"><\/script>/, `$&\n    <script src="./${FILE}"></script>`);
        if (placed === html) throw new Error('preload-pages: index.html has no theme.js, after which preload.js belongs');
        return placed;
      },
    },
  };
}

/** Each lab's question, and the recorded result of its defaults, below the site; null where none ships. */
async function defaultResults(): Promise<readonly { id: string; question: string; recorded: string | null }[]> {
  const { LABS } = await load<{ readonly LABS: readonly LabDefinition[] }>('app/shell/labs.ts');
  return LABS.map((lab) => {
    const path = `examples/${hashSpec(lab.defaults, lab)}.json`;
    return { id: lab.id, question: lab.question, recorded: existsSync(join(ROOT, 'public', path)) ? path : null };
  });
}

/** Runs a module of the app here. */
async function load<Module>(path: string): Promise<Module> {
  const { module } = await runnerImport<Module>(join(ROOT, path), { root: ROOT, configFile: false, logLevel: 'error' });
  return module;
}

/** Chunks with all that they import at once, and their styles. */
function filesOf(chunks: readonly Rolldown.OutputChunk[], bundle: Rolldown.OutputBundle): string[] {
  const found = new Set<Rolldown.OutputChunk>(chunks);
  for (const chunk of found)
    for (const name of chunk.imports) {
      const imported = bundle[name];
      if (imported?.type === 'chunk') found.add(imported);
    }
  return [...new Set([...found].flatMap(({ fileName, viteMetadata }) => [fileName, ...(viteMetadata?.importedCss ?? [])]))];
}

function script(pages: Readonly<Record<string, Needs>>): string {
  return `// Asks for what this page needs while the app is on its way, and heads its frame. Made by scripts/lib/preload-plugin.ts.
(function (pages, data) {
  var fragment = location.hash.replace(/^#?\\/?/, '').split('?');
  var embed = /^embed\\//.test(fragment[0]);
  var address = fragment[0].replace(/^embed\\//, '');
  var page = [address, address.replace(/\\/.*/, '/')].reduce(function (found, key) {
    return found || (Object.hasOwn(pages, key) ? pages[key] : null);
  }, null);
  function ask(file, attributes) {
    document.head.append(Object.assign(document.createElement('link'), attributes, { href: './' + file }));
  }
  function askData(file) {
    ask(file, { rel: 'preload', as: 'fetch', crossOrigin: 'anonymous' });
  }
  if (page)
    page.files.forEach(function (file) {
      ask(file, /\\.css$/.test(file) ? { rel: 'preload', as: 'style', crossOrigin: 'anonymous' } : { rel: 'modulepreload' });
    });
  new MutationObserver(function (_, observer) {
    var frame = document.getElementById('boot');
    var lead = frame && frame.querySelector('p');
    if (!lead) return;
    observer.disconnect();
    if (embed) frame.remove();
    else if (page && page.heading) {
      frame.querySelector('h1').textContent = page.heading.title;
      lead.textContent = page.heading.lead || '';
    }
  }).observe(document, { childList: true, subtree: true });
  if (!embed) data.forEach(askData);
  if (page && page.recorded && !/(^|&)(s|src)=/.test(fragment[1] || '') && !hasDraft(page.lab)) askData(page.recorded);
  // Whoever was in a lab before finds there what they had.
  function hasDraft(lab) {
    try {
      return !!lab && !embed && localStorage.getItem('vitrine:draft:' + lab) !== null;
    } catch (_) {
      return false;
    }
  }
})(${JSON.stringify(pages)}, ${JSON.stringify(DATA)});
`;
}
