/** DynamoDB did a part of a batch. The rest is asked for again, later, as where it did nothing at all: under the same name. */
export class NotProcessedError extends Error {
  override readonly name = 'ProvisionedThroughputExceededException';
}
