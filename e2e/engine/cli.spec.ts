import { expect, test } from '@playwright/test';
import { lab as explore } from '../../labs/explore/spec.ts';
import { differences, EXACT } from '../../scripts/lib/compare.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import { commandLine } from './harness.ts';

test('the command line gives the same object from Node and from the built worker in Chromium', () => {
  const node = commandLine(explore.defaults, '--in', 'node');
  const chromium = commandLine(explore.defaults, '--in', 'chromium');
  expect(Object.keys(chromium)).toEqual(Object.keys(node));
  expect(chromium.specHash).toBe(node.specHash);
  expect(differences(chromium.result, node.result, { relative: TOLERANCE.reordering, absolute: 1e-6 })).toEqual([]);
  const { milliseconds: _a, ...here } = node.provenance;
  const { milliseconds: _b, ...there } = chromium.provenance;
  expect(differences(there, here, EXACT)).toEqual([]);
});
