import { AwsError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';

const MAX_ENTRIES = 10;
const ENTRY_ID = /^[\w-]{1,80}$/;

/** Runs each entry by itself: one that fails does not keep the others from succeeding. */
export function runBatch(
  input: JsonObject,
  run: (entry: JsonObject) => JsonObject,
  checkAll: (entries: JsonObject[]) => void = () => {},
): JsonObject {
  const entries = (input.Entries ?? []) as JsonObject[];
  checkEntries(entries.map(({ Id }) => String(Id)));
  checkAll(entries);
  const Successful: JsonObject[] = [];
  const Failed: JsonObject[] = [];
  for (const { Id = null, ...entry } of entries) {
    try {
      Successful.push({ Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id, SenderFault: error.status < 500, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function checkEntries(ids: string[]): void {
  const repeated = ids.find((id, i) => ids.indexOf(id) < i);
  const malformed = ids.find((id) => !ENTRY_ID.test(id));
  if (ids.length === 0) {
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (ids.length > MAX_ENTRIES) {
    const message = `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${ids.length}.`;
    throw new AwsError('TooManyEntriesInBatchRequest', message);
  }
  if (malformed !== undefined) {
    const rule = 'A batch entry id can only contain alphanumeric characters, hyphens and underscores.';
    throw new AwsError('InvalidBatchEntryId', `${rule} It can be at most 80 letters long.`);
  }
  if (repeated !== undefined) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
}
