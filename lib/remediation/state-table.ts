import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** The table of all shared state. lambda/state/items.ts lists the kinds of items. */
export function stateTable(scope: Construct, encryptionKey: IKey | undefined): Table {
  return new Table(scope, 'State', {
    partitionKey: { name: 'id', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: 'expiresAt',
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    encryption: encryptionKey ? TableEncryption.CUSTOMER_MANAGED : TableEncryption.DEFAULT,
    ...(encryptionKey && { encryptionKey }),
    // Nothing in it is of use without the stack.
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
