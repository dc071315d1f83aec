import { toWireError, VitrineError } from '../../core/protocol/errors.ts';
import { labFragment, specFromUrl } from '../../core/share/address.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { minimalSpec, parseSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import { labDefinition } from '../node-engine/labs.ts';
import { complain, print, printJson, readSpecs } from './io.ts';

/** Where `npm start` serves the page. */
export const LOCAL = 'http://localhost:4173/';

/** `link`: one address per experiment. An experiment that is not valid stops with a line on stderr. */
export async function link(file: string, base: string): Promise<number> {
  return reported(async () => {
    for (const input of readSpecs(file)) {
      const fragment = labFragment(await minimal(parseSpec(input)));
      if (fragment.length > LINK_BUDGET)
        complain(`this link has ${fragment.length} characters; some programs cut links after ${LINK_BUDGET}`);
      await print(`${base}${fragment}`);
    }
  });
}

/** `unlink`: the experiment of an address, without defaults, as one line of JSON. */
export async function unlink(url: string): Promise<number> {
  return reported(async () => printJson(await minimal(specFromUrl(url))));
}

async function minimal(spec: ExperimentSpec): Promise<ExperimentSpec> {
  const lab = await labDefinition(spec.lab);
  if (!lab) throw new VitrineError('unknown-lab', `there is no lab "${spec.lab}"`);
  return minimalSpec(spec, lab);
}

async function reported(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    const { code, message, hint } = toWireError(error);
    complain(`${code}: ${message}. ${hint ?? ''}`.trim());
    return 1;
  }
}
