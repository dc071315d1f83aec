import type { Weight } from './embed.ts';
import type { Report } from './index.ts';
import { peersSection } from './peers/table.ts';
import { shapeSection } from './shape-table.ts';
import { MB, ms, rate, table, threads } from './table-parts.ts';

/** The load average of the minute before the benchmark, where it was not alone. */
const busy = ({ load, cores }: Report['machine']): string =>
  load < 0.5
    ? ''
    : ` Other programs were running (load average ${load.toFixed(1)} on ${cores} cores when it began), so these times are too long, and not by the same factor.`;

/** The report as a page of documentation. */
export function markdownTable({
  time,
  commit,
  machine,
  workload,
  page,
  embed,
  engine,
  torch,
  shape,
  peers: real,
}: Report): string {
  const measured = engine.flatMap((e) => ('missing' in e ? [] : [e]));
  const missing = engine.flatMap((e) => ('missing' in e ? [`${e.backend} in ${e.place}: ${e.missing}`] : []));
  const engines = table(
    [
      'backend',
      'where',
      'start, ms',
      'load, ms',
      'first features, ms',
      'prompt → features, ms',
      'all of `explore`, ms',
      'first dashboard, ms',
      'later ones, ms',
      'tokens/s',
    ],
    measured.map((e) => [
      `${e.backend}${e.threads === null ? '' : `, ${threads(e.threads)}`}${e.adapter === null ? '' : ` (${e.adapter})`}`,
      e.place === 'node' ? 'Node' : 'Chromium',
      ms(e.startMs),
      ms(e.loadMs),
      ms(e.firstFeaturesMs),
      ms(e.featuresMs),
      ms(e.exploreMs),
      e.dashboards ? ms(e.dashboards.firstMs) : '–',
      e.dashboards ? ms(e.dashboards.laterMs) : '–',
      rate(e.tokensPerSecond),
    ]),
  );
  const steered = table(
    ['backend', 'where', 'strength → first steered token, ms', 'steered tokens/s', 'default tokens/s'],
    measured.map((e) => [
      e.backend,
      e.place === 'node' ? 'Node' : 'Chromium',
      ms(e.steering.firstTokenMs),
      rate(e.steering.steeredPerSecond),
      rate(e.steering.defaultPerSecond),
    ]),
  );
  const searched = table(
    ['backend', 'where', 'first time, ms', 'by prompt, ms', 'first dictionary, ms', 'by token, ms'],
    measured.map((e) => [
      e.backend,
      e.place === 'node' ? 'Node' : 'Chromium',
      ms(e.search.firstMs),
      ms(e.search.laterMs),
      ms(e.search.firstSiteMs),
      ms(e.search.tokenMs),
    ]),
  );
  const peers = torch.map((t) =>
    typeof t === 'string' ? t : ['PyTorch', threads(t.threads), ms(t.forwardAndSaesMs), rate(t.tokensPerSecond)],
  );
  const rows = peers.filter((peer) => typeof peer !== 'string');
  const why = [...new Set(peers.filter((peer) => typeof peer === 'string'))];
  const first =
    typeof page === 'string'
      ? `Not measured: ${page}`
      : `First paint after ${ms(page.firstPaintMs)} ms; the recorded result is drawn after ${ms(page.firstPictureMs)} ms; ${MB(page.bytes)} MB were read until then (a first visit, from a server on the same machine, nothing compressed).`;
  const weight = ({ bytes, zipped }: Weight): string => `${MB(bytes)} MB (${MB(zipped)} MB gzipped)`;
  const frame =
    typeof embed === 'string'
      ? `Not measured: ${embed}`
      : `Until its recorded result is drawn, an embed of \`explore\` reads ${weight(embed.before)}; its Run button reads ${weight(embed.run)} more. A second one on the same page, run as well, reads ${weight(embed.second)}: it uses the first one’s engine.`;
  return `# Performance

Made by \`npm run bench -- --markdown docs/performance.md\`; the numbers of one run, medians where there are several. ${time.slice(0, 10)}, commit ${commit}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.${busy(machine)} WebGPU on SwiftShader is emulated on the CPU: its times say nothing about a graphics card.

The prompt is the first of \`explore\` (${workload?.ids.length ?? 0} tokens, one dictionary). “Start”: from the first message to the worker until the backend is open, “load”: model and dictionary read, checked and on the device. “First features”: the first run with its shaders and buffers, “prompt → features”: later ones, from asking until the features of every token are there; on the way lie the forward pass with the captures of \`explore\`, and the next-token distribution. “All of \`explore\`” adds the logit lens, attention maps and attribution. A dashboard: read from what is stored, its texts written and tokenized again, its logits computed. Tokens/s: greedy, with key/value cache.

${engines}
${missing.length > 0 ? `\n${missing.map((line) => `Not measured: ${line}.`).join('\n')}\n` : ''}
## Steering

The first experiment of \`steering\`, greedy. “Strength → first steered token”: from asking for another strength until the first token written with it is there, the prompt read anew on the way. Tokens/s in the lab: one direction added at every step, and nothing added.

${steered}

## Finding features

The first experiment of \`feature-search\`, over ${measured[0]?.search.dictionaries ?? 0} dictionaries. “First time”: most of them are read, checked and put on the device; “first dictionary”: of a later search, until its first features stream in.

${searched}

## Beside PyTorch

Forward pass and SAE encoding of the same prompt, with the same weights dequantized, on the same machine in the same run.

${rows.length > 0 ? table(['', '', 'forward and SAE, ms', 'tokens/s'], rows) : ''}
${why.map((line) => `Not measured: ${line}.`).join('\n')}

${shapeSection(shape)}

${peersSection(real)}

## First picture

${first}

## Embed

${frame}
`.replace(/\n{3,}/g, '\n\n');
}
