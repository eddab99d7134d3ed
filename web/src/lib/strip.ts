// Tabs are links in a row (.strip of app.css), which scrolls by itself where there is no room. The chosen one is in sight.
// `{@attach inSight(chosen)}` on the row: whenever another is chosen.
export const inSight = (_chosen: unknown) => (row: HTMLElement) => {
  const link = row.querySelector<HTMLElement>('[aria-current]');
  if (link) row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
};
