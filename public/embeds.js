// Fits each frame of this page to what is in it. Only frames of this site are heard, and of them only a height.
addEventListener('message', ({ origin, source, data }) => {
  if (origin !== location.origin || data?.type !== 'vitrine:height' || !(data.height > 0)) return;
  for (const frame of document.querySelectorAll('iframe'))
    if (frame.contentWindow === source) frame.style.height = `${Math.min(data.height, 4000)}px`;
});
