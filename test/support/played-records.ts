import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordFiles } from '../../lab/report/record-files.ts';
import { type Report, report } from '../../lab/report/report.ts';
import type { Scenario } from '../../lab/scenario/scenario.ts';

/** Plays a scenario; returns its report, and the files that it leaves in a folder `records`. */
export async function playedRecords(
  scenario: Scenario,
): Promise<{ readonly report: Report; readonly files: Readonly<Record<string, Uint8Array>> }> {
  const directory = mkdtempSync(join(tmpdir(), 'played-'));
  try {
    const written = new RecordFiles(directory);
    const result = await report(scenario, { observe: written.listen });
    written.conclude(result.run);
    const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = names.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [`records/${path.slice(directory.length + 1)}`, readFileSync(path)] as const;
    });
    return { report: result.report, files: Object.fromEntries(files) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
