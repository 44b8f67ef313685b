/** The signs of the app, drawn in one stroke width. They are decoration to a screen reader: a word always stands beside them. */
import { svg, type SVGTemplateResult } from 'lit';

const paths = {
  activity: svg`<path d="M12 5c-4.4 0-7.6 3-9.3 7 1.7 4 4.9 7 9.3 7s7.6-3 9.3-7C19.6 8 16.4 5 12 5z"/><circle cx="12" cy="12" r="3"/>`,
  add: svg`<circle cx="12" cy="12" r="9"/><path d="M12 8v8M8 12h8"/>`,
  trend: svg`<path d="M3.5 19.5h17M4.5 15.5l5-5.5 4 3.5 6-7.5"/>`,
  altered: svg`<path d="M12 3 20 6v6c0 4.6-3.2 7.8-8 9.5-4.8-1.7-8-4.9-8-9.5V6z"/><path d="m13.5 3.5-3 5 3.5 3-3.5 3.5 2 6"/>`,
  back: svg`<path d="m15 5-7 7 7 7"/>`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  clock: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.3 2"/>`,
  copy: svg`<rect x="8.5" y="8.5" width="11" height="11" rx="2.5"/><path d="M15.5 8.5V6.5a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2"/>`,
  cross: svg`<path d="m6.5 6.5 11 11m0-11-11 11"/>`,
  download: svg`<path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14"/>`,
  forward: svg`<path d="m9 5 7 7-7 7"/>`,
  home: svg`<path d="M4 11.5 12 4.5l8 7"/><path d="M6 10v9.5h4.5V14.5h3v5H18V10"/>`,
  hospital: svg`<path d="M5 20V5.5A1.5 1.5 0 0 1 6.5 4h11A1.5 1.5 0 0 1 19 5.5V20"/><path d="M3.5 20h17M12 7.5v5m-2.5-2.5h5M10 20v-3.5h4V20"/>`,
  lock: svg`<rect x="5" y="10.5" width="14" height="9.5" rx="2.5"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5"/>`,
  missing: svg`<path d="M7 3.5h7l4 4V20.5H7z" stroke-dasharray="2.6 2.6"/><path d="M12.5 10.5v4m0 2.2v.1"/>`,
  person: svg`<circle cx="12" cy="8" r="3.75"/><path d="M4.5 20c.6-4 3.6-6 7.5-6s6.9 2 7.5 6"/>`,
  records: svg`<path d="M6 3.5h8.5l4 4V20.5H6z"/><path d="M14 3.5V8h4.5M9 12h6.5M9 16h6.5"/>`,
  ring: svg`<circle cx="12" cy="12" r="8" stroke-dasharray="1.5 3.5"/>`,
  search: svg`<circle cx="10.8" cy="10.8" r="6"/><path d="m15.5 15.5 4.5 4.5"/>`,
  settings: svg`<path d="M4 7h9m5 0h2M4 17h2m5 0h9"/><circle cx="15.5" cy="7" r="2.4"/><circle cx="8.5" cy="17" r="2.4"/>`,
  sharing: svg`<circle cx="9" cy="8.5" r="3.3"/><path d="M3 19.5c.5-3.7 2.8-5.5 6-5.5s5.5 1.8 6 5.5"/><path d="M15.5 5.5a3.2 3.2 0 0 1 0 6M17.3 14.5c2.1.6 3.4 2.3 3.7 5"/>`,
  verified: svg`<path d="M12 3 20 6v6c0 4.6-3.2 7.8-8 9.5-4.8-1.7-8-4.9-8-9.5V6z"/><path d="m8.5 12 2.6 2.6 4.7-5"/>`,
} as const satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof paths;

/** Draws a sign at `size` pixels in the colour of the text around it. */
export function icon(name: IconName, size = 20): SVGTemplateResult {
  return svg`<svg width=${size} height=${size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${paths[name]}</svg>`;
}
