import type { HubFound, HubModel, HubNeeds } from '../../../core/files/hub.ts';
import type { ModelTarget } from '../../../core/files/target.ts';
import type { NamedBlob } from '../local-files.ts';
import type { WireError } from '../../../core/protocol/errors.ts';

/** How to reach the Hub. */
interface Way {
  readonly host: string;
  readonly token: string | null;
}

/** What the page asks of the worker that downloads. It computes nothing, so it goes on whatever the engine does. */
export type HubAsk =
  | ({ readonly type: 'look'; readonly id: string; readonly target: ModelTarget } & Way)
  | ({ readonly type: 'needs'; readonly id: string; readonly model: HubModel } & Way)
  | ({ readonly type: 'download'; readonly id: string; readonly model: HubModel } & Way)
  /** Of files of this device. */
  | { readonly type: 'local-needs'; readonly id: string; readonly files: readonly NamedBlob[] }
  | { readonly type: 'kept'; readonly id: string; readonly models: readonly HubModel[] }
  /** @param others those that stay */
  | { readonly type: 'free'; readonly id: string; readonly model: HubModel; readonly others: readonly HubModel[] }
  | { readonly type: 'cancel'; readonly id: string };

/** Exactly one of these for each ask but `cancel`, after any number of `progress`. */
export type HubAnswer =
  | { readonly type: 'found'; readonly id: string; readonly found: HubFound }
  | { readonly type: 'needed'; readonly id: string; readonly needs: HubNeeds }
  | { readonly type: 'done'; readonly id: string }
  | { readonly type: 'kept'; readonly id: string; readonly bytes: readonly number[] }
  | { readonly type: 'failed'; readonly id: string; readonly error: WireError }
  | { readonly type: 'cancelled'; readonly id: string };
export type HubEvent =
  HubAnswer | { readonly type: 'progress'; readonly id: string; readonly done: number; readonly total: number };
