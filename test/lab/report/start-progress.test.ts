import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { liveProgress, progressBar, progressLine } from '../../../lab/report/start-progress.ts';
import type { PlayOptions } from '../../../lab/run/run.ts';

const STANDING = { made: 2000, taken: 1686, broughtBack: 912, waiting: 774 };

test('a line says how the calls stand', () => {
  expect(progressLine(131, STANDING)).toBe(
    '  2:11 virtual   2,000 calls · 1,686 throttled · 912 brought back · 774 waiting',
  );
});

test.each([
  [0, 0, '────'],
  [0, 8, '────'],
  [4, 4, '━━──'],
  [7, 1, '━━━─'],
  [8, 0, '━━━━'],
])('%d calls back and %d waiting fill the bar to %s', (broughtBack, waiting, bar) => {
  expect(progressBar({ ...STANDING, broughtBack, waiting }, 4)).toBe(bar);
});

describe('live', () => {
  const tick = (seconds: number) =>
    ({ clock: { elapsedSeconds: () => seconds }, oracle: { fates: { finite: () => [] } } }) as unknown as Parameters<
      NonNullable<PlayOptions['onTick']>
    >[0];

  function play(terminal: { isTTY: boolean; columns?: number }, wallMs: readonly number[]): string[] {
    const written: string[] = [];
    let now = 0;
    const { onTick, done } = liveProgress({ ...terminal, write: (text) => written.push(text) }, () => now);
    for (const at of wallMs) {
      now = at;
      onTick(tick(at / 1000));
    }
    done();
    return written;
  }

  test('a terminal gets one line that overwrites itself and is gone at the end', () => {
    const written = play({ isTTY: true, columns: 120 }, [0, 50, 200]);
    expect(written).toHaveLength(3);
    expect(written.join('')).not.toContain('\n');
    expect(written.at(-1)).toBe('\r\u001b[2K');
  });

  test('a narrow terminal gets no bar and no line that would wrap', () => {
    const [line = ''] = play({ isTTY: true, columns: 40 }, [0]);
    expect(stripVTControlCharacters(line).trimStart().length).toBeLessThan(40);
    expect(line).not.toContain('─');
  });

  test('where a look takes a second there is one in a hundred', () => {
    let now = 0;
    let looks = 0;
    const finite = () => {
      looks += 1;
      now += 1000;
      return [];
    };
    const run = { clock: { elapsedSeconds: () => 0 }, oracle: { fates: { finite } } } as unknown as Parameters<
      NonNullable<PlayOptions['onTick']>
    >[0];
    const { onTick } = liveProgress({ isTTY: true, write: () => {} }, () => now);
    for (; now < 300_000; now += 100) onTick(run);
    expect(looks).toBe(3);
  });

  test('a log gets a plain line every two seconds', () => {
    const written = play({ isTTY: false }, [0, 150, 1900, 2000, 3900, 4100]);
    expect(written).toHaveLength(3);
    for (const line of written) expect(line).toBe(`${stripVTControlCharacters(line).trimEnd()}\n`);
  });
});
