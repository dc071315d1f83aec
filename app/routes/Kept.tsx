import { useState, type ReactElement } from 'react';
import { TextArea, TextField } from '../ui/Field.tsx';

export interface KeptProps {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly value: string;
  readonly most: number;
  readonly area?: boolean;
  readonly mono?: boolean;
  readonly placeholder?: string;
  readonly onKeep: (value: string) => Promise<boolean>;
}

/** A field that keeps what is typed when it is left; what another tab writes meanwhile shows unless one is typing here. */
export function Kept({ value, most, onKeep, area = false, mono = false, ...rest }: KeptProps): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const keep = (): void => {
    if (draft !== null && draft !== value) void onKeep(draft);
    setDraft(null);
  };
  const field = { ...rest, mono, value: draft ?? value, maxLength: most, onChange: setDraft, onBlur: keep };
  return area ? (
    <TextArea {...field} />
  ) : (
    <TextField {...field} onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()} />
  );
}
