import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Flags with which every test and benchmark starts Chromium: quiet, sandbox-free (containers), WebGPU on the software adapter. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];

/** In addition, for pictures that are compared with those of another machine: no hinting, no coloured edges, one pixel a CSS pixel. */
export const PICTURE_FLAGS: readonly string[] = [
  '--font-render-hinting=none',
  '--disable-lcd-text',
  '--disable-font-subpixel-positioning',
  '--force-color-profile=srgb',
  '--force-device-scale-factor=1',
  '--hide-scrollbars',
];

/** A system Chromium: `CHROME_PATH`, or the first of the usual names on the PATH; null if there is none. */
export function systemChromium(): string | null {
  const candidates = [
    process.env['CHROME_PATH'],
    ...(process.env['PATH'] ?? '').split(delimiter).flatMap((dir) => NAMES.map((name) => join(dir, name))),
  ];
  return candidates.find((path): path is string => path !== undefined && path !== '' && isExecutable(path)) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A system Chromium, else Playwright's own (installed now), else null after one line that says what to install. */
export function ensureChromium(): { readonly executablePath: string | undefined } | null {
  const system = systemChromium();
  if (system) return { executablePath: system };
  const installed = spawnSync('npx', ['playwright', 'install', 'chromium'], { stdio: 'inherit' }).status === 0;
  if (installed) return { executablePath: undefined };
  process.stderr.write('No Chromium: install it (Debian, Ubuntu: "apt-get install chromium"), or set CHROME_PATH to one.\n');
  return null;
}
