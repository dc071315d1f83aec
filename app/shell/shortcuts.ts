import { labOf, parsePlace } from '../state/address.ts';
import { isPlainKey } from '../ui/keys.ts';
import { closeDialog, openDialog, openedDialog } from './dialogs.ts';
import { runNow } from './live.ts';

const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform);
/** The modifier of shortcuts, as printed on this keyboard. */
export const MOD: string = isMac ? '⌘' : 'Ctrl ';

export interface Shortcut {
  readonly keys: string;
  readonly what: string;
}

/** Every key that means something, for the list behind `?`. Keys inside pictures are the pictures' own. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: '/', what: 'Go to the prompt' },
  { keys: `${MOD}↵`, what: 'Run' },
  { keys: `${MOD}K`, what: 'Search or jump' },
  { keys: 'Esc', what: 'Close what is open; else clear the selection' },
  { keys: '← → ↑ ↓', what: 'Move inside strips, maps and lists' },
  { keys: '↵', what: 'Select what the focus is on' },
  { keys: 'Shift ← →', what: 'In a strip of tokens: select several' },
  { keys: 'p', what: 'In a list of features: pin' },
  { keys: 'j k', what: 'In a list of features, and on a dashboard: next, previous' },
  { keys: '[ ]', what: 'In the lens and in attention: previous layer, next layer' },
  { keys: '?', what: 'This list' },
];

/** The lab on screen, if there is one. */
export function labOnScreen(): string | null {
  return labOf(parsePlace(location.hash));
}

/** Keys that work everywhere on the page. @param windows whether the page has windows to open: an embed has none */
export function listenToKeys(windows: boolean): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return;
    const mod = event.metaKey || event.ctrlKey;
    if (windows && mod && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      if (openedDialog() === 'palette') closeDialog();
      else openDialog('palette');
      return;
    }
    if (openedDialog() !== null) return;
    const lab = labOnScreen();
    if (mod && event.key === 'Enter' && lab !== null) {
      event.preventDefault();
      runNow(lab);
    } else if (isPlainKey(event)) plainKey(event, windows);
  };
  window.addEventListener('keydown', onKey);
  return () => window.removeEventListener('keydown', onKey);
}

function plainKey(event: KeyboardEvent, windows: boolean): void {
  if (windows && event.key === '?') {
    event.preventDefault();
    openDialog('keys');
  } else if (event.key === '/') {
    const prompt = document.querySelector<HTMLElement>('[data-prompt]');
    if (!prompt) return;
    event.preventDefault();
    prompt.focus();
  }
}
