import { defineScript, type RawReply } from '../core/scripts/define-script.js';

export const createSession = defineScript({
  name: 'session.create',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/create.lua', import.meta.url),
  keys: ['session'],
  args: ['digest', 'data', 'idleMs', 'absoluteMs'],
  reply: (raw) => raw === 1,
});

export const saveSession = defineScript({
  name: 'session.save',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/save.lua', import.meta.url),
  keys: ['session', 'epoch'],
  args: ['version', 'data'],
  reply: (raw) => {
    const [code, version = 0, data = ''] = raw as [number, number?, string?];
    return { code, version, data };
  },
});

export const touchSession = defineScript({
  name: 'session.touch',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/touch.lua', import.meta.url),
  // What is about to expire is not kept from it by a memory that is used up.
  flags: ['allow-oom'],
  keys: ['session', 'epoch', 'index', 'devices'],
  args: ['handle', 'idleMs', 'renewalMs'],
  reply: Number,
  idempotent: true,
});

export const sessionTicket = defineScript({
  name: 'session.ticket',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/ticket.lua', import.meta.url),
  keys: ['epoch'],
  args: ['lifeMs'],
  reply: String,
  idempotent: true,
});

export const loginSession = defineScript({
  name: 'session.login',
  shared: [
    new URL('./lua/record.lua', import.meta.url),
    new URL('./lua/index.lua', import.meta.url),
  ],
  source: new URL('./lua/login.lua', import.meta.url),
  keys: ['session', 'epoch', 'index', 'devices', 'sessions'],
  args: [
    'handle',
    'digest',
    'user',
    'data',
    'device',
    'idleMs',
    'absoluteMs',
    'most',
    'evicts',
    'ticket',
    'endedMs',
  ],
  reply: (raw) => {
    const [code, expired = [], ended = []] = raw as [number, string[]?, string[]?];
    return { code, expired, ended };
  },
});

export const adoptSession = defineScript({
  name: 'session.adopt',
  shared: [
    new URL('./lua/record.lua', import.meta.url),
    new URL('./lua/index.lua', import.meta.url),
  ],
  source: new URL('./lua/adopt.lua', import.meta.url),
  keys: ['session', 'epoch', 'index', 'devices', 'revoked'],
  args: ['handle', 'digest', 'user', 'data', 'idleMs', 'absoluteMs'],
  reply: (raw) => raw !== -1,
  idempotent: true,
});

export const claimSession = defineScript({
  name: 'session.claim',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/claim.lua', import.meta.url),
  keys: ['session'],
  args: ['digest', 'keepMs'],
  reply: (raw) => {
    const [code, data = ''] = raw as [number, string?];
    return code === -1 ? undefined : { isFirst: code === 1, data };
  },
});

export const endSession = defineScript({
  name: 'session.end',
  source: new URL('./lua/end.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['session', 'grace', 'index', 'devices'],
  args: ['handle', 'endedMs'],
  reply: (raw) => raw === 1,
});

export const revokeAllSessions = defineScript({
  name: 'session.revoke-all',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/revoke-all.lua', import.meta.url),
  flags: ['allow-oom'],
  keys: ['epoch', 'index', 'devices', 'revoked', 'kept'],
  args: ['handle', 'absoluteMs'],
  reply: (raw) => raw as string[],
});

export const renewSession = defineScript({
  name: 'session.renew',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/renew.lua', import.meta.url),
  // It replaces a digest by another one, and is part of requests that only read.
  flags: ['allow-oom'],
  keys: ['session', 'epoch', 'grace'],
  args: ['digest', 'next', 'graceMs', 'authenticates'],
  reply: (raw) => raw === 1,
  idempotent: true,
});

export const authenticationAge = defineScript({
  name: 'session.age',
  shared: new URL('./lua/record.lua', import.meta.url),
  source: new URL('./lua/age.lua', import.meta.url),
  keys: ['session', 'epoch'],
  args: ['digest', 'successor'],
  reply: (raw) => (raw === -1 ? undefined : Number(raw)),
  idempotent: true,
});

export const listSessions = defineScript({
  name: 'session.list',
  shared: [
    new URL('./lua/record.lua', import.meta.url),
    new URL('./lua/index.lua', import.meta.url),
  ],
  source: new URL('./lua/list.lua', import.meta.url),
  keys: ['index', 'devices', 'sessions'],
  args: ['most'],
  reply: parseList,
});

function parseList(raw: RawReply) {
  const [gone, entries] = raw as [string[], [string, string, string, string][]];
  return {
    gone,
    entries: entries.map(([handle, expiry, device, seen]) => {
      const at = device.indexOf('|');
      return {
        handle,
        expiresAtMs: Number(expiry),
        createdAtMs: Number(device.slice(0, Math.max(0, at))),
        device: device.slice(at + 1),
        seenAtMs: Number(seen),
      };
    }),
  };
}
