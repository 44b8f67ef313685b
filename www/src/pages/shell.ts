/** How the app stands in its window: one column, the navigation at the left or at the bottom. */
import { css } from 'lit';

export const shell = css`
  .outside { display: grid; grid-template-rows: auto 1fr auto; gap: 32px; min-height: 100dvh; max-width: 680px; margin: 0 auto; padding: 24px 20px; }
  .brand { display: inline-flex; align-items: center; gap: 10px; font-weight: 650; }
  .brand svg { color: var(--medrec-accent); }
  .outside footer { padding-top: 20px; border-top: 1px solid var(--medrec-line); }
  .skip { position: absolute; left: -999px; }
  .skip:focus { left: 16px; top: 8px; z-index: 3; background: var(--medrec-surface); padding: 10px 16px; border-radius: 8px; }
  main { min-width: 0; padding: 24px 20px 32px; max-width: calc(var(--medrec-reading) + 40px); margin: 0 auto; width: 100%; }
  .outside main { padding: 0; }
  .aside { padding-top: 40px; }
  .inside { padding-bottom: calc(64px + env(safe-area-inset-bottom)); }
  .inside medrec-nav {
    position: fixed; inset: auto 0 0; z-index: 2; background: var(--medrec-surface); border-top: 1px solid var(--medrec-line);
    padding: 0 8px env(safe-area-inset-bottom);
  }
  @media (min-width: 900px) {
    .inside { display: grid; grid-template-columns: 200px minmax(0, 1fr); padding: 0; }
    .inside medrec-nav {
      position: sticky; inset: 0 auto auto; height: 100dvh; padding: 0; border-top: 0; border-right: 1px solid var(--medrec-line);
      background: transparent;
    }
    main { padding: 32px 24px 48px; max-width: calc(var(--medrec-reading) + 48px); margin: 0; }
    main.wide-page { max-width: none; }
    .outside { padding: 40px 24px; }
  }
  @media (min-width: 1200px) {
    .inside { grid-template-columns: 232px minmax(0, 1fr); }
    main { padding-inline: 40px; max-width: calc(var(--medrec-reading) + 80px); }
  }
  @media print { .inside { display: block; padding: 0; } medrec-nav, .skip, header, footer, .aside { display: none !important; } }
`;
