import { usePlainKeys } from '../../../app/ui/keys.ts';
import type { FeatureContext } from './panel.tsx';

/** `j` goes to the next feature, `k` to the one before, Esc lets go of the token that is selected. */
export function useFeatureKeys({ feature, dSae, spec, setView, go }: FeatureContext): void {
  usePlainKeys((key) => {
    if (key === 'Escape' && spec.view.token !== null) {
      setView({ token: null });
      return true;
    }
    const to = key === 'j' ? feature + 1 : key === 'k' ? feature - 1 : null;
    if (to === null || to < 0 || (dSae !== null && to >= dSae)) return false;
    go(to);
    return true;
  });
}
