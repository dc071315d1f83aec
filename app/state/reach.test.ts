import { describe, expect, it } from 'vitest';
import { modelHosts, policyWith } from '../../scripts/lib/vite-plugins.ts';
import { whyNotReach } from './reach.ts';

const PAGE = 'https://vitrine.example/app/#/models';
const may = (address: string, hosts: readonly string[] = []): boolean => whyNotReach(address, policyWith(hosts), PAGE) === null;

describe('hosts that the page may ask', () => {
  it('are itself, the Hub, and those that whoever built the site has named', () => {
    expect(may('https://vitrine.example/models/x.gguf')).toBe(true);
    expect(may('https://huggingface.co/a')).toBe(true);
    expect(may('https://cdn-lfs.huggingface.co/a')).toBe(true);
    for (const other of [
      'https://models.example/x.gguf',
      'http://vitrine.example/x.gguf',
      'https://vitrine.example:8443/x.gguf',
      'https://huggingface.co.evil.example/x.gguf',
      'https://evilhf.co/x.gguf',
      'http://cdn.hf.co/x.gguf',
    ])
      expect(may(other), other).toBe(false);
    const hosts = modelHosts(' https://models.example  http://localhost:8080 ');
    expect(may('https://models.example/x.gguf', hosts)).toBe(true);
    expect(may('http://localhost:8080/x.gguf', hosts)).toBe(true);
    expect(may('https://sub.models.example/x.gguf', hosts)).toBe(false);
    expect(may('http://localhost:8081/x.gguf', hosts)).toBe(false);
  });

  it('are all of them where the page has no policy', () => {
    expect(whyNotReach('https://models.example/x.gguf', null, PAGE)).toBeNull();
    expect(whyNotReach('https://models.example/x.gguf', "default-src 'self'", PAGE)).toBeNull();
  });

  it('says what can be done where one is not', () => {
    expect(whyNotReach('https://models.example/x.gguf', policyWith([]), PAGE)).toMatchObject({
      code: 'host-not-allowed',
      message: expect.stringContaining('models.example') as string,
    });
  });

  it.each([
    'models.example',
    'https://models.example/',
    'https://models.example/path',
    'http://models.example',
    'https://*.example',
    '*',
    "'unsafe-inline'",
    'https://models.example;script-src',
    'https://reader:x@models.example',
    'https://models.example:443',
  ])('cannot be named as %s', (name) => expect(() => modelHosts(name)).toThrow(/MODEL_HOSTS/));
});
