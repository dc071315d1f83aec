import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { address } from './shell/app.ts';
import { Shell } from './shell/Shell.tsx';
import { keepInStep } from './shell/live.ts';
import { workOffline } from './shell/offline.ts';
import { followSources } from './shell/open-file.ts';
import { keepTheme } from './shell/theme.ts';
import { Tips } from './ui/Tips.tsx';

keepTheme();
followSources();
keepInStep();
workOffline();
window.addEventListener('pagehide', () => address.flush());

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <Shell />
      <Tips />
    </StrictMode>,
  );
