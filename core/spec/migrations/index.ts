import { VitrineError } from '../../protocol/errors.ts';

/** Turns a spec of envelope version n into one of version n + 1. Pure; each has a frozen fixture in its test. */
type Migration = (spec: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** Version 0: the draft format, in which `prompts` was one string under `prompt` and the lab had no version. */
const from0: Migration = ({ prompt, ...rest }) => ({
  ...rest,
  v: 1,
  labV: rest['labV'] ?? 1,
  prompts: rest['prompts'] ?? (typeof prompt === 'string' ? [{ text: prompt }] : []),
});

const MIGRATIONS: readonly Migration[] = [from0];
export const SPEC_VERSION: number = MIGRATIONS.length;

/** Brings untrusted JSON to the current envelope version. Anything that is no object, or newer than this page, is refused. */
export function migrate(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new VitrineError('bad-spec', 'the experiment is not a JSON object');
  let spec = input as Record<string, unknown>;
  const version = spec['v'];
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0)
    throw new VitrineError('bad-spec', 'v: the version is missing');
  if (version > SPEC_VERSION)
    throw new VitrineError('bad-spec', `v: made by a newer version of this page (${version}); reload to get it`);
  for (const step of MIGRATIONS.slice(version)) spec = step(spec);
  return spec;
}
