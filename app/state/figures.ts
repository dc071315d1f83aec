/** The files of one picture. */
export interface FigureFiles {
  /** What it shows, in words. */
  readonly name: string;
  /** Begins the names of its files. */
  readonly file: string;
  readonly csv: () => string;
  /** Absent where the picture is no drawing. */
  readonly svg?: () => string;
}

interface OfferedFigure {
  readonly id: string;
  /** As the picture is now. */
  readonly files: () => FigureFiles;
}

const offered = new Map<string, OfferedFigure>();

/** Tells that a picture is on the page. @returns a function that tells that it is gone */
export function offerFigure(figure: OfferedFigure): () => void {
  offered.set(figure.id, figure);
  return () => void offered.delete(figure.id);
}

/** The pictures on the page now, in the order in which they came. */
export function figuresOnPage(): readonly FigureFiles[] {
  return [...offered.values()].map(({ files }) => files());
}
