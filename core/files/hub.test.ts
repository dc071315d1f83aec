import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubId, isHubHost, isHubId, isRepoName, parseHubId, resolveUrl } from './hub.ts';

const commit = 'a'.repeat(40);

describe('ids of models on the Hub', () => {
  it('name repository, commit and file, and come back from text', () => {
    for (const reference of [
      { repo: 'HuggingFaceTB/SmolLM2-135M', commit, file: null },
      { repo: 'gpt2', commit, file: null },
      { repo: 'a/b', commit, file: 'model-Q4_K_M.gguf' },
      { repo: 'a/b', commit, file: 'some folder/model (1)!.gguf' },
    ])
      expect(parseHubId(hubId(reference))).toEqual(reference);
  });

  it.each([
    'primer',
    `hf:a/b`,
    `hf:a/b@main`,
    `hf:a/b@${commit.slice(1)}`,
    `hf:a/b@${commit.toUpperCase()}`,
    `hf:../b@${commit}`,
    `hf:a..b/c@${commit}`,
    `hf:a/b@${commit}/..`,
    `hf:a/b@${commit}/x/%2e%2e/y`,
    `hf:a/b@${commit}/x%2fy`,
    `hf:a/b@${commit}/%zz`,
    `hf:a/b/c@${commit}`,
    `hf:a/b@${commit}?x`,
    `hf:a/b@${commit}/${'x'.repeat(200)}`,
  ])('refuses %s', (id) => expect(isHubId(id)).toBe(false));

  it('whatever is accepted stays below the commit in the address', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (tail) => {
        const reference = parseHubId(`hf:a/b@${commit}/${tail}`);
        if (reference?.file === null || !reference) return;
        const url = new URL(resolveUrl('https://huggingface.co', reference.repo, reference.commit, reference.file));
        expect(url.pathname.startsWith(`/a/b/resolve/${commit}/`)).toBe(true);
        expect(url.search + url.hash).toBe('');
      }),
    );
  });

  it('takes only names that the Hub allows', () => {
    expect(['a/b', 'gpt2', 'a/b.c-d_e'].every(isRepoName)).toBe(true);
    expect(['', '/', 'a/', '/b', 'a//b', 'a/b/c', '../a', 'a b', 'a?b', 'https://x', '-a/b', 'a/..'].some(isRepoName)).toBe(
      false,
    );
  });

  it('another Hub is only ever one of this machine', () => {
    expect(['https://huggingface.co', 'http://localhost:8080', 'http://127.0.0.1:1', 'http://[::1]:9'].every(isHubHost)).toBe(
      true,
    );
    expect(
      [
        'https://huggingface.co/',
        'https://evil.example',
        'http://localhost.evil.example',
        'http://localhost@evil.example',
        'http://localhost:80/x',
        'https://huggingface.co.evil',
      ].some(isHubHost),
    ).toBe(false);
  });
});
