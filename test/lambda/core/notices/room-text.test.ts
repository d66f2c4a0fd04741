import { expect, test } from 'vitest';
import { noticeGroup } from '../../../../lambda/core/notices/notice.ts';
import { roomText } from '../../../../lambda/core/notices/room-text.ts';
import { NOW_MS } from '../../../support/records.ts';

test.each([
  ['fargate', 'Fargate On-Demand vCPUs of the account', 'L-3032A538'],
  ['fargateSpot', 'Fargate Spot vCPUs of the account', 'L-36FBB829'],
  ['fargateCapacity', 'AWS’s own Fargate On-Demand capacity in the subnets’ Availability Zones', 'Availability Zones'],
  ['instances batch gpu', 'instances of cluster batch, capacity provider gpu', 'larger than any instance'],
  ['instances batch', 'instances of cluster batch', 'Auto Scaling'],
  ['addresses subnet-0aaa', 'addresses of subnet-0aaa', 'subnets'],
  ['provisioning batch', 'tasks in PROVISIONING in cluster batch', 'several clusters'],
])('the room %s is called what people call it, with what would enlarge it', (room, what, enlarge) => {
  expect(roomText(room).what).toBe(what);
  expect(roomText(room).enlarge).toContain(enlarge);
});

test('a notice of a call that found no room says what was short', () => {
  const first = { room: 'fargate' };
  const notice = {
    kind: 'gaveUp',
    reason: 'noRoom',
    caller: 'arn:aws:iam::111122223333:role/cron',
    family: 'report',
    first,
  } as const;
  expect(noticeGroup(notice, NOW_MS).message).toContain(
    'First short of: Fargate On-Demand vCPUs of the account. Ask for',
  );
});
