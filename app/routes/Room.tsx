import { useEffect, useState, type ReactElement } from 'react';
import { hub } from '../shell/app.ts';
import { megabytes } from '../shell/format.ts';
import { stepsOf } from '../state/hub.ts';
import { roomLeft } from '../state/kept.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import styles from './Models.module.css';

/** Bytes that the browser would still keep for this site, counted anew as models come and go; null until it is known. */
export function useRoom(): number | null {
  const [room, setRoom] = useState<number | null>(null);
  useEffect(() => {
    let gone = false;
    const count = (): void => void roomLeft().then((bytes) => !gone && setRoom(bytes));
    count();
    const end = hub.store.subscribe((now, before) => stepsOf(now) !== stepsOf(before) && count());
    return () => {
      gone = true;
      end();
    };
  }, []);
  return room;
}

export interface TooLittleRoomProps {
  /** Of the download. */
  readonly bytes: number;
  readonly room: number;
  /** Uses the model without keeping it; null where it cannot be used here. */
  readonly onWithout: (() => void) | null;
}

/** Before a download that would end with a full storage: what can be done instead. */
export function TooLittleRoom({ bytes, room, onWithout }: TooLittleRoomProps): ReactElement {
  return (
    <Notice tone="warn" title="The browser has no room to keep this model">
      <p>
        It needs {megabytes(bytes)}, and the browser has about {room <= 0 ? 'nothing' : megabytes(room)} left for this site. Free
        something <a href="#/models">on the models page</a>, or use the model without keeping it: it is then downloaded with each
        visit.
      </p>
      {onWithout && (
        <div className={styles.row}>
          <Button size="s" onClick={onWithout}>
            Use it without keeping it
          </Button>
        </div>
      )}
    </Notice>
  );
}
