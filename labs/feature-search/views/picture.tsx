import { barsSvg } from '../../../app/charts/export/svg.ts';
import type { Scheme } from '../../../app/charts/scales/colour.ts';
import type { Naming } from '../../../app/views/names.ts';
import { siteShort } from '../../../app/views/sites.ts';
import type { Hit } from './Hits.tsx';

/** Bars of a picture; the CSV file has all. */
const DRAWN = 40;

export interface HitsPicture {
  readonly title: string;
  readonly model: string;
  readonly hits: readonly Hit[];
  readonly names: Naming;
  /** What a bar is, with its unit. */
  readonly legend: string;
}

/** Found features as bars, best first, as an SVG file. */
export function hitsSvg({ title, model, hits, names, legend }: HitsPicture, scheme: Scheme): string {
  const drawn = hits.slice(0, DRAWN);
  return barsSvg(
    {
      title,
      bars: drawn.map((hit) => {
        const { name } = names({ model, sae: hit.sae, feature: hit.feature });
        return {
          label: `${siteShort(hit.hook)} · ${hit.feature}${name === null ? '' : ` ${name}`}`,
          value: Number.isNaN(hit.amount) ? 0 : hit.amount,
          text: hit.value,
        };
      }),
      full: Math.max(1e-9, ...drawn.map(({ amount }) => Math.abs(amount) || 0)),
      signed: drawn.some(({ amount }) => amount < 0),
      legend: `${legend}${hits.length > DRAWN ? `; the first ${DRAWN} of ${hits.length}` : ''}`,
    },
    scheme,
  );
}
