import { describe, expect, test } from 'vitest';
import { isIn, placementOf, roomOf, roomsOf, type TaskPlace } from '../../../../lambda/core/rate/rooms-of.ts';
import { HOME } from '../../../support/records.ts';

const SUBNETS = { awsvpcConfiguration: { subnets: ['subnet-b', 'subnet-a'] } };
const on = (capacityProvider: string, weight = 1, base = 0) => ({ capacityProvider, weight, base });

describe('a request needs places in', () => {
  test.each([
    ['Fargate', { launchType: 'FARGATE' }, ['fargate', 'fargateCapacity', 'provisioning batch']],
    [
      'Fargate Spot',
      { capacityProviderStrategy: [on('FARGATE_SPOT')] },
      ['fargateSpot', 'fargateSpotCapacity', 'provisioning batch'],
    ],
    [
      'the provider of its strategy that comes first',
      { capacityProviderStrategy: [on('gpu'), on('cpu', 1, 1), on('large', 9)] },
      ['instances batch cpu', 'provisioning batch'],
    ],
    ['instances', { launchType: 'EC2' }, ['instances batch', 'provisioning batch']],
    ['whatever the cluster has', {}, ['instances batch', 'provisioning batch']],
    [
      'its subnets, in any order',
      { launchType: 'FARGATE', networkConfiguration: SUBNETS },
      ['fargate', 'fargateCapacity', 'provisioning batch', 'addresses subnet-a subnet-b'],
    ],
  ])('%s', (_, request, rooms) => {
    const cluster = `arn:aws:ecs:${HOME.region}:${HOME.account}:cluster/batch`;
    expect(roomsOf({ cluster, ...request }, HOME)).toEqual(rooms);
  });
});

describe('what was short of a request', () => {
  const request = { cluster: 'batch', launchType: 'FARGATE', networkConfiguration: SUBNETS };

  test.each([
    ['fargate', 'fargate'],
    ['fargateCapacity', 'fargateCapacity'],
    ['instances', 'instances batch'],
    ['addresses', 'addresses subnet-a subnet-b'],
    ['provisioning', 'provisioning batch'],
  ] as const)('%s is the room %s', (short, room) => {
    expect(roomOf(short, request, HOME)).toBe(room);
  });

  test('of Spot is another room than that of On-Demand', () => {
    const spot = { capacityProviderStrategy: [on('FARGATE_SPOT')] };
    expect(roomOf('fargate', spot, HOME)).toBe('fargateSpot');
    expect(roomOf('fargateCapacity', spot, HOME)).toBe('fargateSpotCapacity');
  });
});

describe('a task takes a place in', () => {
  const task = (changes: Partial<TaskPlace>): TaskPlace => ({
    cluster: 'batch',
    launchType: 'FARGATE',
    capacityProvider: undefined,
    subnet: 'subnet-a',
    ...changes,
  });

  test.each<[string, Partial<TaskPlace>, boolean]>([
    ['fargate', {}, true],
    ['fargate', { cluster: 'web' }, true],
    ['fargate', { capacityProvider: 'FARGATE_SPOT' }, false],
    ['fargate', { launchType: 'EC2' }, false],
    ['fargateSpot', { capacityProvider: 'FARGATE_SPOT' }, true],
    ['fargateSpotCapacity', { capacityProvider: 'FARGATE_SPOT' }, true],
    ['instances batch', { launchType: 'EC2' }, true],
    ['instances batch', { launchType: 'EC2', cluster: 'web' }, false],
    ['instances batch', {}, false],
    ['instances batch gpu', { launchType: 'EC2', capacityProvider: 'gpu' }, true],
    ['instances batch gpu', { launchType: 'EC2' }, false],
    ['addresses subnet-a subnet-b', {}, true],
    ['addresses subnet-b', {}, false],
    ['addresses subnet-b', { subnet: undefined }, false],
    ['provisioning batch', { launchType: 'EC2' }, true],
    ['provisioning web', {}, false],
  ])('%s: %o is %s', (room, changes, isThere) => {
    expect(isIn(room, task(changes))).toBe(isThere);
  });
});

test('a record of any shape has the placement that it has', () => {
  expect(placementOf({ cluster: 7, launchType: 'FARGATE', networkConfiguration: 'x' })).toEqual({
    launchType: 'FARGATE',
  });
  expect(placementOf('nothing')).toBeUndefined();
});
