import { forModel } from '../../core/spec/for-model.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { parseTarget } from '../../core/files/target.ts';
import type { OpenEngine } from '../lib/open-engine.ts';
import { labDefinition } from '../node-engine/labs.ts';
import { dictionariesOf } from './catalogue.ts';
import type { HubOnDisk } from './hub.ts';
import { complain, userPath } from './io.ts';
import { isPath, localModel } from './local.ts';

/** What `--model` names, made ready: what it is called in experiments, and how the engine gets it. */
interface Ready {
  readonly id: string;
  /** Ids of its dictionaries. */
  readonly saes: readonly string[];
  readonly give: (open: OpenEngine) => void;
}

/** The models that experiments are run on: those that they name, or the one that the command line names instead. */
export class ModelsOfRun {
  readonly #hub: HubOnDisk;
  readonly #model: string | null;
  readonly #ready = new Map<string, Promise<Ready>>();

  /** @param model `--model`: an id of the catalogue, a model of the Hub, an address, a path; null: as each experiment says */
  constructor(hub: HubOnDisk, model: string | null) {
    this.#hub = hub;
    this.#model = model;
  }

  /** The experiment as it is to be run; its model is ready by then. Asks, and downloads, once for each model. */
  async prepare(spec: ExperimentSpec): Promise<{ readonly spec: ExperimentSpec; readonly give: Ready['give'] }> {
    const name = this.#model ?? spec.model;
    const ready = this.#ready.get(name) ?? this.#open(name);
    this.#ready.set(name, ready);
    const { id, saes, give } = await ready;
    if (this.#model === null) return { spec: { ...spec, model: id }, give };
    const usual = (await labDefinition(spec.lab))?.defaults.saes ?? [];
    const changed = forModel(spec, id, saes, usual);
    if (spec.metric && !changed.metric)
      complain('run: the metric of the experiment is left out, as its tokens are numbers of another vocabulary');
    return { spec: changed, give };
  }

  async #open(name: string): Promise<Ready> {
    const remote = parseTarget(name);
    if (remote) {
      const { id } = await this.#hub.ready(remote);
      const give = ({ engine, hubHost }: OpenEngine): void => {
        const access = this.#hub.access();
        engine.allow(hubHost === undefined ? access : { ...access, host: hubHost, token: null });
      };
      return { id, saes: [], give };
    }
    const give = (): void => undefined;
    // What an experiment itself names is looked for when it runs.
    if (this.#model === null) return { id: name, saes: [], give };
    if (!isPath(name)) return { id: name, saes: dictionariesOf(name), give };
    const { id, files } = await localModel(userPath(name));
    let given: OpenEngine | null = null;
    return {
      id,
      saes: [],
      give(open) {
        if (given !== open) open.engine.addFiles(id, files);
        given = open;
      },
    };
  }
}
