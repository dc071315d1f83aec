import { useEffect } from 'react';
import { useStore } from 'zustand';
import { createCatalogue, type Catalogue, type ModelEntry } from './catalogue.ts';

let shared: Catalogue | null = null;

/** Lets panels see the catalogue that the page already has, instead of one of their own. */
export function shareCatalogue(catalogue: Catalogue): void {
  shared = catalogue;
}

const own = (): Catalogue =>
  (shared ??= createCatalogue(async (path) => {
    const response = await fetch(new URL(`${import.meta.env.BASE_URL}${path}`, document.baseURI));
    return response.ok ? ((await response.json()) as unknown) : null;
  }));

const EMPTY: Catalogue = createCatalogue(() => Promise.resolve(null));

/** The models that the site knows; null until they are there. */
export function useModels(): readonly ModelEntry[] | null {
  const catalogue = typeof document === 'undefined' ? EMPTY : own();
  useEffect(() => void catalogue.load(), [catalogue]);
  return useStore(catalogue.store, ({ models }) => models);
}

/** A model's manifest; null until it is there, or where the site has no such model. */
export function useModel(id: string): ModelEntry | null {
  return useModels()?.find((model) => model.id === id) ?? null;
}
