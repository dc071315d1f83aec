// Runs before anything is drawn, so that the page never flashes in the other theme. The rest is in app/shell/theme.ts.
(function () {
  var theme = 'system';
  try {
    theme = JSON.parse(localStorage.getItem('vitrine:preferences') || '{}').theme;
  } catch (_) {
    // Storage is forbidden or damaged: follow the system.
  }
  var asked = /[?&]theme=(light|dark)\b/.exec(location.hash);
  if (asked && /^#\/embed\//.test(location.hash)) theme = asked[1];
  if (matchMedia('(forced-colors: active)').matches) theme = 'system';
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
