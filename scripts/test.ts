/**
 * `npm test`: every check of the project, in the order that fails fastest, each step with its own heading.
 * `npm test -- lint unit` runs only some steps. The closing line counts tests and checks.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { ensureChromium } from './lib/chromium.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** A JSON report that the command leaves, and how to count in it. Without one, the step itself counts as one check. */
  readonly report?: { readonly path: string; readonly count: (json: unknown) => Counts };
}

const REPORTS = '.cache/reports';
const vitestReport = (json: unknown): Counts => {
  const r = json as { numPassedTests: number; numFailedTests: number; numPendingTests: number; numFailedTestSuites: number };
  return {
    passed: r.numPassedTests,
    failed: r.numFailedTests + (r.numFailedTests === 0 ? r.numFailedTestSuites : 0),
    skipped: r.numPendingTests,
  };
};
const playwrightReport = (json: unknown): Counts => {
  const { stats } = json as { stats: { expected: number; unexpected: number; flaky: number; skipped: number } };
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped };
};

const STEPS: readonly Step[] = [
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: ['oxlint', '--deny-warnings', '--quiet'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'types-tests', command: ['tsc', '-p', 'tsconfig.tests.json'] },
  {
    name: 'unit',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORTS}/unit.json`],
    report: { path: `${REPORTS}/unit.json`, count: vitestReport },
  },
  { name: 'build', command: ['vite', 'build', '--logLevel', 'warn'] },
  { name: 'budget', command: ['tsx', 'scripts/budget.ts'] },
  {
    name: 'e2e',
    command: ['playwright', 'test', '--reporter=list,json'],
    report: { path: `${REPORTS}/e2e.json`, count: playwrightReport },
  },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  process.stderr.write(`No such step: ${unknown.join(', ')}. Steps: ${STEPS.map((s) => s.name).join(', ')}\n`);
  process.exit(2);
}
const steps = asked.length > 0 ? STEPS.filter((step) => asked.includes(step.name)) : STEPS;

mkdirSync(REPORTS, { recursive: true });
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const step of steps) {
  process.stdout.write(`\n── ${step.name}\n`);
  if (step.name === 'e2e' && !ensureChromium()) {
    total.failed++;
    continue;
  }
  if (step.report) rmSync(step.report.path, { force: true });
  const began = Date.now();
  const { status } = spawnSync('npx', ['--no-install', ...step.command], {
    stdio: 'inherit',
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: `${REPORTS}/e2e.json` },
  });
  const counts =
    step.report && existsSync(step.report.path) ? step.report.count(JSON.parse(readFileSync(step.report.path, 'utf8'))) : null;
  const failed = Math.max(counts?.failed ?? 0, status === 0 ? 0 : 1);
  total.passed += counts?.passed ?? (status === 0 ? 1 : 0);
  total.failed += failed;
  total.skipped += counts?.skipped ?? 0;
  process.stdout.write(`── ${step.name}: ${failed === 0 ? 'ok' : 'FAILED'} (${((Date.now() - began) / 1000).toFixed(1)} s)\n`);
  if (failed > 0 && !process.env['KEEP_GOING']) break;
}
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exit(total.failed === 0 ? 0 : 1);
