/** Style sheets that elements share. Elements adopt what they use; tokens come from the document. */
import { css } from 'lit';

/** Text, links, focus. Every element adopts this one. */
export const base = css`
  :host { display: block; }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  h1, h2, h3, h4, p, ul, ol, dl, dd, figure, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
  h1 { font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -0.012em; text-wrap: balance; }
  h2 { font-size: 20px; line-height: 1.3; font-weight: 650; letter-spacing: -0.006em; }
  h3 { font-size: 16px; line-height: 1.4; font-weight: 650; }
  h1:focus { outline: none; }
  p { text-wrap: pretty; overflow-wrap: anywhere; }
  ul, ol { list-style: none; }
  a { color: var(--medrec-accent); text-underline-offset: 3px; }
  a:hover { color: var(--medrec-accent-strong); }
  svg { flex: none; display: block; }
  :focus-visible { outline: 2px solid var(--medrec-accent); outline-offset: 2px; border-radius: 4px; }
  .muted { color: var(--medrec-muted); }
  .small { font-size: 13px; line-height: 1.45; }
  .lead { color: var(--medrec-muted); }
  .hidden-text {
    position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  }
  .stack { display: grid; gap: 16px; align-content: start; }
  .stack > * { min-width: 0; }
  .tight { gap: 4px; }
  .wide { gap: 24px; }
  .row { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; }
  .between { justify-content: space-between; }
  hr { border: 0; border-top: 1px solid var(--medrec-line); margin: 0; width: 100%; }
`;

/** Things that stand apart from the page. */
export const surface = css`
  .card {
    background: var(--medrec-surface); border: 1px solid var(--medrec-line); border-radius: var(--medrec-radius);
    box-shadow: var(--medrec-shadow); padding: 20px;
  }
  .notice { border-radius: var(--medrec-radius); padding: 12px 16px; background: var(--medrec-sunken); }
  .notice.accent { background: var(--medrec-accent-soft); }
  .notice.stale { background: var(--medrec-stale-soft); color: var(--medrec-stale); }
  @media print { .card { box-shadow: none; } }
`;

/** Native buttons, and links that look like them. */
export const buttons = css`
  button, .button {
    display: inline-flex; align-items: center; justify-content: center; gap: 8px; min-height: 44px; padding: 8px 18px;
    font: inherit; font-weight: 600; line-height: 1.25; text-decoration: none; text-align: center; cursor: pointer;
    color: var(--medrec-accent); background: var(--medrec-surface); border: 1px solid var(--medrec-edge);
    border-radius: var(--medrec-radius); transition: background-color var(--medrec-motion), border-color var(--medrec-motion);
  }
  button:hover, .button:hover { background: var(--medrec-accent-soft); border-color: var(--medrec-accent); color: var(--medrec-accent-strong); }
  button:focus-visible, .button:focus-visible { border-radius: var(--medrec-radius); }
  .primary { color: var(--medrec-on-accent); background: var(--medrec-accent); border-color: var(--medrec-accent); }
  .primary:hover { color: var(--medrec-on-accent); background: var(--medrec-accent-strong); border-color: var(--medrec-accent-strong); }
  .quiet { border-color: transparent; background: transparent; padding-inline: 12px; }
  .danger { color: var(--medrec-broken); }
  .danger:hover { color: var(--medrec-broken); background: var(--medrec-broken-soft); border-color: var(--medrec-broken); }
  .small-button { padding: 8px 12px; font-size: 13px; }
  button:disabled { opacity: 0.55; cursor: default; }
  summary { cursor: pointer; min-height: 44px; display: flex; align-items: center; gap: 8px; list-style: none; }
  summary::-webkit-details-marker { display: none; }
  summary .turn { transition: transform var(--medrec-motion); color: var(--medrec-muted); }
  details[open] > summary .turn { transform: rotate(90deg); }
  @media print { button, .button { display: none; } }
`;

/** Fields of forms. */
export const fields = css`
  label, legend { font-weight: 600; padding: 0; }
  .field { display: grid; gap: 6px; }
  .hint { font-size: 13px; line-height: 1.45; color: var(--medrec-muted); }
  .wrong { font-size: 13px; line-height: 1.45; color: var(--medrec-broken); }
  input[type='text'], input[type='password'], input[type='search'], input[type='date'], select {
    width: 100%; min-height: 44px; padding: 8px 12px; font: inherit; color: var(--medrec-ink); background: var(--medrec-surface);
    border: 1px solid var(--medrec-edge); border-radius: 8px;
  }
  input:focus-visible, select:focus-visible { outline-offset: 0; border-radius: 8px; border-color: var(--medrec-accent); }
  input[aria-invalid='true'] { border-color: var(--medrec-broken); }
  input[type='checkbox'], input[type='radio'] { width: 20px; height: 20px; margin: 2px 0; accent-color: var(--medrec-accent); flex: none; }
  .choice { display: flex; gap: 12px; align-items: flex-start; min-height: 44px; padding: 10px 0; font-weight: 400; cursor: pointer; }
  .choice > span { min-width: 0; }
  .choices { display: grid; }
  .choices.columns { grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); column-gap: 16px; }
`;

/** Exact values: label and copyable text. */
export const values = css`
  dl { display: grid; gap: 8px; }
  dl > div { display: grid; gap: 0 16px; }
  dt { color: var(--medrec-muted); font-size: 13px; line-height: 1.6; }
  dd { overflow-wrap: anywhere; }
  code { font: 13px/1.5 var(--medrec-mono); overflow-wrap: anywhere; }
  @container (min-width: 480px) {
    dl > div { grid-template-columns: minmax(120px, 180px) 1fr; }
    dl > div > dd { grid-column: 2; }
  }
`;
