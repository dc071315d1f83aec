/**
 * Picks a feature of the model as it is and writes an example that steers with it into `labs/steering/examples.json`:
 *
 *     npx tsx scripts/steering-example.ts [--prompt TEXT] [--try N]
 *
 * The candidates are the features that the lab's own first experiment (a contrast that works) turns up most, in every dictionary
 * of the residual stream that reads at or after it. Each is tried at four strengths on `--prompt`; the one that shows most in
 * the words (share of its largest known activation, read without steering) wins, among those that change the text and neither
 * repeat themselves nor cost more than half a nat on neutral text. Run it again, and `npm run posters` after it, whenever the
 * model changes.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { parseHook } from '../core/hooks.ts';
import type { ExperimentSpec } from '../core/spec/index.ts';
import { LOSS_RISE, REPEATED } from '../labs/steering/lib/warnings.ts';
import type { SteeringResult } from '../labs/steering/result.ts';
import { lab } from '../labs/steering/spec.ts';
import { ROOT } from './lib/root.ts';

const FILE = join(ROOT, 'labs/steering/examples.json');
const TITLE = 'A feature turned up';
const STRENGTHS = [1, 1.5, 2, 2.5];

const { values } = parseArgs({
  options: {
    prompt: { type: 'string', default: 'The scientist came to the cottage and said:' },
    try: { type: 'string', default: '4' },
  },
});

interface Example {
  readonly title: string;
  readonly about: string;
  readonly spec: ExperimentSpec;
}
interface Line {
  readonly ok: boolean;
  readonly result?: SteeringResult;
  readonly error?: { readonly message: string };
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'public/models/primer/manifest.json'), 'utf8')) as {
  readonly saes: readonly { readonly id: string; readonly hookName: string }[];
};
const saes = manifest.saes.filter(({ hookName }) => parseHook(hookName)?.site === 'resid_post').map(({ id }) => id);

const spec = (prompt: string, steers: readonly object[], more: object = {}): ExperimentSpec =>
  ({
    v: 1,
    lab: 'steering',
    labV: 1,
    model: 'primer',
    prompts: [{ text: prompt }],
    params: { steers },
    sampling: { seed: 7, temperature: 0, maxNewTokens: 32 },
    ...more,
  }) as ExperimentSpec;

const [seen] = run([{ ...lab.defaults, saes }]);
const turnedUp = (seen?.moved ?? [])
  .filter((moved) => moved.with > moved.without && moved.max > 0)
  .sort((a, b) => (b.with - b.without) / b.max - (a.with - a.without) / a.max)
  .slice(0, Number(values.try));
const candidates = turnedUp.flatMap(({ sae, feature }) => STRENGTHS.map((strength) => ({ sae, feature, strength })));
if (candidates.length === 0) fail('the lab’s first experiment turns no feature up');

const tried = run(candidates.map((steer) => spec(values.prompt, [{ kind: 'feature', ...steer }], { saes: [steer.sae] })));
const scored = tried
  .flatMap((result, i) => {
    const steer = candidates[i];
    const [facts] = result?.steers ?? [];
    if (!result || !steer || !facts) return [];
    const { coherence, neutral } = result;
    const damage = (coherence.repeats.steered ?? 0) >= REPEATED || neutral.steered - neutral.default > LOSS_RISE;
    const shows = ((facts.reading.text ?? 0) - (facts.reading.default ?? 0)) / facts.scale;
    const text = result.steered.tokens.map(({ token }) => token.text).join('');
    process.stderr.write(
      `${steer.sae}/${steer.feature} ×${steer.strength}: ${shows.toFixed(3)}${damage ? ' (damage)' : ''}${text}\n`,
    );
    const same = text === result.default.tokens.map(({ token }) => token.text).join('');
    return damage || same ? [] : [{ steer, shows }];
  })
  .sort((a, b) => b.shows - a.shows);
const [best] = scored;
if (!best || best.shows <= 0) fail('no feature shows in the words without damage; try another --prompt');

const examples = (JSON.parse(readFileSync(FILE, 'utf8')) as Example[]).filter(({ title }) => title !== TITLE);
examples.push({
  title: TITLE,
  about: 'One feature of one dictionary, found by what the first example turns up.',
  spec: spec(values.prompt, [{ kind: 'feature', ...best.steer }], { saes: [best.steer.sae] }),
});
writeFileSync(FILE, await format(JSON.stringify(examples), { ...(await resolveConfig(FILE)), parser: 'json' }));
process.stdout.write(
  `${best.steer.sae}/${best.steer.feature} at ${best.steer.strength} × its maximum: written to labs/steering/examples.json\n`,
);

/** Results of experiments, in order; null where one failed (a feature that was never active has no strength). */
function run(specs: readonly ExperimentSpec[]): (SteeringResult | null)[] {
  const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/vitrine.mjs'), 'run', '-'], {
    input: JSON.stringify(specs),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (lines.length !== specs.length) fail(stderr);
  return lines.map((line) => {
    const { ok, result } = JSON.parse(line) as Line;
    return ok && result ? result : null;
  });
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
