import { memo, useCallback, useMemo, type ReactElement } from 'react';
import { hashSpec } from '../../core/spec/index.ts';
import { parseHook, siteLabel } from '../../core/hooks.ts';
import type { LabPanelProps, LabView } from '../../app/state/lab-panel.ts';
import { Part } from '../../app/state/embed-parts.tsx';
import { useModel } from '../../app/state/use-model.ts';
import { Skeleton } from '../../app/ui/Disclosure.tsx';
import { Select } from '../../app/ui/Field.tsx';
import { Toggle } from '../../app/ui/Segmented.tsx';
import { Table } from '../../app/ui/Table.tsx';
import { number, signed } from '../../app/views/numbers.ts';
import { hookConfig } from './lib/hook-config.ts';
import type { ActivationEntry, ActivationsChunk, ActivationsResult } from './result.ts';
import { lab, type ActivationsParams, type ActivationsView } from './spec.ts';
import { Entry } from './views/Entry.tsx';
import { Files } from './views/Files.tsx';
import { HookPicker } from './views/HookPicker.tsx';
import { Prompts } from './views/Prompts.tsx';
import styles from './views/activations.module.css';

type Props = LabPanelProps<ActivationsParams, ActivationsView, ActivationsResult, ActivationsChunk>;

/** Drawn anew only where what they show is new: pieces of the next answer stream in beside them. */
const Answer = memo(AnswerOf);
const AllFiles = memo(Files);
const Hooks = memo(HookPicker);

/** Any hooks on any prompts: as maps with statistics, and as files. */
function Panel(props: Props): ReactElement {
  const { spec, result, chunks, stale, running, setSpec, setView, run, stop, provenance } = props;
  const model = useModel(spec.model);
  const config = useMemo(() => (model ? hookConfig(model.config) : null), [model]);
  const streamed = useMemo(() => fromChunks(chunks), [chunks]);
  // A recorded answer stays whole until the live one is; what streams in replaces an older answer.
  const shown = result && (!stale || !streamed) ? result : streamed;
  const current = shown !== null && !(stale && shown === result);
  const file = useMemo(() => fileName(spec), [spec]);
  const count = spec.prompts.length;
  const positions = useMemo(
    () => (shown?.prompts.length === count ? shown.prompts.map((prompt) => prompt.length) : []),
    [shown, count],
  );
  const setHooks = useCallback(
    (hooks: readonly string[]) => setSpec((s) => ({ ...s, params: { ...s.params, hooks: [...hooks] } })),
    [setSpec],
  );
  return (
    <div className={styles.panel}>
      <Part id="prompt">
        <Prompts
          prompts={spec.prompts}
          tokens={current ? (shown?.prompts ?? null) : null}
          limit={config?.nCtx ?? null}
          running={running}
          {...{ setSpec, run, stop }}
        />
      </Part>
      <Part id="hooks">
        <Hooks config={config} patterns={spec.params.hooks} onChange={setHooks} positions={positions} sure={current} />
        <Toggle
          label="Also keep the logits of every position"
          checked={spec.params.logits}
          onChange={(logits) => setSpec((s) => ({ ...s, params: { ...s.params, logits } }))}
        />
      </Part>
      {shown && shown.entries.length > 0 ? (
        <div className={styles.answer} data-stale={current ? undefined : ''}>
          <Part id="picture">
            <Answer result={shown} view={spec.view} setView={setView} file={file} bosId={config?.bosTokenId ?? null} />
          </Part>
          {result && !stale && (
            <Part id="files">
              <AllFiles result={result} provenance={provenance} model={model} file={file} />
            </Part>
          )}
        </div>
      ) : running || spec.prompts.length > 0 ? (
        <Skeleton height="480px" label="Activations are on their way" />
      ) : null}
    </div>
  );
}

interface AnswerProps {
  readonly result: ActivationsResult;
  readonly view: ActivationsView;
  readonly setView: Props['setView'];
  readonly file: string;
  readonly bosId: number | null;
}

