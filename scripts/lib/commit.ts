import { spawnSync } from 'node:child_process';

/** What provenance calls this build: `VITRINE_COMMIT`, or git's short name of HEAD (`+` behind it: with changes), else `unknown`. */
export function commit(): string {
  const given = process.env['VITRINE_COMMIT'];
  if (given) return given;
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head === null) return 'unknown';
  return git('status', '--porcelain', '--untracked-files=no') ? `${head}+` : head;
}

function git(...args: readonly string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : null;
}
