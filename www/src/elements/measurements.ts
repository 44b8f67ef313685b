/** What people measure at home, in the order of the choice: the fields of each and their unit. The verifier knows the rest. */
import type { MeasurementName } from '../types.js';

export const MEASUREMENTS: Readonly<Record<MeasurementName, { readonly unit: string; readonly parts: readonly ('upper' | 'lower' | 'value')[] }>> = {
  'blood-pressure': { unit: 'mmHg', parts: ['upper', 'lower'] },
  weight: { unit: 'kg', parts: ['value'] },
  pulse: { unit: '/min', parts: ['value'] },
  temperature: { unit: '°C', parts: ['value'] },
  glucose: { unit: 'mmol/L', parts: ['value'] },
  oxygen: { unit: '%', parts: ['value'] },
  height: { unit: 'cm', parts: ['value'] },
};

/** Reads a number as people type it, with a point or a comma; nothing if it is none. */
export function numberIn(typed: string): number | undefined {
  const text = typed.trim().replace(',', '.');
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The day of a moment where the person is, as `YYYY-MM-DD`. */
export function dayOf(time: number): string {
  const date = new Date(time * 1000);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
