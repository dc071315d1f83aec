import { expect, it } from 'vitest';
import { openNodeEngine } from './index.ts';

const SPEC = {
  v: 1,
  lab: 'feature-dashboard',
  labV: 1,
  model: 'primer',
  saes: ['blocks.0.hook_resid_post'],
  prompts: [{ text: 'Once upon a time' }],
  params: { feature: 1, mode: 'text' },
} as const;

it('opens again right after it closed, waited for or not, and answers the same', async () => {
  const answers: unknown[] = [];
  for (const wait of [true, false, true]) {
    const { engine, close } = await openNodeEngine({ backend: 'wasm' });
    answers.push((await engine.run(SPEC)).payload);
    const closed = close();
    if (wait) await closed;
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});
