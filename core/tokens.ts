/** A token as it is shown and exported. */
export interface TokenText {
  readonly id: number;
  /** Its text alone. Bytes that are no UTF-8 of their own appear as U+FFFD here and exactly in `bytes`. */
  readonly text: string;
  readonly bytes?: readonly number[];
}
