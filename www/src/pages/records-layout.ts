/** The records page: list beside record in a wide window, one after the other on a phone. */
import { css } from 'lit';

export const recordsLayout = css`
  .layout { max-width: var(--medrec-reading); }
  .record-first .list { display: none; }
  .list-first .record { display: none; }
  .back, .up { padding-inline: 4px 12px; margin-left: -4px; }
  .back { margin-bottom: 12px; }
  @media (min-width: 900px) {
    .layout { display: grid; grid-template-columns: minmax(280px, 5fr) minmax(0, 6fr); gap: 24px; max-width: none; align-items: start; }
    .layout .list { display: grid; }
    .layout .record { display: block; position: sticky; top: 32px; max-height: calc(100dvh - 64px); overflow-y: auto; padding: 4px 8px 24px; }
    .back { display: none; }
    .choose { border: 1px dashed var(--medrec-line); border-radius: var(--medrec-radius); padding: 32px; text-align: center; }
  }
  @media (min-width: 1200px) {
    .layout { grid-template-columns: minmax(340px, 440px) minmax(0, 72ch); gap: 40px; }
  }
  @media print {
    .record-first .list { display: none !important; }
    .layout { display: block !important; }
    .record { max-height: none !important; position: static !important; overflow: visible !important; }
  }
`;
