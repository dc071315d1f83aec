import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface WebManifest {
  readonly icons: readonly {
    readonly src: string;
    readonly sizes: string;
    readonly type: string;
    readonly purpose?: string;
  }[];
}

/** Width × height, as the header of a PNG states it. */
function sizeOf(path: string): string {
  const bytes = readFileSync(path);
  expect(bytes.subarray(1, 4).toString('latin1'), path).toBe('PNG');
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

describe('the web manifest', () => {
  const manifest = JSON.parse(readFileSync('public/site.webmanifest', 'utf8')) as WebManifest;

  it('has the icons that installing asks for, each there and of its size', () => {
    const png = manifest.icons.filter(({ type }) => type === 'image/png');
    for (const { src, sizes } of png) expect(sizeOf(join('public', src)), src).toBe(sizes);
    for (const { src } of manifest.icons) expect(existsSync(join('public', src)), src).toBe(true);
    const sizes = (purpose?: string): string[] => png.filter((icon) => icon.purpose === purpose).map((icon) => icon.sizes);
    expect(sizes()).toEqual(['192x192', '512x512']);
    expect(sizes('maskable')).toEqual(['192x192', '512x512']);
  });

  it('has an icon for home screens that read the page instead', () => {
    const [, href = ''] = /<link rel="apple-touch-icon" href="\/([^"]+)"/.exec(readFileSync('index.html', 'utf8')) ?? [];
    expect(sizeOf(join('public', href))).toBe('180x180');
  });
});
