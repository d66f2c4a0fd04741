import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDynamoDb } from '../../../../lab/aws/dynamodb/fake-dynamodb.ts';
import type { TableOptions } from '../../../../lab/aws/dynamodb/table.ts';
import { AwsError } from '../../../../lab/kernel/aws-service.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { report } from '../../../../lab/report/report.ts';
import { readScenario } from '../../../../lab/scenario/scenario.ts';
import { Dynalite } from '../../../support/dynalite.ts';
import { eventful, scenarioOf } from '../scenarios.ts';

/** What was asked of the lab's DynamoDB, and what it answered. */
interface Exchange {
  readonly operation: string;
  readonly input: JsonObject;
  readonly answer: JsonObject;
}

let dynalite: Dynalite;
beforeEach(() => {
  dynalite = new Dynalite();
});
afterEach(() => dynalite.close());

/** Plays a scenario and writes down all that was asked of the lab's DynamoDB. */
async function listen(scenario: JsonObject): Promise<{ tables: TableOptions[]; exchanges: Exchange[] }> {
  const tables: TableOptions[] = [];
  const exchanges: Exchange[] = [];
  const { call, createTable } = FakeDynamoDb.prototype;
  vi.spyOn(FakeDynamoDb.prototype, 'createTable').mockImplementation(function (this: FakeDynamoDb, options) {
    tables.push(options);
    createTable.call(this, options);
  });
  vi.spyOn(FakeDynamoDb.prototype, 'call').mockImplementation(function (this: FakeDynamoDb, operation, input) {
    const heard = { operation, input: structuredClone(input) };
    try {
      const answer = call.call(this, operation, input);
      exchanges.push({ ...heard, answer: structuredClone(answer) });
      return answer;
    } catch (error) {
      if (error instanceof AwsError) exchanges.push({ ...heard, answer: { error: error.code, ...error.members } });
      throw error;
    }
  });
  await report(readScenario(JSON.stringify(scenario), 'test.json'));
  vi.restoreAllMocks();
  return { tables, exchanges };
}

const replay = ({ operation, input }: Exchange): Promise<JsonObject> =>
  dynalite.call(operation, input).catch((error: AwsError) => ({ error: error.code, ...error.members }));

/** What a batch finds comes in any order. */
function inOrder({ Responses, ...answer }: JsonObject): JsonObject {
  if (Responses === undefined) return answer;
  const tables = Object.entries(Responses as Record<string, { id: { S: string } }[]>);
  const sorted = tables.map(([name, items]) => [name, items.toSorted((a, b) => a.id.S.localeCompare(b.id.S))]);
  return { ...answer, Responses: Object.fromEntries(sorted) };
}

describe('all that a whole run asks of DynamoDB', () => {
  it.each([
    ['with faults', scenarioOf('faults.json')],
    ['with failed starts and a sweep', eventful()],
  ])('dynalite answers as the lab does: %s', async (_, scenario) => {
    const { tables, exchanges } = await listen(scenario);
    for (const table of tables) dynalite.createTable(table);
    const answers: JsonObject[] = [];
    for (const exchange of exchanges) answers.push(await replay(exchange));
    expect(answers.map(inOrder)).toEqual(exchanges.map(({ answer }) => inOrder(answer)));
    // Neither all accepted nor all refused: the conditions were put to the test.
    expect(answers.filter(({ error }) => error === 'ConditionalCheckFailedException').length).toBeGreaterThan(10);
    expect(answers.filter(({ error }) => error === undefined).length).toBeGreaterThan(100);
  });
});
