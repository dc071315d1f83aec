import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { experimentSchema } from '../spec/schema.ts';
import * as v from 'valibot';
import { addressId, fileAddress, isAddressId, modelAddress, parseAddressId } from './address.ts';
import { hostOf, isRemoteId, remoteKey, remoteUrl } from './remote.ts';
import { parseTarget } from './target.ts';

const pin = '0123456789abcdef';
const HUB = 'https://huggingface.co';

describe('addresses of models', () => {
  it.each([
    ['https://example.org/a/x.gguf', 'https://example.org/a/x.gguf'],
    ['HTTPS://Example.ORG:443/a/X.GGUF#part', 'https://example.org/a/X.GGUF'],
    ['https://example.org/a%20b/x.gguf', 'https://example.org/a%20b/x.gguf'],
    ['https://example.org/ä b/x.gguf', 'https://example.org/%C3%A4%20b/x.gguf'],
    ['https://example.org:8443/x-00002-of-00003.gguf', 'https://example.org:8443/x-00001-of-00003.gguf'],
    ['https://example.org/m/model.safetensors', 'https://example.org/m/'],
    ['https://example.org/model.safetensors', 'https://example.org/'],
    ['https://example.org/m/model-00001-of-00002.safetensors', 'https://example.org/m/'],
    ['https://example.org/m/model.safetensors.index.json', 'https://example.org/m/'],
    ['http://localhost:4173/x.gguf', 'http://localhost:4173/x.gguf'],
    ['http://127.0.0.1/x.gguf', 'http://127.0.0.1/x.gguf'],
    ['http://[::1]:80/x.gguf', 'http://[::1]/x.gguf'],
  ])('%s', (typed, address) => {
    expect(modelAddress(typed)).toBe(address);
    expect(modelAddress(address)).toBe(address);
    expect(parseAddressId(addressId({ address, pin }))).toEqual({ address, pin });
  });

  it.each([
    'http://example.org/x.gguf',
    'http://localhost.example.org/x.gguf',
    'ftp://example.org/x.gguf',
    'file:///x.gguf',
    'data:,x.gguf',
    'javascript:alert(1)//x.gguf',
    'https://reader:secret@example.org/x.gguf',
    'https://example.org/x.gguf?token=secret',
    'https://example.org/?f=x.gguf',
    'https://example.org/x.bin',
    'https://example.org',
    'https://example.org/a//x.gguf',
    'https://example.org/a/../x.gguf',
    'https://example.org/%2e%2E/x.gguf',
    'https://example.org\\x.gguf',
    'https:/example.org/x.gguf',
    'https://example.org:99999999/x.gguf',
    'https://example.org/%zz/x.gguf',
    'https://exa mple.org/x.gguf',
    'https://huggingface.co/a/b/resolve/main/x.gguf',
    'https://cdn-lfs.huggingface.co/x.gguf',
    'https://hf.co/x.gguf',
    `https://example.org/${'x'.repeat(200)}.gguf`,
    '/x.gguf',
    'x.gguf',
    '',
  ])('refuses %s', (text) => expect(modelAddress(text)).toBeNull());

  it('are what the platform takes them for, whatever is typed', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'https://',
        'http://localhost',
        'example.org',
        '/',
        '..',
        '%2e',
        '@',
        ':',
        '?',
        '#',
        '\\',
        '.gguf',
        ' ',
        'ä',
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (parts) => {
        const typed = `https://example.org/${parts.join('')}.gguf`;
        for (const text of [typed, parts.join('')]) {
          const address = modelAddress(text);
          if (address === null) continue;
          const url = new URL(address);
          expect(url.href).toBe(address);
          expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', '']);
          expect(url.protocol === 'https:' || /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/)/.test(address)).toBe(true);
          expect(parseAddressId(addressId({ address, pin }))).toEqual({ address, pin });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('in ids are written in one way only, with a pin', () => {
    for (const id of [
      `url:https://example.org/x.gguf`,
      `url:https://EXAMPLE.org/x.gguf@${pin}`,
      `url:https://example.org:443/x.gguf@${pin}`,
      `url:https://example.org/x.gguf#a@${pin}`,
      `url:https://example.org/m/model.safetensors@${pin}`,
      `url:https://example.org/x.gguf@${pin.toUpperCase()}`,
      `url:https://example.org/x.gguf@${pin}0`,
      `https://example.org/x.gguf@${pin}`,
    ])
      expect(isAddressId(id)).toBe(false);
  });

  it('are part of experiments and links as the Hub’s are', () => {
    const spec = (model: string): unknown => ({ v: 1, lab: 'explore', labV: 1, model, prompts: [], params: {} });
    const id = `url:https://example.org/a/x.gguf@${pin}`;
    expect(v.is(experimentSchema, spec(id))).toBe(true);
    expect(v.is(experimentSchema, spec('url:https://example.org/a/x.gguf'))).toBe(false);
    expect([isRemoteId(id), isRemoteId('primer'), isRemoteId('local:x')]).toEqual([true, false, false]);
  });

  it('are fetched from themselves, and kept under another key with each version', () => {
    const id = `url:http://localhost:8080/m/@${pin}`;
    expect(remoteUrl(id, 'config.json', HUB)).toBe('http://localhost:8080/m/config.json');
    expect(remoteKey(id, 'config.json')).toBe(`https://localhost:8080/m/config.json/${pin}`);
    expect(remoteKey(id.replace(pin, pin.replace('0', '1')), 'config.json')).not.toBe(remoteKey(id, 'config.json'));
    expect(hostOf(id, HUB)).toBe('localhost:8080');
    for (const name of ['../x', '/etc', 'https://evil.example/x', '//evil.example/x', '..', '%2e%2e', 'a?b', 'a\\b', ''])
      expect(fileAddress({ address: 'https://example.org/m/' }, name)).toBeNull();
    const commit = 'c'.repeat(40);
    expect(remoteKey(`hf:a/b@${commit}`, 'x.gguf')).toBe(`${HUB}/a/b/resolve/${commit}/x.gguf`);
    expect(hostOf(`hf:a/b@${commit}`, HUB)).toBe('huggingface.co');
  });
});

describe('what a reader pastes', () => {
  const commit = 'c'.repeat(40);
  it.each([
    ['hf:owner/name', { repo: 'owner/name', revision: null, file: null }],
    ['hf:owner/name@v1.0', { repo: 'owner/name', revision: 'v1.0', file: null }],
    ['hf:owner/name@main/sub/x-Q4_0.gguf', { repo: 'owner/name', revision: 'main', file: 'sub/x-Q4_0.gguf' }],
    ['hf:owner/name/x.gguf', { repo: 'owner/name', revision: null, file: 'x.gguf' }],
    ['hf:gpt2@main', { repo: 'gpt2', revision: 'main', file: null }],
    [`hf:a/b@${commit}/d%20e.gguf`, { repo: 'a/b', revision: commit, file: 'd e.gguf' }],
    ['https://huggingface.co/owner/name', { repo: 'owner/name', revision: null, file: null }],
    ['https://hf.co/gpt2/', { repo: 'gpt2', revision: null, file: null }],
    ['https://huggingface.co/gpt2/tree/main', { repo: 'gpt2', revision: 'main', file: null }],
    ['https://huggingface.co/owner/name/tree/v1', { repo: 'owner/name', revision: 'v1', file: null }],
    [
      `https://huggingface.co/owner/name/blob/${commit}/sub/x%20y.gguf?download=true`,
      { repo: 'owner/name', revision: commit, file: 'sub/x y.gguf' },
    ],
    [
      'https://huggingface.co/owner/name/resolve/refs%2Fpr%2F1/x.gguf',
      { repo: 'owner/name', revision: 'refs/pr/1', file: 'x.gguf' },
    ],
    ['https://huggingface.co/owner/name/blob/main/model.safetensors', { repo: 'owner/name', revision: 'main', file: null }],
  ] as const)('%s is of the Hub', (text, target) => expect(parseTarget(text)).toEqual({ kind: 'hub', ...target }));

  it('another address is one of its own', () => {
    const address = 'https://example.org/x.gguf';
    expect(parseTarget(` ${address}#top `)).toEqual({ kind: 'address', address, pin: null });
    expect(parseTarget(`url:${address}@${pin}`)).toEqual({ kind: 'address', address, pin });
    expect(['owner/name', 'primer', `${address}?x`, 'http://example.org/x.gguf'].map(parseTarget)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
