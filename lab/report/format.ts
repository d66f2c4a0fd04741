/** How figures are written for people. */

export const count = (value: number): string => value.toLocaleString('en-US');

export const dollars = (value: number): string => `$${value.toFixed(2)}`;

export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

export const ratio = (value: number): string => value.toFixed(2);

/** `0.4 s`, `12 s`, `2 min 50 s`, `1 h 03 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Time since the start of a run as a stopwatch shows it: `0:05`, `12:30`, `1:00:00`. */
export function stopwatch(seconds: number): string {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const clock = hours > 0 ? `${hours}:${two(minutes)}` : `${minutes}`;
  return `${clock}:${two(whole % 60)}`;
}

/** `1 call`, `2 calls`. */
export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

const two = (value: number) => String(value).padStart(2, '0');