function AnswerOf({ result, view, setView, file, bosId }: AnswerProps): ReactElement {
  const { entries, prompts } = result;
  const prompt = Math.min(view.prompt, prompts.length - 1);
  const own = entries.filter((entry) => entry.prompt === prompt);
  const open = own.find(({ hook }) => hook === view.hook) ?? own[0];
  return (
    <>
      <div className={styles.choose}>
        <Select
          label="Hook"
          inline
          value={open?.hook ?? ''}
          options={own.map(({ hook }) => ({ value: hook as string, label: hook }))}
          onChange={(hook) => setView({ hook })}
        />
        {prompts.length > 1 && (
          <Select
            label="Prompt"
            inline
            value={String(prompt)}
            options={prompts.map((tokens, i) => ({
              value: String(i),
              label: `${i}: ${tokens
                .map(({ text }) => text)
                .slice(1)
                .join('')
                .slice(0, 40)}`,
            }))}
            onChange={(i) => setView({ prompt: Number(i) })}
          />
        )}
        <Toggle label="All as a table" checked={view.table} onChange={(table) => setView({ table })} />
      </div>
      {view.table ? (
        <Overview
          entries={entries}
          severalPrompts={prompts.length > 1}
          onOpen={(entry) => setView({ hook: entry.hook, prompt: entry.prompt, table: false })}
        />
      ) : (
        open && (
          <Entry
            entry={open}
            entries={own}
            tokens={prompts[prompt] ?? []}
            view={view}
            setView={setView}
            bosId={bosId}
            file={prompts.length > 1 ? `${file}-prompt${prompt}` : file}
          />
        )
      )}
    </>
  );
}

interface OverviewProps {
  readonly entries: readonly ActivationEntry[];
  readonly severalPrompts: boolean;
  readonly onOpen: (entry: ActivationEntry) => void;
}

/** The statistics of every activation, one a row. */
function Overview({ entries, severalPrompts, onOpen }: OverviewProps): ReactElement {
  return (
    <Table
      caption="Statistics of every activation"
      rows={entries}
      rowKey={({ hook, prompt }) => `${prompt}-${hook}`}
      columns={[
        {
          key: 'hook',
          label: 'hook',
          cell: (entry) => openButton(entry, onOpen),
        },
        ...(severalPrompts ? [{ key: 'prompt', label: 'prompt', numeric: true, cell: (e: ActivationEntry) => e.prompt }] : []),
        { key: 'what', label: 'what', cell: ({ hook }) => siteLabel(parseHook(hook)?.site ?? 'embed') },
        { key: 'shape', label: 'shape', cell: ({ tensor }) => `[${tensor.shape.join(', ')}]` },
        { key: 'mean', label: 'mean', numeric: true, cell: ({ summary }) => signed(summary.mean) },
        { key: 'std', label: 'std', numeric: true, cell: ({ summary }) => number(summary.std) },
        { key: 'min', label: 'min', numeric: true, cell: ({ summary }) => signed(summary.min) },
        { key: 'max', label: 'max', numeric: true, cell: ({ summary }) => signed(summary.max) },
        { key: 'norm', label: 'norm', numeric: true, cell: ({ summary }) => number(summary.norm) },
      ]}
    />
  );
}

const openButton = (entry: ActivationEntry, onOpen: OverviewProps['onOpen']): ReactElement => (
  <button type="button" className={styles.open} onClick={() => onOpen(entry)}>
    {entry.hook}
  </button>
);

function fromChunks(chunks: readonly ActivationsChunk[]): ActivationsResult | null {
  let prompts: ActivationsResult['prompts'] = [];
  const entries: ActivationEntry[] = [];
  for (const chunk of chunks) {
    if (chunk.part === 'tokens') prompts = chunk.prompts;
    else entries.push(chunk.entry);
  }
  return entries.length === 0 ? null : { prompts, entries, logits: [] };
}

/** `activations-<first 12 digits of the experiment's hash>`. */
function fileName(spec: Props['spec']): string {
  try {
    return `activations-${hashSpec(spec, lab).slice(0, 12)}`;
  } catch {
    return 'activations';
  }
}

export const view: LabView<ActivationsParams, ActivationsView, ActivationsResult, ActivationsChunk> = {
  Panel,
  parts: [
    { id: 'prompt', label: 'Prompts' },
    { id: 'hooks', label: 'Choice of hooks' },
    { id: 'picture', label: 'Picture and statistics' },
    { id: 'files', label: 'Files' },
  ],
};
